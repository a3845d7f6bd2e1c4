// Process groups as detached children of the agent, which outlive it. A pid alone proves nothing: the kernel
// reuses it, so start time, boot id and command line are compared before any signal. Source: DESIGN "Adopt".

import { basename } from 'node:path';
import type { Clock } from '../host/clock';
import type { ProcessIdentity, ProcessRunner } from '../host/process';
import type { System } from '../host/system';
import { AgentError } from '../model/errors';
import type { ServiceProcess, ServiceSpec, Supervisor } from './service';

export interface DirectDeps {
  readonly runner: ProcessRunner;
  readonly system: System;
  readonly clock: Clock;
}

const pollMs = 10;
const killGraceMs = 2_000;

/** Makes the process manager for machines without systemd, and for tests. */
export function createDirectSupervisor(deps: DirectDeps): Supervisor {
  const { runner, system, clock } = deps;

  async function livingIdentity(process: ServiceProcess): Promise<ProcessIdentity | undefined> {
    if (process.bootId !== (await system.bootId())) return undefined;
    const identity = await runner.identify(process.pid);
    return identity?.startTicks === process.startTicks && isRunning(identity) ? identity : undefined;
  }

  async function waitUntilGone(process: ServiceProcess, ms: number): Promise<boolean> {
    const deadline = clock.monotonic() + ms;
    while ((await livingIdentity(process)) !== undefined) {
      if (clock.monotonic() >= deadline) return false;
      await clock.sleep(pollMs);
    }
    return true;
  }

  return {
    async start(spec) {
      const child = await runner.startDetached([...spec.through, ...spec.argv], {
        logPath: spec.logPath,
      });
      const [identity, bootId] = await Promise.all([runner.identify(child.pid), system.bootId()]);
      // Gone already: `exited` tells the caller; ticks that match nothing keep the pid from ever being signalled.
      const startTicks = identity?.startTicks ?? '0';
      return { process: { pid: child.pid, startTicks, bootId }, exited: child.exited };
    },

    async isOurs(spec, recorded) {
      const identity = await livingIdentity(recorded);
      return identity !== undefined && hasMarks(identity, spec);
    },

    async recognise(spec, pid) {
      const [identity, bootId] = await Promise.all([runner.identify(pid), system.bootId()]);
      if (identity === undefined || !isRunning(identity) || !hasMarks(identity, spec)) return undefined;
      return { pid, startTicks: identity.startTicks, bootId };
    },

    async isAlive(process) {
      return (await livingIdentity(process)) !== undefined;
    },

    async reload(process) {
      if ((await livingIdentity(process)) === undefined) return false;
      return runner.signal(process.pid, 'SIGUSR2');
    },

    async stop(process, graceMs) {
      if ((await livingIdentity(process)) === undefined) return;
      runner.signal(process.pid, 'SIGTERM');
      if (await waitUntilGone(process, graceMs)) return;
      runner.signalGroup(process.pid, 'SIGKILL');
      if (!(await waitUntilGone(process, killGraceMs))) {
        throw new AgentError('timeout', `process ${process.pid} does not end`);
      }
    },
  };
}

// Z and X are dead in all but name: adopted processes are not our children, so nobody else tells us.
function isRunning(identity: ProcessIdentity): boolean {
  return identity.state !== 'Z' && identity.state !== 'X';
}

// A reloaded haproxy master appends -sf and -x to its arguments, and an upgrade may have brought another binary or
// other options: what must stand there, behind the program's name and in one piece, are the arguments that name
// this service's own paths.
function hasMarks(identity: ProcessIdentity, { argv, marks }: ServiceSpec): boolean {
  if (basename(identity.argv[0] ?? '') !== basename(argv[0] ?? '')) return false;
  return identity.argv.some((_, start) =>
    marks.every((mark, index) => identity.argv[start + index] === mark),
  );
}
