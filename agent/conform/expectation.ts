// Holds what came back against what was expected, and says both in one line each. Pure.

import type { HttpsAnswer, HttpsEnd } from '../host/https';
import type { Expectation } from './case';
import { shapeOf, shown, type Wanted } from './shape';

const headersShown = ['etag', 'allow', 'location'];
const longestBody = 400;

/** Lists what is wrong with an outcome; empty when it is as expected. */
export function faultsOf(expected: Expectation, outcome: HttpsAnswer | HttpsEnd): readonly string[] {
  if (outcome.kind === 'ended') {
    return expected.mayEnd === true ? [] : [`the connection ended without an answer (${outcome.why})`];
  }
  const found: string[] = [];
  const { status, headers, body } = outcome;
  if (!expected.status.includes(status)) found.push(`status: ${status}, not ${expected.status.join(' or ')}`);
  for (const [name, wanted] of Object.entries(expected.headers ?? {}))
    found.push(...shapeOf(wanted).faults(headers[name], name));
  if (expected.json !== undefined) found.push(...jsonFaults(expected.json, headers['content-type'], body));
  if (expected.text !== undefined)
    found.push(...shapeOf(expected.text).faults(body.toString('utf8'), 'body'));
  return found;
}

function jsonFaults(wanted: Wanted, type: string | undefined, body: Buffer): readonly string[] {
  const typeFaults = shapeOf('application/json').faults(type, 'content-type');
  try {
    return [...typeFaults, ...shapeOf(wanted).faults(JSON.parse(body.toString('utf8')), 'body')];
  } catch {
    return [...typeFaults, `body: no JSON: ${shown(body.toString('utf8'))}`];
  }
}

/** Says what is expected. */
export function expectedText({ status, mayEnd, json, text, headers }: Expectation): string {
  return [
    mayEnd === true ? `${status.join(' or ')}, or no answer` : status.join(' or '),
    ...Object.entries(headers ?? {}).map(([name, wanted]) => `${name}: ${shapeOf(wanted).text}`),
    ...(json === undefined ? [] : [shapeOf(json).text]),
    ...(text === undefined ? [] : [`body ${shown(shapeOf(text).text)}`]),
  ].join(' ');
}

/** Says what came back. */
export function gotText(outcome: HttpsAnswer | HttpsEnd): string {
  if (outcome.kind === 'ended') return `no answer (${outcome.why})`;
  const body = outcome.body.toString('utf8').trim();
  return [
    String(outcome.status),
    ...headersShown.flatMap((name) => {
      const value = outcome.headers[name];
      return value === undefined ? [] : [`${name}: ${value}`];
    }),
    ...(body === '' ? [] : [body.length > longestBody ? `${body.slice(0, longestBody)}…` : body]),
  ].join(' ');
}
