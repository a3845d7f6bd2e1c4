// How long connections may last, how many there may be, and what happens to what is no plain request
// (DESIGN "Server identity and connections").

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient } from './kit/client';
import { endLeftovers, startDaemon } from './kit/daemon';
import { makePki, type TestPki } from './kit/pki';
import { openRaw, sendRaw, type RawConnection } from './kit/raw';

const run = promisify(execFile);
const get = 'GET /info HTTP/1.1\r\nHost: x\r\n\r\n';
const lastGet = 'GET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
let pki: TestPki;
let plain: TestAgent;

beforeAll(async () => {
  pki = await makePki();
  plain = await startTestAgent({ pki });
});
afterAll(() => plain.stop());

const statuses = (text: string): readonly string[] => text.match(/HTTP\/1\.1 \d{3}/g) ?? [];

/** Asks once and waits for the whole answer. */
async function ask(raw: RawConnection): Promise<string> {
  const before = raw.received().length;
  raw.write(get);
  await eventually(() => expect(raw.received().slice(before)).toMatch(/\r\n\r\n\{.*\}$/));
  return raw.received().slice(before);
}

async function withAgent(amphorad: string, job: (amphora: TestAgent) => Promise<void>): Promise<void> {
  const amphora = await startTestAgent({ pki, amphorad });
  try {
    await job(amphora);
  } finally {
    await amphora.stop();
  }
}

