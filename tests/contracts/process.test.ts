// The same cases on scripted programs and on real ones. What a real sh does here, a rule does there.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DetachedProcess, ProcessRunner, RunOptions } from '../../agent/host/process';
import { createNodeProcessRunner } from '../../agent/host/node/process';
import { createScriptedRunner } from '../fakes/scripted-runner';
import { eventually } from '../fakes/eventually';

const fail = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
const echo = ['cat'];
const suicide = ['sh', '-c', 'kill -TERM $$'];
const endless = ['sleep', '1000'];
const shortLived = ['sh', '-c', 'exit 4'];
const missing = ['/nonexistent/program', 'argument'];

interface Subject {
  readonly runner: ProcessRunner;
  readonly logPath: string;
  /** Whose the programs are. */
  readonly userId: number;
  clean(): Promise<void>;
}

function scriptedSubject(): Promise<Subject> {
  const runner = createScriptedRunner([
    { match: /^sh -c echo out/, result: { code: 3, stdout: 'out\n', stderr: 'err\n' } },
    { match: /^cat$/, result: (_argv, { input = '' }: RunOptions) => ({ stdout: input }) },
    { match: /^sh -c kill/, result: { code: null, signal: 'SIGTERM' } },
    { match: /^sh -c exit 4/, result: { code: 4 } },
    {
      match: /^sleep/,
      result: (_argv, { timeoutMs }) =>
        timeoutMs === undefined ? {} : { code: null, signal: 'SIGTERM', timedOut: true },
    },
    { match: /^\/nonexistent/, cannotStart: 'ENOENT' },
  ]);
  return Promise.resolve({ runner, logPath: '/log', userId: 0, clean: () => Promise.resolve() });
}

async function nodeSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'process-'));
  return {
    runner: createNodeProcessRunner({ env: {} }),
    logPath: join(folder, 'log'),
    userId: process.geteuid?.() ?? -1,
    clean: () => rm(folder, { recursive: true, force: true }),
  };
}

