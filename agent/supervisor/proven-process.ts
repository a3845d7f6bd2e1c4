// Which process is the one that was recorded, and how it alone is signalled. A pid proves nothing: the kernel reuses
// it. Nor does an argv: anyone can write one. Source: DESIGN "Adopt". The same for whatever started it: a process
// that one manager started is known to an agent that is configured for the other.
//
// INVARIANTS:
// - a signal goes to pid and start time together, looked at in the instant of the signal;
// - what is not proven to be this service is neither adopted nor signalled.

import { basename } from 'node:path';
import type { Clock } from '../host/clock';
import type { ProcessIdentity, ProcessRunner } from '../host/process';
import type { System } from '../host/system';
import { AgentError } from '../model/errors';
import type { ServiceProcess, ServiceSpec, Supervisor } from './service';

export interface ProvenProcessDeps {
  readonly runner: ProcessRunner;
  readonly system: System;
  readonly clock: Clock;
}

export interface ProvenProcesses extends Omit<Supervisor, 'start'> {
  /** Takes down who has a pid that was just started. One that is gone already gets ticks that match nothing, so that its pid is never signalled. */
  record(pid: number): Promise<ServiceProcess>;
}

const pollMs = 10;
const killGraceMs = 2_000;
// Linux keeps 15 bytes of a program's name (TASK_COMM_LEN).
const nameBytes = 15;

/** Makes what every process manager does with a process that runs. */
export function createProvenProcesses({ runner, system, clock }: ProvenProcessDeps): ProvenProcesses {
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

  const isService = (identity: ProcessIdentity, spec: ServiceSpec): boolean =>
    identity.userId === system.userId() && isOurMaster(identity, spec) && hasMarks(identity, spec);

  return {
    async record(pid) {
      const [identity, bootId] = await Promise.all([runner.identify(pid), system.bootId()]);
      return { pid, startTicks: identity?.startTicks ?? '0', bootId };
    },

    async isOurs(spec, recorded) {
      const identity = await livingIdentity(recorded);
      return identity !== undefined && isService(identity, spec);
    },

    async recognise(spec, pid) {
      const [identity, bootId] = await Promise.all([runner.identify(pid), system.bootId()]);
      if (identity === undefined || !isRunning(identity) || !isService(identity, spec)) return undefined;
      return { pid, startTicks: identity.startTicks, bootId };
    },

    async isAlive(process) {
      return (await livingIdentity(process)) !== undefined;
    },

    async reload(process, signal = 'SIGUSR2') {
      if ((await livingIdentity(process)) === undefined) return false;
      return runner.signal(process.pid, signal, process.startTicks);
    },

    async stop(process, graceMs) {
      if ((await livingIdentity(process)) === undefined) return;
      runner.signal(process.pid, 'SIGTERM', process.startTicks);
      if (await waitUntilGone(process, graceMs)) return;
      runner.signalGroup(process.pid, 'SIGKILL', process.startTicks);
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

/** What no argv can claim: the program that was executed, at the head of its own session, beside us and not in a container. Not the file itself: an upgrade replaces it under a running master. */
function isOurMaster(identity: ProcessIdentity, { argv, selfNames = [] }: ServiceSpec): boolean {
  const program = Buffer.from(basename(argv[0] ?? ''))
    .subarray(0, nameBytes)
    .toString('utf8');
  const isNamed = identity.name === program || selfNames.includes(identity.name);
  return isNamed && identity.leadsSession && !identity.isContained;
}

// A reloaded haproxy master appends -sf and -x to its arguments, and an upgrade may have brought another binary or
// other options: what must stand there, behind the program's name, are the marks, each in one piece and in order.
function hasMarks(identity: ProcessIdentity, { argv, marks }: ServiceSpec): boolean {
  if (basename(identity.argv[0] ?? '') !== basename(argv[0] ?? '')) return false;
  let from = 1;
  return marks.every((mark) => {
    const start = indexOf(identity.argv, mark, from);
    from = start + mark.length;
    return start >= 0;
  });
}

function indexOf(words: readonly string[], piece: readonly string[], from: number): number {
  return words.findIndex(
    (_, start) => start >= from && piece.every((word, index) => words[start + index] === word),
  );
}
