// The same conversations by script and with a real server that answers as haproxy's CLI in interactive mode.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import type { UnixConversation, UnixSockets } from '../../agent/host/sockets';
import { eventually } from '../fakes/eventually';
import { createScriptedSockets } from '../fakes/scripted-socket';

const prompt = '\n> ';
const long = 'ü\n'.repeat(200_000);
const answers: Readonly<Record<string, string>> = { one: 'first', two: 'second', long, empty: '' };

interface Subject {
  readonly sockets: UnixSockets;
  readonly path: string;
  /** Has the answer to "slow" come, which is late by then. */
  catchUp(): void;
  clean(): Promise<void>;
}

function scriptedSubject(): Promise<Subject> {
  let catchUp: () => void = () => undefined;
  const late = new Promise<void>((resolve) => (catchUp = resolve));
  const sockets = createScriptedSockets([
    { path: /deserted/, answer: { refuse: 'ENOENT' } },
    { line: /^hang$/, answer: { silent: true } },
    { line: /^slow$/, answer: { late } },
    { line: /^wait$/, answer: () => new Promise(() => undefined) },
    { line: /^leave$/, answer: { refuse: 'EPIPE' } },
    { answer: (line) => answers[line] ?? '' },
  ]);
  return Promise.resolve({
    sockets,
    path: '/run/s',
    catchUp: () => catchUp(),
    clean: () => Promise.resolve(),
  });
}

async function nodeSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'talk-'));
  const open = new Set<Socket>();
  const waiting: Socket[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const line = chunk.toString().trimEnd();
      if (line === 'leave') socket.destroy();
      else if (line === 'slow') waiting.push(socket);
      else if (line !== 'hang' && line !== 'wait') socket.write(`${answers[line] ?? ''}${prompt}`);
    });
  });
  const path = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    sockets: createNodeUnixSockets(),
    path,
    catchUp: () => {
      for (const socket of waiting.splice(0)) socket.write(`much later${prompt}`);
    },
    clean: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['by script', scriptedSubject],
  ['for real', nodeSubject],
])('a UNIX conversation %s', (_name, make) => {
  let subject: Subject;
  let talk: UnixConversation;
  beforeEach(async () => {
    subject = await make();
    talk = await subject.sockets.converse(subject.path, prompt);
  });
  afterEach(async () => {
    talk.close();
    await subject.clean();
  });
  const text = (answer: Buffer): string => answer.toString();

  it('gives each question its own answer, however short or long, asked one by one or at once', async () => {
    expect(await talk.ask('one', 10_000)).toBe('first');
    const asked = ['two', 'long', 'empty', 'one'].map((line) => talk.ask(line, 10_000));
    expect(await Promise.all(asked)).toEqual(['second', long, '', 'first']);
    const read = ['long', 'two'].map((line) => talk.read(line, 10_000, text));
    expect(await Promise.all(read)).toEqual([long, 'second']);
  });

  it('goes on beside others, and after a reader that throws', async () => {
    const other = await subject.sockets.converse(subject.path, prompt);
    const both = [talk.read('long', 10_000, text), other.read('long', 10_000, text)];
    expect(await Promise.all(both)).toEqual([long, long]);
    other.close();
    const spoiled = talk.read('one', 10_000, () => {
      throw new Error('no such column');
    });
    await expect(spoiled).rejects.toThrow('no such column');
    expect(await talk.ask('two', 10_000)).toBe('second');
  });

  it('is over for every later question once an answer is late', async () => {
    await expect(talk.ask('hang', 30)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(talk.ask('one', 10_000)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('goes on once a late answer has come, which nobody gets', async () => {
    await expect(talk.ask('slow', 30)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(talk.ask('one', 10_000)).rejects.toMatchObject({ kind: 'timeout' });
    subject.catchUp();
    await eventually(async () => expect(await talk.ask('two', 10_000)).toBe('second'));
  });

  it('is unavailable to whoever waits when it is closed', async () => {
    const asked = ['wait', 'one'].map((line) => talk.ask(line, 10_000));
    talk.close();
    for (const one of asked) await expect(one).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is unavailable when nobody is there, when the peer leaves, and once it is closed', async () => {
    const unavailable = { kind: 'unavailable' };
    const nobody = subject.sockets.converse(`${subject.path}-deserted`, prompt);
    await expect(nobody).rejects.toMatchObject(unavailable);
    const other = await subject.sockets.converse(subject.path, prompt);
    await expect(other.ask('leave', 10_000)).rejects.toMatchObject(unavailable);
    await expect(other.ask('one', 10_000)).rejects.toMatchObject(unavailable);
    talk.close();
    await expect(talk.ask('one', 10_000)).rejects.toMatchObject(unavailable);
  });

  it('refuses what would be two questions', async () => {
    await expect(talk.ask('one\ntwo', 10_000)).rejects.toMatchObject({ kind: 'invalid-input' });
  });
});
