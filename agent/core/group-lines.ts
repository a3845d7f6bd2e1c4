// Older controllers name haproxy's group in what they upload; later ones leave it to the amphora, whose distribution
// decides it. Two of them would be refused. Source: contract/octavia-1.0.md "haproxy configuration".

import { globalLines } from '../haproxy/config/sections';

const keywords: ReadonlySet<string> = new Set(['group']);

/** Takes the `group` lines of `global` out of a configuration; all else stays byte for byte. */
export function withoutGroupLines(text: string): string {
  const numbers = new Set(globalLines(text, keywords).map(({ number }) => number));
  if (numbers.size === 0) return text;
  return text
    .split('\n')
    .filter((_, index) => !numbers.has(index + 1))
    .join('\n');
}
