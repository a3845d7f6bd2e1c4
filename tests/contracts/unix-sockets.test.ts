// The same cases on scripted sockets and on a real server in a temporary folder.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UnixSockets } from '../../agent/host/sockets';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { createScriptedSockets } from '../fakes/scripted-socket';

const longAnswer = 'ü'.repeat(200_000);
const answers: Readonly<Record<string, string>> = {
  'show info': 'Name: HAProxy\n\n',
  'show long': longAnswer,
};

interface Subject {
  readonly sockets: UnixSockets;
  /** Where somebody answers. */
  readonly path: string;
  /** Where nobody does. */
  readonly deserted: string;
  /** Where somebody accepts and closes without reading. */
  readonly deaf: string;
  clean(): Promise<void>;
}

function scriptedSubject(): Promise<Subject> {
  const sockets = createScriptedSockets([
    { path: /deserted/, answer: { refuse: 'ENOENT' } },
    { line: /^hang$/, answer: { silent: true } },
    { path: /deaf/, answer: { refuse: 'EPIPE' } },
    { line: /^store$/, answer: (_line, _path, payload = '') => `stored ${payload}` },
    { answer: (line) => answers[line] ?? '' },
  ]);
  const clean = (): Promise<void> => Promise.resolve();
  return Promise.resolve({ sockets, path: '/run/s', deserted: '/run/deserted', deaf: '/run/deaf', clean });
}

async function nodeSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'sockets-'));
  const path = join(folder, 's');
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    let heard = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      heard += chunk.toString();
    });
    // Answers only once the request is whole: a client that does not half-close waits in vain.
    socket.on('end', () => {
      const [, stored] = /^store\n([^]*)$/.exec(heard) ?? [];
      if (stored !== undefined) socket.end(`stored ${stored}`);
      else if (heard !== 'hang\n') socket.end(answers[heard.slice(0, -1)] ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const deaf = join(folder, 'deaf');
  const deafServer = createServer({ pauseOnConnect: true }, (socket) => socket.destroy());
  await new Promise<void>((resolve) => deafServer.listen(deaf, resolve));
  return {
    sockets: createNodeUnixSockets(),
    path,
    deserted: join(folder, 'deserted'),
    deaf,
    clean: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await new Promise((resolve) => deafServer.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['by script', scriptedSubject],
  ['for real', nodeSubject],
])('UNIX requests %s', (_name, make) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await make();
  });
  afterEach(() => subject.clean());

  const ask = (line: string, options = {}): Promise<string> =>
    subject.sockets.request(subject.path, line, { timeoutMs: 10_000, ...options });

  it('send a payload behind the line as it is, line breaks and all', async () => {
    expect(await ask('store', { payload: 'first\nsecond\n\n' })).toBe('stored first\nsecond\n\n');
  });

  it('give back the whole answer, however short or long', async () => {
    expect(await ask('show info')).toBe('Name: HAProxy\n\n');
    expect(await ask('nothing to say')).toBe('');
    expect(await ask('show long')).toBe(longAnswer);
  });

  it('go side by side', async () => {
    const both = await Promise.all([ask('show info'), ask('show long')]);
    expect(both).toEqual(['Name: HAProxy\n\n', longAnswer]);
  });

  it('are unavailable where nobody listens', async () => {
    const { sockets, deserted } = subject;
    await expect(sockets.request(deserted, 'show info', { timeoutMs: 10_000 })).rejects.toMatchObject({
      kind: 'unavailable',
      message: `no answer from ${deserted}: ENOENT`,
    });
  });

  it('are unavailable when the peer closes before it took the request, which is not repeated', async () => {
    const line = 'set ssl cert '.padEnd(4 * 1024 * 1024, 'x');
    const asked = subject.sockets.request(subject.deaf, line, { timeoutMs: 10_000 });
    await expect(asked).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.not.stringContaining('ssl'),
    });
  });

  it('are over at the deadline', async () => {
    await expect(ask('hang', { timeoutMs: 30 })).rejects.toMatchObject({
      kind: 'timeout',
      message: `no answer from ${subject.path} within 30 ms`,
    });
  });

  it('are unavailable above the length that the caller accepts', async () => {
    await expect(ask('show long', { maxBytes: 1000 })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await ask('show info', { maxBytes: 15 })).toHaveLength(15);
  });

  it.each(['show info\nshow stat', 'show info\r', 'show\0info'])(
    'refuse %j, and do not repeat it',
    async (line) => {
      const refusal = expect.objectContaining({ kind: 'invalid-input' });
      await expect(ask(line)).rejects.toEqual(refusal);
      await expect(ask(line)).rejects.not.toHaveProperty('detail', expect.stringContaining('show'));
    },
  );

  it('name the figure when a path is too long for a socket', async () => {
    const path = `/${'x'.repeat(107)}`;
    await expect(subject.sockets.request(path, 'show info', { timeoutMs: 10_000 })).rejects.toMatchObject({
      kind: 'unavailable',
      message: `Socket path of 108 bytes, at most 107 fit: ${path}`,
    });
  });
});
