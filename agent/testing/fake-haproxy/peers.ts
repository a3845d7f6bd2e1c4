// Who is behind the sockets of a fake group: the master behind one, the worker that serves behind those that its texts
// name. Source: HAProxy 2.6 management guide, 9.4 (`@1`, `@!<pid>`, "show proc").

import { globalLines } from '../../haproxy/config/sections';
import type { Clock } from '../../host/clock';
import type { FakeProcess, ProcessTable } from './process-table';
import { procTable } from './tables';
import type { FakeWorker } from './worker';

/** What a connection is with. */
export interface Peer {
  /** What it says; `silence` of one that hangs, undefined once it is gone. */
  answer(line: string): string | typeof silence | undefined;
  /** Says that a conversation begins or is over. */
  talks(delta: 1 | -1): void;
}

export const silence = Symbol('silence');

/** What a group is at this moment. */
export interface Life {
  worker: FakeWorker | undefined;
  old: readonly FakeWorker[];
  reloads: number;
  failedReloads: number;
  /** The master reads its configuration and answers nobody. */
  isBusy: boolean;
  /** How many reloads each old worker has seen, by pid. */
  readonly born: Map<number, number>;
}

/** The master: it answers for itself, and passes on what is for a worker. */
export function masterPeer(master: FakeProcess, life: Life, clock: Clock): Peer {
  const say = (worker: FakeWorker, line: string): string | typeof silence =>
    worker.hangs || worker.process.state === 'T' ? silence : worker.answer(line);
  return {
    answer(line) {
      if (master.state === 'T') return silence;
      const { worker } = life;
      if (worker === undefined) return undefined;
      if (line === 'show proc') return show(master, worker, life, clock);
      const [, pid, command = ''] = /^@(1|!\d+) (.*)$/.exec(line) ?? [];
      if (pid === undefined) return 'Unknown command\n\n';
      if (pid === '1') return say(worker, command);
      const named = [worker, ...life.old].find((one) => pid === `!${one.process.pid}`);
      return named === undefined
        ? `Can't find the target PID matching the prefix '@${pid}'\n`
        : say(named, command);
    },
    talks: () => undefined,
  };
}

function workerPeer(worker: FakeWorker, table: ProcessTable, sweep: () => void): Peer {
  const { process } = worker;
  return {
    answer: (line) => {
      if (table.of(process.pid) !== process) return undefined;
      return worker.hangs || process.state === 'T' ? silence : worker.answer(line);
    },
    talks: (delta) => {
      worker.talks += delta;
      sweep();
    },
  };
}

function show(
  master: FakeProcess,
  worker: FakeWorker,
  { reloads, failedReloads, old, born }: Life,
  clock: Clock,
): string {
  const rowOf = ({ process }: FakeWorker) => ({
    ...process,
    reloads: String(reloads - (born.get(process.pid) ?? reloads)),
  });
  const failures = failedReloads > 0 ? ` [failed: ${failedReloads}]` : '';
  return procTable(
    { ...master, reloads: `${reloads}${failures}` },
    rowOf(worker),
    old.map(rowOf),
    clock.monotonic(),
  );
}

function socketsOf({ texts }: FakeWorker): readonly string[] {
  return globalLines(texts.join('\n'), new Set(['stats'])).flatMap(({ words }) =>
    words[1] === 'socket' && words[2] !== undefined ? [words[2].replace(/^unix@/, '')] : [],
  );
}

/** The worker that serves, when a path is one of its sockets. */
export function workerPeerAt(
  path: string,
  { worker }: Life,
  table: ProcessTable,
  sweep: () => void,
): Peer | undefined {
  return worker !== undefined && socketsOf(worker).includes(path)
    ? workerPeer(worker, table, sweep)
    : undefined;
}
