// The processes that a fake haproxy has, in memory. Their pids are above the kernel's largest (PID_MAX_LIMIT, 2^22), so
// that none of them is ever taken for a real one: proc_sys_kernel(5), pid_max.

import { basename } from 'node:path';
import type { Clock } from '../../host/clock';
import type { ProcessExit, ProcessIdentity, Signal } from '../../host/process';

export interface FakeProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly startedMs: number;
  readonly argv: readonly string[];
  readonly parentPid: number;
  readonly exited: Promise<ProcessExit>;
  state: 'S' | 'T';
  onSignal: (signal: Signal) => void;
}

export interface NewProcess {
  readonly argv: readonly string[];
  /** 0: it leads a session of its own. */
  readonly parentPid: number;
}

export interface ProcessTable {
  add(process: NewProcess): FakeProcess;
  /** Ends one; silent when it has ended. */
  end(pid: number, exit: ProcessExit): void;
  of(pid: number): FakeProcess | undefined;
  /** Sends a signal, which stops and continues as the kernel does; false when there is no such process. */
  signal(pid: number, signal: Signal, startTicks?: string): boolean;
  identify(pid: number): ProcessIdentity | undefined;
  processesOf(program: string): readonly ProcessIdentity[];
}

const firstPid = 5_000_000;
const nameBytes = 15;

/** Tells whether a pid can only be one of ours. */
export function isFakePid(pid: number): boolean {
  return pid >= firstPid;
}

/** Makes an empty table of processes that belong to `userId`. */
export function createProcessTable(clock: Clock, userId: number): ProcessTable {
  const table = new Map<number, FakeProcess>();
  const exits = new Map<number, (exit: ProcessExit) => void>();
  let lastPid = firstPid - 1;

  const identityOf = (process: FakeProcess): ProcessIdentity => ({
    pid: process.pid,
    startTicks: process.startTicks,
    state: process.state,
    name: basename(process.argv[0] ?? '').slice(0, nameBytes),
    userId,
    leadsSession: process.parentPid === 0,
    isContained: false,
    argv: process.argv,
  });

  return {
    add({ argv, parentPid }) {
      lastPid += 1;
      const pid = lastPid;
      const exited = new Promise<ProcessExit>((resolve) => exits.set(pid, resolve));
      const process: FakeProcess = {
        pid,
        // Another one than that of whatever had the pid in an earlier life of this program.
        startTicks: String(Math.trunc(clock.now())),
        startedMs: clock.monotonic(),
        argv,
        parentPid,
        exited,
        state: 'S',
        onSignal: () => undefined,
      };
      table.set(pid, process);
      return process;
    },
    end(pid, exit) {
      table.delete(pid);
      exits.get(pid)?.(exit);
      exits.delete(pid);
    },
    of: (pid) => table.get(pid),
    signal(pid, signal, startTicks) {
      const process = table.get(pid);
      if (process === undefined || (startTicks !== undefined && process.startTicks !== startTicks))
        return false;
      if (signal === 'SIGSTOP') process.state = 'T';
      else if (signal === 'SIGCONT') process.state = 'S';
      else process.onSignal(signal);
      return true;
    },
    identify(pid) {
      const process = table.get(pid);
      return process && identityOf(process);
    },
    processesOf: (program) =>
      [...table.values()].filter(({ argv }) => basename(argv[0] ?? '') === program).map(identityOf),
  };
}
