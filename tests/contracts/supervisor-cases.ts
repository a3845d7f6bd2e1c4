// What every process manager promises, as cases for supervisor.test.ts and for the live test of a real systemd.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProcessRunner } from '../../agent/host/process';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../../agent/supervisor/service';
import { eventually } from '../fakes/eventually';

export interface Subject {
  readonly supervisor: Supervisor;
  /** A manager of another kind on the same machine. */
  readonly other: Supervisor;
  readonly runner: ProcessRunner;
  readonly logPath: string;
  /** How often the service was asked to reload. */
  reloads(process: ServiceProcess): Promise<number>;
  /** Lets time pass until the job settles. */
  pass<T>(job: Promise<T>): Promise<T>;
  clean(): Promise<void>;
}

/** Runs until it is asked to end, and counts in its log how often it is asked to reload. */
const obedient = `trap 'echo reload' USR2; trap 'exit 143' TERM; echo up; while :; do sleep 0.05; done`;
/** Ends only when killed, and has a child of its own kind. */
const stubborn = `trap '' TERM; sleep 1000 & echo up; while :; do sleep 0.05; done`;
const brief = 'echo last words; exit 1';

export const scripts = { obedient, stubborn, brief };

export function specOf(logPath: string, script: string, path = '/b/1'): ServiceSpec {
  return {
    name: 'contract',
    argv: ['/bin/sh', '-c', script, '-p', `${path}/pid`, '-S', `${path}/master.sock`],
    marks: [['-c'], ['-p', `${path}/pid`, '-S', `${path}/master.sock`]],
    through: [],
    logPath,
  };
}

/** States the cases for one kind of process manager. */
export function itKeepsItsPromises(make: () => Promise<Subject>): void {
  let subject: Subject;
  let supervisor: Supervisor;
  const started: ServiceProcess[] = [];

  const start = async (script: string): Promise<{ spec: ServiceSpec; process: ServiceProcess }> => {
    const spec = specOf(subject.logPath, script);
    const { process } = await subject.pass(supervisor.start(spec));
    started.push(process);
    return { spec, process };
  };
  const isUp = (spec: ServiceSpec, process: ServiceProcess): Promise<void> =>
    eventually(async () => {
      expect(await supervisor.isOurs(spec, process)).toBe(true);
    });

  beforeEach(async () => {
    subject = await make();
    supervisor = subject.supervisor;
  });
  afterEach(async () => {
    for (const process of started.splice(0)) await subject.pass(supervisor.stop(process, 0));
    await subject.clean();
  });

  describe('a service', () => {
    it('lives once it is started, and is known by its record and by its pid', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      expect(await supervisor.isAlive(process)).toBe(true);
      expect(await supervisor.recognise(spec, process.pid)).toEqual(process);
    });

    it('is not taken for another of the same program', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      for (const path of ['/b/2', '/b', '/b/1/', '/b/11', '']) {
        const another = specOf(subject.logPath, obedient, path);
        expect(await supervisor.isOurs(another, process)).toBe(false);
        expect(await supervisor.recognise(another, process.pid)).toBeUndefined();
      }
    });

    it('is known to an agent with another process manager', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      expect(await subject.other.isOurs(spec, process)).toBe(true);
      expect(await subject.other.recognise(spec, process.pid)).toEqual(process);
      await subject.pass(subject.other.stop(process, 5_000));
      expect(await supervisor.isAlive(process)).toBe(false);
    });

    it('is asked to reload, once for each time, and stays the same process', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      for (const count of [1, 2]) {
        expect(await supervisor.reload(process)).toBe(true);
        await eventually(async () => {
          expect(await subject.reloads(process)).toBe(count);
        });
      }
      expect(await supervisor.isOurs(spec, process)).toBe(true);
    });

    it('is asked to reload with the signal that its program takes for that', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      // Any signal but the usual one: this one ends it.
      expect(await supervisor.reload(process, 'SIGTERM')).toBe(true);
      await eventually(async () => {
        expect(await supervisor.isAlive(process)).toBe(false);
      });
    });

    it('that was stopped is gone: neither alive nor reloaded, and stopping it again is silent', async () => {
      const { spec, process } = await start(obedient);
      await isUp(spec, process);
      await subject.pass(supervisor.stop(process, 5_000));
      expect(await supervisor.isAlive(process)).toBe(false);
      expect(await supervisor.isOurs(spec, process)).toBe(false);
      expect(await supervisor.reload(process)).toBe(false);
      await subject.pass(supervisor.stop(process, 5_000));
    });

    it('that does not heed is killed', async () => {
      const { spec, process } = await start(stubborn);
      await isUp(spec, process);
      await subject.pass(supervisor.stop(process, 100));
      expect(await supervisor.isAlive(process)).toBe(false);
    });

    it('that ends at once is not alive, and its pid is never signalled', async () => {
      const { process } = await start(brief);
      await eventually(async () => {
        expect(await supervisor.isAlive(process)).toBe(false);
      });
      expect(await supervisor.reload(process)).toBe(false);
    });

    it('can be started again under its name as soon as it has ended', async () => {
      const first = await start(obedient);
      await isUp(first.spec, first.process);
      await subject.pass(supervisor.stop(first.process, 5_000));
      const second = await start(obedient);
      await isUp(second.spec, second.process);
      expect(second.process).not.toEqual(first.process);
    });

    it('of a program that is not there cannot be started', async () => {
      const spec = { ...specOf(subject.logPath, obedient), argv: ['/nonexistent/program'] };
      await expect(subject.pass(supervisor.start(spec))).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });
}
