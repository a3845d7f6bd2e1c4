// The same cases on scripted streams and on real servers, over UNIX sockets and TCP.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeStreamSockets } from '../../agent/host/node/stream-exchange';
import type { StreamAddress, StreamSockets } from '../../agent/host/sockets';
import { createScriptedStreams } from '../fakes/scripted-streams';

const longAnswer = 'ü'.repeat(200_000);
const answers: Readonly<Record<string, string>> = {
  'show info': 'Name: HAProxy\n\n',
  'show long': longAnswer,
};

interface Subject {
  readonly streams: StreamSockets;
  readonly places: Readonly<Record<'unix' | 'tcp4' | 'tcp6' | 'missing' | 'stale' | 'closed', StreamAddress>>;
  clean(): Promise<void>;
}

function scripted(): Promise<Subject> {
  const failed = (errno: string) => ({ ok: false, why: 'failed', errno }) as const;
  return Promise.resolve({
    streams: createScriptedStreams([
      { at: /missing/, answer: failed('ENOENT') },
      { at: /stale|:9$/, answer: failed('ECONNREFUSED') },
      { line: /^hang$/, answer: { ok: false, why: 'late', while: 'waiting' } },
      { line: /^break$/, answer: 'half a' },
      { answer: (line) => answers[line] ?? '' },
    ]),
    places: {
      unix: { type: 'unix', path: '/run/s' },
      tcp4: { type: 'tcp4', host: 'localhost', port: 1 },
      tcp6: { type: 'tcp6', host: '::1', port: 1 },
      missing: { type: 'unix', path: '/run/missing' },
      stale: { type: 'unix', path: '/run/stale' },
      closed: { type: 'tcp4', host: '127.0.0.1', port: 9 },
    },
    clean: () => Promise.resolve(),
  });
}

async function real(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'streams-'));
  const open = new Set<Socket>();
  const servers: Server[] = [];
  const serve = async (at: { path: string } | { host: string }): Promise<number> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      open.add(socket);
      let heard = '';
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => (heard += chunk.toString()));
      socket.on('end', () => {
        const line = heard.slice(0, -1);
        if (line === 'break') socket.write('half a', () => socket.destroy());
        else if (line !== 'hang') socket.end(answers[line] ?? '');
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen('path' in at ? at : { ...at, port: 0 }, resolve));
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  };
  const close = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));
  const path = join(folder, 's');
  const stale = join(folder, 'stale');
  writeFileSync(stale, '');
  await serve({ path });
  const port4 = await serve({ host: '127.0.0.1' });
  const port6 = await serve({ host: '::1' });
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const closed = (gone.address() as AddressInfo).port;
  await close(gone);
  return {
    streams: createNodeStreamSockets(),
    places: {
      unix: { type: 'unix', path },
      tcp4: { type: 'tcp4', host: 'localhost', port: port4 },
      tcp6: { type: 'tcp6', host: '::1', port: port6 },
      missing: { type: 'unix', path: join(folder, 'missing') },
      stale: { type: 'unix', path: stale },
      closed: { type: 'tcp4', host: '127.0.0.1', port: closed },
    },
    clean: async () => {
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map(close));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['by script', scripted],
  ['for real', real],
])('Requests to stream sockets %s', (_name, make) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await make();
  });
  afterEach(() => subject.clean());

  describe.each(['unix', 'tcp4', 'tcp6'] as const)('over %s', (type) => {
    const ask = (line: string, options = {}) =>
      subject.streams.exchange(subject.places[type], line, { timeoutMs: 10_000, ...options });

    it('give back the whole answer, however short or long', async () => {
      expect(await ask('show info')).toEqual({ ok: true, answer: 'Name: HAProxy\n\n' });
      expect(await ask('nothing to say')).toEqual({ ok: true, answer: '' });
      expect(await ask('show long')).toEqual({ ok: true, answer: longAnswer });
    });

    it('give back what came before the peer broke off', async () => {
      expect(await ask('break')).toEqual({ ok: true, answer: 'half a' });
    });

    it('are over at the deadline', async () => {
      expect(await ask('hang', { timeoutMs: 50 })).toEqual({ ok: false, why: 'late', while: 'waiting' });
    });

    it('are over above the length that the caller accepts', async () => {
      expect(await ask('show long', { maxBytes: 1000 })).toEqual({ ok: false, why: 'too long' });
    });

    it.each(['show info\nshow stat', 'show info\r', 'show\0info'])('refuse %j', async (line) => {
      await expect(ask(line)).rejects.toMatchObject({ kind: 'invalid-input' });
    });
  });

  it.each([
    ['missing', 'ENOENT'],
    ['stale', 'ECONNREFUSED'],
    ['closed', 'ECONNREFUSED'],
  ] as const)('tell by errno that nobody listens: %s', async (place, errno) => {
    const asked = subject.streams.exchange(subject.places[place], 'show info', { timeoutMs: 10_000 });
    expect(await asked).toEqual({ ok: false, why: 'failed', errno });
  });
});

describe('A real request', () => {
  const streams = createNodeStreamSockets();
  const asRoot = process.geteuid?.() === 0 ? it : it.skip;

  it('to a name that nobody has tells so', async () => {
    const at = { type: 'tcp4', host: 'no-such-host.invalid', port: 9 } as const;
    expect(await streams.exchange(at, 'show info', { timeoutMs: 10_000 })).toMatchObject({
      ok: false,
      why: 'failed',
      errno: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    });
  });

  asRoot('by a user who may not is EACCES', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streams-'));
    const directory = join(folder, 'private');
    mkdirSync(directory, { mode: 0o700 });
    chmodSync(folder, 0o755);
    const path = join(directory, 's');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    process.seteuid?.(65_534);
    const asked = streams.exchange({ type: 'unix', path }, 'show info', { timeoutMs: 10_000 });
    process.seteuid?.(0);
    expect(await asked).toEqual({ ok: false, why: 'failed', errno: 'EACCES' });
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
});
