// Requests that two readers could take for different ones: 400 and the end of the connection, and nothing of them, nor
// of what follows them, is done (DESIGN "Refusals must arrive"; RFC 9112, 11.2).

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, type TestAgent } from './kit/agent';
import type { Issued } from './kit/pki';
import { sendRaw } from './kit/raw';

let amphora: TestAgent;
let answers: ReadonlyMap<string, string>;
let unverified: ReadonlyMap<string, string>;
beforeAll(async () => {
  amphora = await startTestAgent({ amphorad: 'max_connections_per_client = 256' });
  // All at once: each connection stays open for two seconds after its refusal.
  const all = async (identity: Issued | undefined): Promise<ReadonlyMap<string, string>> =>
    new Map(
      await Promise.all(
        [...refused, ...refusedBodies.map(([what, body]) => [what, upload + body] as const)].map(
          async ([what, text]) => [what, await sendRaw(amphora, text + next, identity)] as const,
        ),
      ),
    );
  answers = await all(amphora.pki.client);
  unverified = await all(undefined);
}, 60_000);
afterAll(() => amphora.stop());

const id = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const put = `PUT /v0.1/listeners/${id}/stop`;
// Answered with 404, so an answer of its own shows that it was done.
const next = `DELETE /v0.1/listeners/${id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';

const refused: readonly (readonly [string, string])[] = [
  [
    'a second Host behind 3,000 headers',
    `${put} HTTP/1.1\r\nHost: x\r\n${'a:\r\n'.repeat(3_000)}Host: y\r\n\r\n`,
  ],
  ['a length and chunks', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n${chunked}\r\n0\r\n\r\n`],
  ['chunks and a length', `${put} HTTP/1.1\r\nHost: x\r\n${chunked}Content-Length: 3\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
  ['one length twice', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ['a list of lengths', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc`],
  ['a signed length', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc`],
  ['a negative length', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc`],
  ['a length in hexadecimal', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc`],
  ['an empty length', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabc`],
  [
    'a length beyond all numbers',
    `${put} HTTP/1.1\r\nHost: x\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\nabc`,
  ],
  ['bare LF everywhere', `${put} HTTP/1.1\nHost: x\n\n`],
  ['bare LF after the request line', `${put} HTTP/1.1\nHost: x\r\n\r\n`],
  ['bare LF after a header', `${put} HTTP/1.1\r\nHost: x\nA: b\r\n\r\n`],
  ['bare LF as the end of the headers', `${put} HTTP/1.1\r\nHost: x\r\n\n`],
  ['bare CR in a value', `${put} HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n`],
  ['bare CR everywhere', `${put} HTTP/1.1\rHost: x\r\r`],
  ['NUL in a value', `${put} HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n`],
  ['a value folded by a blank', `${put} HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n`],
  ['a value folded by a tab', `${put} HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n`],
  ['an empty value, folded', `${put} HTTP/1.1\r\nHost: x\r\nA:\r\n c\r\n\r\n`],
  ['folded chunks', `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a folded length', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 3\r\n\r\nabc`],
  ['a blank before the first header', `${put} HTTP/1.1\r\n Host: x\r\n\r\n`],
  ['a blank before a colon', `${put} HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc`],
  ['a tab before a colon', `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`],
  ['a header without a name', `${put} HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n`],
  ['a header without a colon', `${put} HTTP/1.1\r\nHost: x\r\nfoo\r\n\r\n`],
  ['two Hosts', `${put} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n`],
  ['one Host twice', `${put} HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n`],
  ['no Host', `${put} HTTP/1.1\r\nA: b\r\n\r\n`],
  ['a list of Hosts', `${put} HTTP/1.1\r\nHost: x, y\r\n\r\n`],
  ['a Host with a path', `${put} HTTP/1.1\r\nHost: x/y\r\n\r\n`],
  [
    'a coding before chunks',
    `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'a coding after chunks',
    `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  ],
  ['another coding', `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n`],
  ['chunks twice', `${put} HTTP/1.1\r\nHost: x\r\n${chunked}${chunked}\r\n0\r\n\r\n`],
  [
    'chunks, then identity',
    `${put} HTTP/1.1\r\nHost: x\r\n${chunked}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunks after an empty coding',
    `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunks with a parameter',
    `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`,
  ],
  ['an unknown coding', `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['an empty coding', `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n`],
  [
    'a vertical tab before chunks',
    `${put} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  ],
  ['chunks in HTTP/1.0', `${put} HTTP/1.0\r\nHost: x\r\n${chunked}\r\n0\r\n\r\n`],
  ['HTTP/1.2', `${put} HTTP/1.2\r\nHost: x\r\n\r\n`],
  ['HTTP/2.0', `${put} HTTP/2.0\r\nHost: x\r\n\r\n`],
  ['HTTP/0.9', `${put} HTTP/0.9\r\nHost: x\r\n\r\n`],
  ['a method in lower case', `put /info HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['a blank after the version', `${put} HTTP/1.1 \r\nHost: x\r\n\r\n`],
  ['tabs in the request line', `PUT\t/info\tHTTP/1.1\r\nHost: x\r\n\r\n`],
];

// Refused inside the body; where its route takes none, the request itself has had its answer by then.
const upload = `PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\n${chunked}\r\n`;
const refusedBodies: readonly (readonly [string, string])[] = [
  ['a body with bare LF after a size', '3\nabc\r\n0\r\n\r\n'],
  ['bare LF after a chunk', '3\r\nabc\n0\r\n\r\n'],
  ['bare LF after the last size', '3\r\nabc\r\n0\n\r\n'],
  ['bare LF as the end', '3\r\nabc\r\n0\r\n\n'],
  ['bare LF in an extension', '3;a\nabc\r\n0\r\n\r\n'],
  ['bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
  ['an extension that never ends', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
  ['a chunk longer than its size', '3\r\nabcX0\r\n\r\n'],
  ['a chunk without an end of line', '3\r\nabc0\r\n\r\n'],
  ['a size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a blank after a size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['a size beyond all numbers', 'fffffffffffffffff3\r\nabc\r\n0\r\n\r\n'],
  ['no size', '\r\nabc\r\n0\r\n\r\n'],
  ['chunks announced in a trailer', '3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a length in a trailer', '3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n'],
  ['bare LF in a trailer', '3\r\nabc\r\n0\r\nX: y\n\r\n'],
];

const statuses = (answer: string): readonly string[] => answer.match(/HTTP\/1\.1 \d{3}/g) ?? [];

describe('400, the end, and nothing done', () => {
  it.each([...refused, ...refusedBodies])('%s', (what) => {
    const answer = answers.get(what) ?? '';
    expect(statuses(answer)).toEqual(['HTTP/1.1 400']);
    expect(answer).toMatch(/Connection: close\r\n[\s\S]*\{"message":"Bad Request"/);
    expect(statuses(unverified.get(what) ?? '').join()).toMatch(/^(HTTP\/1\.1 401)?$/);
  });

  it('is told after the answers of the requests before', async () => {
    const info = 'GET /info HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await sendRaw(amphora, `${info}${info}PUT / HTTP/1.1\nHost: x\n\n`, amphora.pki.client);
    expect(statuses(answer)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
  });
});

describe('what looks odd and is clear', () => {
  it.each([
    ['chunks in capitals', `${chunked.replace('chunked', 'ChUnKeD')}\r\n3\r\nabc\r\n0\r\n\r\n`],
    ['an extension of a chunk', `${chunked}\r\n3;a=b\r\nabc\r\n0\r\n\r\n`],
    ['a trailer', `${chunked}\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n`],
    ['a length with zeros', 'Content-Length: 0003\r\n\r\nabc'],
  ])('%s: read as one body', async (_what, text) => {
    const answer = await sendRaw(
      amphora,
      `PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\n${text}${next}`,
      amphora.pki.client,
    );
    expect(answer).toContain('No certificate found');
    expect(statuses(answer)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 404']);
  });
});
