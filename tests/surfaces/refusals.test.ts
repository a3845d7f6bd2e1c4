// Refusals reach clients that are still sending (DESIGN "Refusals must arrive"): the clients that operators and
// controllers use, twenty times each, with bodies far larger than what is discarded.

import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, temporaryDirectory, type TestAgent } from './kit/agent';
import { makePki, type Issued, type TestPki } from './kit/pki';
import { openRaw, sendRaw } from './kit/raw';

const run = promisify(execFile);
const times = 20;
const bodyBytes = 10 * 1024 * 1024;
let pki: TestPki;
let directory: string;
let agents: Readonly<Record<'http' | 'handshake', TestAgent>>;

beforeAll(async () => {
  pki = await makePki();
  directory = temporaryDirectory();
  const file = (name: string, content: string | Buffer): void =>
    writeFileSync(join(directory, name), content, { mode: 0o600 });
  file('ca.pem', pki.ca.certificatePem);
  file('client.pem', pki.client.certificatePem + pki.client.keyPem);
  file('body', Buffer.alloc(bodyBytes, 'x'));
  const [http, handshake] = await Promise.all([
    startTestAgent({ pki }),
    startTestAgent({ pki, amphorad: 'client_auth_failure = handshake' }),
  ]);
  agents = { http, handshake };
});
afterAll(async () => {
  await Promise.all([agents.http.stop(), agents.handshake.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

interface Upload {
  readonly port: number;
  readonly certificate: boolean;
  readonly chunked: boolean;
  readonly expect100: boolean;
}

type Uploader = (upload: Upload) => Promise<string[]>;

// 4 MiB are accepted: the limit on PEM.
const path = '/v0.1/certificate';

const curl: Uploader = async ({ port, certificate, chunked, expect100 }) => {
  const statuses: string[] = [];
  for (let time = 0; time < times; time += 1) {
    const { stdout } = await run('curl', [
      ...['--silent', '--show-error', '--output', join(directory, 'answer'), '--write-out', '%{http_code}'],
      ...[
        '--cacert',
        join(directory, 'ca.pem'),
        '--request',
        'PUT',
        '--data-binary',
        `@${join(directory, 'body')}`,
      ],
      ...(certificate ? ['--cert', join(directory, 'client.pem')] : []),
      ...['--header', expect100 ? 'Expect: 100-continue' : 'Expect:'],
      ...(chunked ? ['--header', 'Transfer-Encoding: chunked'] : []),
      `https://127.0.0.1:${port}${path}`,
    ]);
    statuses.push(stdout);
  }
  return statuses;
};

const program = `
import sys, requests
url, ca, cert, body, chunked, expect, times = sys.argv[1:]
data = open(body, 'rb').read()
def parts():
    for at in range(0, len(data), 16384):
        yield data[at:at + 16384]
for time in range(int(times)):
    answer = requests.put(url, data=parts() if chunked else data, verify=ca, cert=cert or None,
                           headers={'Expect': '100-continue'} if expect else {})
    answer.json()
    print(answer.status_code)
`;

const pythonRequests: Uploader = async ({ port, certificate, chunked, expect100 }) => {
  const { stdout } = await run('/usr/bin/python3', [
    ...['-c', program, `https://127.0.0.1:${port}${path}`, join(directory, 'ca.pem')],
    ...[certificate ? join(directory, 'client.pem') : '', join(directory, 'body')],
    ...[chunked ? 'chunked' : '', expect100 ? 'expect' : '', String(times)],
  ]);
  return stdout.trim().split('\n');
};

const uploaders = { curl, 'python-requests': pythonRequests };

describe.each(['curl', 'python-requests'] as const)('%s, 10 MB', (client) => {
  it.each([
    ['413 of a length', 'http', { chunked: false, expect100: false }],
    ['413 of a length', 'handshake', { chunked: false, expect100: false }],
    ['413 of a chunked body', 'http', { chunked: true, expect100: false }],
    ['413 where it waits for 100', 'http', { chunked: false, expect100: true }],
  ] as const)(
    `reads %s, mode %s, ${times} of ${times} times`,
    async (_what, mode, how) => {
      const { port } = agents[mode].agent;
      const statuses = await uploaders[client]({ port, certificate: true, ...how });
      expect(statuses).toEqual(Array.from({ length: times }, () => '413'));
    },
    120_000,
  );

  it.each([
    ['401', { chunked: false, expect100: false }],
    ['401 to a chunked body', { chunked: true, expect100: false }],
    ['401 where it waits for 100', { chunked: false, expect100: true }],
  ] as const)(
    `reads %s, ${times} of ${times} times`,
    async (_what, how) => {
      const { port } = agents.http.agent;
      const statuses = await uploaders[client]({ port, certificate: false, ...how });
      expect(statuses).toEqual(Array.from({ length: times }, () => '401'));
    },
    120_000,
  );
});

describe('a request that is refused', () => {
  const head = (more: string): string => `PUT ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const identityOf = (who: string): Issued | undefined => (who === 'verified' ? pki.client : undefined);

  it.each([
    ['413', 'verified', 'Content-Length: 10000000\r\nExpect: 100-continue\r\n'],
    ['401', 'unverified', 'Content-Length: 10\r\nExpect: 100-continue\r\n'],
    ['401', 'unverified', 'Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n'],
  ])('with %s gets no 100 before it: %s', async (status, who, headers) => {
    const answer = await sendRaw(agents.http, head(headers), identityOf(who));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).not.toContain('100 Continue');
  });

  it('but is welcome gets a 100 once its body is wanted', async () => {
    const raw = await openRaw(agents.http, pki.client);
    raw.write(head('Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n'));
    await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    raw.write('{}');
    expect(await raw.ended).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 \d{3} /);
  });

  it.each(['verified', 'unverified'])('is the last of its connection: %s', async (who) => {
    const refused = who === 'verified' ? `Content-Length: ${5 * 1024 * 1024}\r\n` : '';
    const body = who === 'verified' ? 'x'.repeat(100_000) : '';
    const answer = await sendRaw(
      agents.http,
      `${head(refused)}${body}GET /info HTTP/1.1\r\nHost: x\r\n\r\n`,
      identityOf(who),
    );
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toEqual([who === 'verified' ? 'HTTP/1.1 413' : 'HTTP/1.1 401']);
  });
});