describe('time', () => {
  it('a connection without a request ends soon, one that has had a verified request is kept', async () => {
    const kept = await openRaw(plain, pki.client);
    await ask(kept);
    const silent = await Promise.all([openRaw(plain, undefined), openRaw(plain, pki.client)]);
    expect(await Promise.all(silent.map(({ ended }) => ended))).toEqual(['', '']);
    expect(statuses(await ask(kept))).toEqual(['HTTP/1.1 200']);
    kept.socket.destroy();
  });

  it('headers and bodies that do not come in time: 408, the end', async () => {
    const amphora = await startTestAgent({ pki, amphoraAgent: 'agent_request_read_timeout = 1' });
    try {
      const head = await openRaw(amphora, pki.client);
      head.write('GET /info HTTP/1.1\r\nX: ');
      const body = await openRaw(amphora, pki.client);
      body.write('PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
      const second = await openRaw(amphora, pki.client);
      second.write(`${get}PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc`);
      expect(statuses(await head.ended)).toEqual(['HTTP/1.1 408']);
      expect(statuses(await body.ended)).toEqual(['HTTP/1.1 408']);
      expect(statuses(await second.ended)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 408']);
    } finally {
      await amphora.stop();
    }
  });
});

describe('number', () => {
  it('above three quarters of the cap every answer closes its connection', () =>
    withAgent('max_connections = 8', async (amphora) => {
      const kept: RawConnection[] = [];
      for (let each = 0; each < 6; each += 1) {
        const raw = await openRaw(amphora, pki.client);
        expect(await ask(raw)).toContain('Connection: keep-alive');
        kept.push(raw);
      }
      const seventh = await openRaw(amphora, pki.client);
      seventh.write(get);
      expect(await seventh.ended).toContain('Connection: close');
      for (const { socket } of kept) socket.destroy();
    }));

  it('at the cap the oldest without a verified request goes first, then the one idle for longest', () =>
    withAgent('max_connections = 4', async (amphora) => {
      const first = await openRaw(amphora, pki.client);
      await ask(first);
      const second = await openRaw(amphora, pki.client);
      await ask(second);
      await ask(first);
      const half = await openRaw(amphora, pki.client);
      half.write('GET /info HTTP/1.1\r\n');
      const stranger = await openRaw(amphora, undefined);
      // Full: the fifth takes the place of the half request, the sixth that of the stranger.
      const fifth = await openRaw(amphora, pki.client);
      expect(await half.ended).toBe('');
      const sixth = await openRaw(amphora, pki.client);
      expect(await stranger.ended).toBe('');
      expect(statuses(await ask(fifth))).toEqual(['HTTP/1.1 200']);
      await fifth.ended;
      expect(statuses(await ask(sixth))).toEqual(['HTTP/1.1 200']);
      sixth.socket.destroy();
      expect(statuses(await ask(first))).toEqual(['HTTP/1.1 200']);
      first.socket.destroy();
      second.socket.destroy();
      expect(amphora.log.entries.filter(({ message }) => message.startsWith('too many'))).toHaveLength(1);
    }));

  it('one certificate has its own cap, whoever else is connected', () =>
    withAgent('max_connections_per_client = 2', async (amphora) => {
      const stranger = await openRaw(amphora, undefined);
      const first = await openRaw(amphora, pki.client);
      await ask(first);
      const second = await openRaw(amphora, pki.client);
      await ask(second);
      const third = await openRaw(amphora, pki.client);
      await first.ended;
      expect(statuses(await ask(second))).toEqual(['HTTP/1.1 200']);
      expect(statuses(await ask(third))).toEqual(['HTTP/1.1 200']);
      for (const { socket } of [stranger, second, third]) socket.destroy();
    }));
});

describe('what is no plain request', () => {
  const expectServed = async (): Promise<void> => {
    expect((await plain.client.get('/info')).status).toBe(200);
  };

  it('pipelined requests are answered in their order, and none behind one that closes', async () => {
    const other = 'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await sendRaw(plain, get + other + lastGet + get, pki.client);
    expect(statuses(answer)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('HTTP/1.0 gets its answer and the end, or is kept when it asks for it', async () => {
    expect(await sendRaw(plain, 'GET /info HTTP/1.0\r\n\r\n', pki.client)).toMatch(/^HTTP\/1\.1 200 /);
    const answer = await sendRaw(
      plain,
      'GET /info HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /info HTTP/1.0\r\n\r\n',
      pki.client,
    );
    expect(statuses(answer)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  it('HEAD gets the headers of GET and no body', async () => {
    const answer = await sendRaw(plain, lastGet.replace('GET', 'HEAD'), pki.client);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*Content-Length: [1-9]\d*\r\n[\s\S]*\r\n\r\n$/);
  });

  it.each([
    ['OPTIONS', 'OPTIONS /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    ['TRACE', 'TRACE /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['CONNECT', `CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n${get}`, 405],
    [
      'an upgrade to WebSocket',
      'GET /info HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n',
      200,
    ],
    [
      'an upgrade to HTTP/2',
      'GET /info HTTP/1.1\r\nHost: x\r\nConnection: upgrade, http2-settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n',
      200,
    ],
  ])('%s: one answer', async (_what, text, status) => {
    expect(statuses(await sendRaw(plain, text, pki.client))).toEqual([`HTTP/1.1 ${status}`]);
    expect(statuses(await sendRaw(plain, text, undefined)).join()).toMatch(/^(HTTP\/1\.1 401)?$/);
    await expectServed();
  });

  it('the preface of HTTP/2: the end', async () => {
    expect(statuses(await sendRaw(plain, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', pki.client)).join()).toMatch(
      /^(HTTP\/1\.1 400)?$/,
    );
    await expectServed();
  });

  it('CONNECT behind another request waits for its turn', async () => {
    const answer = await sendRaw(plain, `${get}CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n`, pki.client);
    expect(statuses(answer)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 405']);
  });

  it.each(['CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 'nonsense\r\n\r\n', get, 'PUT / HTTP/1.1\r\n'])(
    'reset after %j: the agent goes on',
    async (text) => {
      const raw = await openRaw(plain, pki.client);
      await new Promise((resolve) => raw.socket.write(text, resolve));
      raw.reset();
      await raw.ended;
      await expectServed();
    },
  );
});

describe('the end of the agent', () => {
  it('waits for nobody: silent, half-spoken, idle, uploading and lingering connections', async () => {
    const amphora = await startTestAgent({ pki });
    const { port } = amphora.agent;
    const bare = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(bare.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const starts = [
      '',
      'GET /info HTTP/1.1\r\nX: ',
      get,
      'PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc',
      'PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nabc',
    ];
    const raws = await Promise.all(
      Array.from({ length: 50 }, (_none, at) =>
        openRaw(amphora, at % 2 === 0 ? pki.client : undefined).then((raw) => {
          raw.write(starts[at % starts.length]!);
          return raw;
        }),
      ),
    );
    await amphora.stop();
    await Promise.all(raws.map(({ ended }) => ended));
    expect(amphora.log.entries.map(({ message }) => message)).not.toContain('part does not stop in time');
    for (const socket of bare) socket.destroy();
  });
});

describe('descriptors', () => {
  let directory: string | undefined;
  afterEach(async () => {
    await endLeftovers();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });
  const serve = (): readonly string[] => {
    directory = temporaryDirectory();
    const { main, local } = writeAgentFiles(directory, pki);
    return ['serve', '--ready-json', '--config-file', main, '--local-config', local];
  };
  const infoStatus = async (port: number): Promise<number> => {
    const client = createClient({ port, ca: pki.ca.certificatePem, identity: pki.client });
    try {
      return (await client.get('/info', { pooled: false })).status;
    } finally {
      client.close();
    }
  };

  it('are kept for work: a low limit lowers the cap, and the log says so once', async () => {
    const daemon = await startDaemon(serve(), { through: ['prlimit', '--nofile=110:110', '--'] });
    expect(daemon.stderr().match(/fewer connections than max_connections/g)).toHaveLength(1);
    const sockets = Array.from({ length: 200 }, () =>
      connect(daemon.ready.port, '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(await infoStatus(daemon.ready.port)).toBe(200);
    for (const socket of sockets) socket.destroy();
    expect(await daemon.end()).toBe(0);
  });

  it('that run out all the same neither end the agent nor keep it busy', async () => {
    const daemon = await startDaemon(serve());
    const { pid, port } = daemon.ready;
    await run('prlimit', ['--pid', String(pid), '--nofile=24:1000']);
    const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    for (const socket of sockets) socket.destroy();
    await run('prlimit', ['--pid', String(pid), '--nofile=1000:1000']);
    await eventually(async () => expect(await infoStatus(port)).toBe(200));
    expect(await daemon.end()).toBe(0);
  });
});
