// Clients that hold on to what they have and send next to nothing: a good client is served all the same, at once. The
// agent is a process of its own here, so that the load does not slow it by sharing its event loop.

import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Answer } from './kit/client';
import { endLeftovers, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { openRaw, type RawConnection } from './kit/raw';

const slowOnes = 200;
const silentOnes = 200;
// How long is `npm run bench -- --only slow-clients`; here it is whether: who waited for the slow ones would wait longer.
const goodAnswerMs = 8_000;
const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
let pki: TestPki;
let directory: string;
let daemon: Daemon;
const open: Socket[] = [];
let drip: NodeJS.Timeout | undefined;

beforeAll(async () => {
  pki = await makePki();
  directory = temporaryDirectory();
  const { main, local } = writeAgentFiles(directory, pki);
  daemon = await startDaemon(['serve', '--ready-json', '--config-file', main, '--local-config', local]);
}, 60_000);
afterEach(() => {
  clearInterval(drip);
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(async () => {
  await daemon.end();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

const target = () => ({ pki, agent: { port: daemon.ready.port } });

/** Opens connections that begin with `head` and then send one byte each second. */
async function dripping(head: string, certificate: boolean): Promise<readonly RawConnection[]> {
  const slow = await Promise.all(
    Array.from({ length: slowOnes }, () => openRaw(target(), certificate ? pki.client : undefined)),
  );
  open.push(...slow.map(({ socket }) => socket));
  for (const one of slow) one.write(head);
  drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('x');
  }, 1_000);
  return slow;
}

/** Opens connections that say nothing, not even hello. */
async function silent(): Promise<void> {
  const sockets = Array.from({ length: silentOnes }, () => connect(daemon.ready.port, '127.0.0.1'));
  open.push(...sockets);
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.on('error', resolve).once('connect', resolve))),
  );
}

/** What a good client gets while the slow ones go on, on a connection of its own. */
async function goodAnswer(method: string, path: string, body?: string): Promise<Answer | 'late'> {
  const client = createClient({
    port: daemon.ready.port,
    ca: pki.ca.certificatePem,
    identity: pki.client,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), goodAnswerMs);
  });
  try {
    const call = client.call(method, path, { pooled: false, ...(body === undefined ? {} : { body }) });
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

const certificateHead = (bytes: number): string =>
  `PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`;

describe(`${slowOnes} connections that send a byte a second, and ${silentOnes} that send nothing`, () => {
  it.each([
    ['headers, no certificate', 'GET /info HTTP/1.1\r\nX: ', false],
    ["headers, the good client's certificate", 'GET /info HTTP/1.1\r\nX: ', true],
    ["a body, the good client's certificate", certificateHead(1_000), true],
    [
      "a long body, the good client's certificate",
      `${certificateHead(4_000_000)}${'x'.repeat(70_000)}`,
      true,
    ],
    [
      'a chunked body, no certificate',
      'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      false,
    ],
  ])('a good client still gets its answer: %s', async (_what, head, certificate) => {
    const opening = [dripping(head, certificate), silent()];
    await Promise.all(opening);
    for (let time = 0; time < 3; time += 1) {
      expect(await goodAnswer('GET', '/info')).toMatchObject({ status: 200 });
    }
  });

  it('nor does a long upload wait for bodies that do not come along', async () => {
    await dripping(`${certificateHead(4_000_000)}${'x'.repeat(70_000)}`, true);
    const config = `${'# a long line of words\n'.repeat(10_000)}frontend f\n    mode http\n    bind 127.0.0.1:1\n`;
    const answer = await goodAnswer('PUT', `/v0.1/listeners/${amphoraId}/${listener}/haproxy`, config);
    expect(answer).toMatchObject({ status: 201 });
  });
});
