// Workers that nobody is connected to any more. The ledger may forget one only when its process is gone: a connection
// can break, or a master be between two lives, while the worker lives on, and one that is forgotten and met again
// would have all that it ever counted added once more.

import type { WorkerIdentity } from '../haproxy/worker-tap';
import type { ProcessRunner } from '../host/process';
import { isAgentError } from '../model/errors';
import type { WorkerLedger } from './worker-ledger';

export interface PartedWorkers {
  /** Says that a connection to a worker is over. */
  add(worker: WorkerIdentity): void;
  /** Has the ledger forget those that have ended. */
  sweep(): void;
}

interface PartedWorkersDeps {
  readonly runner: Pick<ProcessRunner, 'glance'>;
  readonly ledger: Pick<WorkerLedger, 'forget'>;
}

/** Makes the list. */
export function createPartedWorkers({ runner, ledger }: PartedWorkersDeps): PartedWorkers {
  let parted: readonly WorkerIdentity[] = [];
  return {
    add: (worker) => void (parted = [...parted.filter(({ pid }) => pid !== worker.pid), worker]),
    sweep() {
      const ended = parted.filter((worker) => hasEnded(runner, worker));
      parted = parted.filter((worker) => !ended.includes(worker));
      for (const worker of ended) ledger.forget(worker);
    },
  };
}

/** Whether a worker's process is gone for certain. */
export function hasEnded(
  runner: Pick<ProcessRunner, 'glance'>,
  { pid, startTicks }: WorkerIdentity,
): boolean {
  try {
    const found = runner.glance(pid);
    return found?.startTicks !== startTicks || found.state === 'Z' || found.state === 'X';
  } catch (thrown) {
    if (isAgentError(thrown)) return false;
    throw thrown;
  }
}
