// Paths as tables of routes word them: `/v0.1/listeners/:listener`, each parameter a whole segment. Compared as they stand:
// nothing is compiled, so that a table costs nothing until a request comes. Source: RFC 3986, 3.3.

import { invalidInput } from '../model/errors';

export type Slashes = 'lenient' | 'strict';

/** Reads the parameters off a path, percent-decoded; undefined when it is not such a path. Throws `invalid-input` for what is not percent-encoded UTF-8. */
export function pathParams(
  pattern: string,
  path: string,
  slashes: Slashes,
): Readonly<Record<string, string>> | undefined {
  const firstParameter = pattern.indexOf('/:');
  // Most rows end here: each of a table is asked.
  if (!path.startsWith(firstParameter === -1 ? pattern : pattern.slice(0, firstParameter + 1))) {
    return undefined;
  }
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (slashes === 'lenient' && given.length === wanted.length + 1 && given.at(-1) === '') given.pop();
  if (given.length !== wanted.length || !wanted.every((word, index) => fits(word, given[index]))) {
    return undefined;
  }
  return Object.fromEntries(
    wanted.flatMap((word, index) =>
      word.startsWith(':') ? [[word.slice(1), decoded(given[index] ?? '')]] : [],
    ),
  );
}

function fits(wanted: string, given: string | undefined): boolean {
  return wanted.startsWith(':') ? given !== '' : wanted === given;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidInput('Invalid request', 'path: expected percent-encoded UTF-8');
  }
}

/** Tells whether a path is one of the prefixes or lies below one; `''` has all. */
export function isBelowPrefix(prefixes: readonly string[], path: string): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}
