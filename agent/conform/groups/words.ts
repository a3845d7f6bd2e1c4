// Answers that many rows of the contracts share. Source: contract/octavia-1.0.md "Transport", contract/amphora-v0.1.md "Common rules".

import { createHash } from 'node:crypto';
import { ask, type Case, type Client, type Dialect, type Expectation } from '../case';
import { exactly, oneOf, textLike, where, type Shape, type Wanted } from '../shape';

export const ok = exactly({ message: 'OK' });
export const okWith = (details: string | Shape): Shape => exactly({ message: 'OK', details });
export const someDetails = (message: string | Shape): Wanted => ({ message, details: textLike() });

/** The digest of what was sent, as an ETag without quotes. */
export function etagOf(body: string | Buffer): Readonly<Record<string, Wanted>> {
  return { etag: createHash('md5').update(body).digest('hex') };
}

/** An error of the framework below the 1.0 dialect. */
export function framework(status: number, begin: string): Expectation {
  const error = where(`"${status} ${begin}…"`, (value) => String(value).startsWith(`${status} ${begin}`));
  return { status: [status], json: { error, http_code: status } };
}

/** A text of exactly these bytes, which is told by its length. */
export function wholeText(text: string): Shape {
  return where(`the ${Buffer.byteLength(text)} bytes that were sent`, (value) => value === text);
}

export const noBody = wholeText('');

/** Nobody but a client of the right authority gets anything. */
export function refusals(dialect: Dialect, path: string): readonly Case[] {
  const isOld = dialect === 'v0.1';
  const says = isOld
    ? '401 {"message":"Unauthorized"} when the client certificate is missing or does not chain to the configured CA; client_auth_failure = handshake makes the TLS handshake itself fail instead.'
    : 'Client certificate required (a handshake failure is what its clients know; 401 JSON is fine too).';
  const expect: Expectation = {
    status: [401],
    mayEnd: true,
    ...(isOld ? { json: { message: 'Unauthorized' } } : {}),
  };
  const clients: readonly Client[] = ['nobody', 'stranger', 'self-signed', 'namesake of the CA'];
  return [
    ...clients.map((as) => ({ name: `a client that is ${as}`, says, ask: ask('GET', path, { as }), expect })),
    {
      name: 'an unknown path, by nobody',
      says: 'Nothing whatever is served without a verified client certificate.',
      ask: ask('GET', `${path}/of/nothing`, { as: 'nobody' }),
      expect,
    },
  ];
}

export const listenerTypes = oneOf('HTTP', 'TCP', 'TERMINATED_HTTPS', 'UDP', 'SCTP');

/** Why an amphora that lives in a sandbox plugs nothing. */
export function noNamespace(body: string): string | undefined {
  return /no network namespace/i.test(body)
    ? 'this amphora has no network namespace, so nothing is plugged into it'
    : undefined;
}