describe.each([
  ['by script', scriptedSubject],
  ['for real', nodeSubject],
])('programs %s', (_name, make) => {
  let subject: Subject;
  let runner: ProcessRunner;
  let started: DetachedProcess[];

  const start = async (argv: readonly string[]): Promise<DetachedProcess> => {
    const process = await runner.startDetached(argv, { logPath: subject.logPath });
    started.push(process);
    return process;
  };

  beforeEach(async () => {
    subject = await make();
    runner = subject.runner;
    started = [];
  });
  afterEach(async () => {
    for (const { pid, exited } of started) {
      const identity = await runner.identify(pid);
      if (identity !== undefined && identity.state !== 'Z') runner.signal(pid, 'SIGKILL');
      await exited;
    }
    await subject.clean();
  });

  it('give back exit code and both outputs, and a failure is a result', async () => {
    expect(await runner.run(fail)).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
      truncated: false,
    });
  });

  it('are found by the name of their program, whatever its directory, as long as they live', async () => {
    const { pid, exited } = await start(endless);
    expect((await runner.processesOf('sleep')).find((each) => each.pid === pid)).toEqual(
      await runner.identify(pid),
    );
    expect((await runner.processesOf('slee')).map((each) => each.pid)).not.toContain(pid);
    runner.signal(pid, 'SIGKILL');
    await exited;
    expect((await runner.processesOf('sleep')).map((each) => each.pid)).not.toContain(pid);
  });

  it('read the input that they are given', async () => {
    expect(await runner.run(echo, { input: 'line\nnaïve' })).toMatchObject({
      code: 0,
      stdout: 'line\nnaïve',
    });
    expect(await runner.run(echo)).toMatchObject({ code: 0, stdout: '' });
  });

  it('that a signal ended have no exit code', async () => {
    expect(await runner.run(suicide)).toMatchObject({ code: null, signal: 'SIGTERM', timedOut: false });
  });

  it('are ended at their time-out', async () => {
    expect(await runner.run(endless, { timeoutMs: 50 })).toMatchObject({
      code: null,
      signal: 'SIGTERM',
      timedOut: true,
    });
  });

  it('that cannot be started are unavailable, with program and errno in the message', async () => {
    const expected = { kind: 'unavailable', message: 'Cannot start /nonexistent/program: ENOENT' };
    await expect(runner.run(missing)).rejects.toMatchObject(expected);
    await expect(start(missing)).rejects.toMatchObject(expected);
  });

  it('started on their own are identified by start time and argv until they are gone', async () => {
    const { pid, exited } = await start(endless);
    await eventually(async () => {
      expect((await runner.identify(pid))?.argv).toEqual(endless);
    });
    const identity = await runner.identify(pid);
    expect(identity).toMatchObject({ pid, argv: endless });
    expect(identity?.startTicks).toMatch(/^\d+$/);
    expect(await runner.identify(pid)).toMatchObject({ startTicks: identity?.startTicks });
    expect(runner.signal(pid, 'SIGTERM')).toBe(true);
    expect(await exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await runner.identify(pid)).toBeUndefined();
    expect(runner.signal(pid, 'SIGTERM')).toBe(false);
  });

  it('started on their own report how they ended', async () => {
    const { exited } = await start(shortLived);
    expect(await exited).toEqual({ code: 4, signal: null });
  });

  it('show start and state at a glance until they are gone', async () => {
    const { pid, exited } = await start(endless);
    const glance = runner.glance(pid);
    expect(glance).toEqual({
      startTicks: (await runner.identify(pid))?.startTicks,
      state: expect.any(String),
    });
    runner.signal(pid, 'SIGSTOP');
    await eventually(() => expect(runner.glance(pid)).toEqual({ ...glance, state: 'T' }));
    runner.signal(pid, 'SIGKILL');
    await exited;
    expect(runner.glance(pid)).toBeUndefined();
  });

  it('are stopped and go on by signal', async () => {
    const { pid } = await start(endless);
    const stateBecomes = (state: string): Promise<void> =>
      eventually(async () => {
        expect((await runner.identify(pid))?.state).toBe(state);
      });
    await stateBecomes('S');
    runner.signal(pid, 'SIGSTOP');
    await stateBecomes('T');
    runner.signal(pid, 'SIGCONT');
    await stateBecomes('S');
  });

  it('started on their own lead their session, belong to us, and are named after their file', async () => {
    const { pid } = await start(endless);
    await eventually(async () => {
      expect(await runner.identify(pid)).toMatchObject({ name: 'sleep' });
    });
    expect(await runner.identify(pid)).toMatchObject({
      userId: subject.userId,
      leadsSession: true,
      isContained: false,
    });
  });

  it('take a signal that is meant for their start time, and none that is meant for another', async () => {
    const { pid } = await start(endless);
    const ticks = (await runner.identify(pid))?.startTicks ?? '';
    expect(runner.signal(pid, 'SIGKILL', `${ticks}1`)).toBe(false);
    expect(runner.signalGroup(pid, 'SIGKILL', '0')).toBe(false);
    expect(await runner.identify(pid)).toMatchObject({ startTicks: ticks });
    expect(runner.signal(pid, 'SIGCONT', ticks)).toBe(true);
    expect(runner.signalGroup(pid, 'SIGKILL', ticks)).toBe(true);
    await eventually(async () => {
      expect(await runner.identify(pid)).toBeUndefined();
    });
    expect(runner.signal(pid, 'SIGTERM', ticks)).toBe(false);
  });

  it.each([1, 0, -1, -4242, 1.5, NaN])('never signal pid %p', (pid) => {
    expect(() => runner.signal(pid, 'SIGTERM')).toThrow(expect.objectContaining({ kind: 'forbidden' }));
  });

  it('know nobody under a pid that cannot be', async () => {
    for (const pid of [0, -1, 1.5, 2 ** 30]) {
      expect(await runner.identify(pid)).toBeUndefined();
      expect(runner.glance(pid)).toBeUndefined();
    }
  });
});
