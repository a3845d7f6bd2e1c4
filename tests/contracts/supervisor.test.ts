// The same promises by every process manager: detached children, scripted and real, and systemd by its transcript.
// A real systemd stands in tests/live/systemd.test.ts.

import { describe } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeClock } from '../../agent/host/node/clock';
import { createNodeFiles } from '../../agent/host/node/files';
import { createNodeProcessRunner } from '../../agent/host/node/process';
import { createNodeSystem } from '../../agent/host/node/system';
import { createDirectSupervisor } from '../../agent/supervisor/direct';
import { createSystemdSupervisor } from '../../agent/supervisor/systemd';
import { createHandClock } from '../fakes/hand-clock';
import { createLiteralSystem } from '../fakes/literal-system';
import { createMemoryFiles } from '../fakes/memory-files';
import { passTime } from '../fakes/pass-time';
import { createScriptedRunner, type OnSignal, type ScriptedRunner } from '../fakes/scripted-runner';
import { installSystemd } from '../fakes/scripted-systemd';
import { itKeepsItsPromises, scripts, type Subject } from './supervisor-cases';

function scriptedMachine() {
  const obey: OnSignal = (signal, { pid }) => {
    if (signal === 'SIGTERM') runner.endProcess(pid, { code: 143 });
  };
  const runner: ScriptedRunner = createScriptedRunner([
    { match: /echo last words/, result: { code: 1 } },
    { match: /trap '' TERM/, onSignal: () => undefined },
    { match: new RegExp(scripts.obedient.slice(0, 18)), onSignal: obey },
    { match: /^\/nonexistent/, cannotStart: 'ENOENT' },
  ]);
  const clock = createHandClock();
  const host = { runner, clock, system: createLiteralSystem(), files: createMemoryFiles({ '/b/': '' }) };
  const rest = {
    runner,
    logPath: '/b/log',
    reloads: ({ pid }: { pid: number }) =>
      Promise.resolve(runner.transcript.filter((line) => line === `signal SIGUSR2 ${pid}`).length),
    pass: <T>(job: Promise<T>) => passTime(clock, job),
    clean: () => Promise.resolve(),
  };
  return { host, rest };
}

function directByScript(): Promise<Subject> {
  const { host, rest } = scriptedMachine();
  installSystemd(host.runner);
  return Promise.resolve({
    ...rest,
    supervisor: createDirectSupervisor(host),
    other: createSystemdSupervisor({ ...host, namespace: '' }),
  });
}

function systemdByScript(): Promise<Subject> {
  const { host, rest } = scriptedMachine();
  installSystemd(host.runner);
  return Promise.resolve({
    ...rest,
    supervisor: createSystemdSupervisor({ ...host, namespace: '' }),
    other: createDirectSupervisor(host),
  });
}

async function directForReal(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'supervisor-'));
  const host = {
    runner: createNodeProcessRunner({ env: {} }),
    clock: createNodeClock(),
    system: createNodeSystem(),
    files: createNodeFiles(),
  };
  const logPath = join(folder, 'log');
  return {
    supervisor: createDirectSupervisor(host),
    other: createSystemdSupervisor({ ...host, namespace: '' }),
    runner: host.runner,
    logPath,
    reloads: async () => (await readFile(logPath, 'utf8')).split('reload\n').length - 1,
    pass: (job) => job,
    clean: () => rm(folder, { recursive: true, force: true }),
  };
}

describe.each([
  ['detached children, by script', directByScript],
  ['detached children, for real', directForReal],
  ['systemd, by its transcript', systemdByScript],
])('%s', (_name, make) => {
  itKeepsItsPromises(make);
});
