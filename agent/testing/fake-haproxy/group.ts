// A fake haproxy group in master-worker mode: started, reloaded by SIGUSR2, ended by SIGTERM, with the answers of the
// master's socket. Source: HAProxy 2.6 management guide, chapter 4 and 9.4; exit statuses as 2.6.12's master gives them.

import type { Clock } from '../../host/clock';
import type { ProcessExit, Signal } from '../../host/process';
import type { Fault } from '../fake-load-balancer';
import type { FaultKind } from './faults';
import type { FakeProcess, ProcessTable } from './process-table';
import { masterPeer, workerPeerAt, type Life, type Peer } from './peers';
import { createFakeWorker, type FakeWorker } from './worker';

export interface FakeGroup {
  readonly id: string;
  readonly master: FakeProcess;
  /** Undefined until it serves. */
  worker(): FakeWorker | undefined;
  oldWorkers(): readonly FakeWorker[];
  reloads(): number;
  /** Who answers at a path: the master, a worker, or (undefined) nobody. */
  peerAt(path: string): Peer | undefined;
  /** Ends it at once, as a crash does. */
  die(printed: string): Promise<void>;
  /** Ends replaced workers that nobody is connected to any more. */
  sweep(): void;
}

export interface GroupDeps {
  readonly clock: Clock;
  readonly table: ProcessTable;
  /** The texts at these paths; a text of its own for what is wrong with them. */
  readonly read: (paths: readonly string[]) => Promise<readonly string[]>;
  /** What haproxy prints on finding the texts wrong; undefined when they are right. */
  readonly judge: (paths: readonly string[]) => Promise<string | undefined>;
  readonly print: (text: string) => Promise<void>;
  readonly take: <K extends FaultKind>(kind: K) => Extract<Fault, { readonly kind: K }> | undefined;
}

export interface GroupSpec {
  readonly id: string;
  readonly argv: readonly string[];
}

const exitOfTerm: ProcessExit = { code: 143, signal: null };
const failed: ProcessExit = { code: 1, signal: null };

/** Starts a group; it serves once its texts are read and judged. */
export function startFakeGroup(spec: GroupSpec, deps: GroupDeps): FakeGroup {
  const { table } = deps;
  const master = table.add({ argv: spec.argv, parentPid: 0 });
  const life: Life = {
    worker: undefined,
    old: [],
    reloads: 0,
    failedReloads: 0,
    isBusy: true,
    born: new Map(),
  };
  const masterSocket = (valuesOf(spec.argv, '-S')[0] ?? '').split(',')[0] ?? '';
  const isAlive = (): boolean => table.of(master.pid) === master;

  const end = (exit: ProcessExit): void => {
    for (const one of [...life.old, ...(life.worker === undefined ? [] : [life.worker])])
      table.end(one.process.pid, exit);
    table.end(master.pid, exit);
  };
  const part = (worker: FakeWorker): void => {
    life.old = life.old.filter((one) => one !== worker);
    table.end(worker.process.pid, { code: 0, signal: null });
  };
  const sweep = (): void => {
    for (const old of life.old) if (old.clients() === 0 && old.talks === 0) part(old);
  };

  const fork = (texts: readonly string[]): void => {
    const process = table.add({ argv: spec.argv, parentPid: master.pid });
    const worker = createFakeWorker(process, texts, deps.clock);
    worker.hangs = deps.take('hangs') !== undefined;
    process.onSignal = (signal) => {
      // The master ends with a worker that serves, and all with it.
      if (worker.isReplaced) part(worker);
      else end(exitBy(signal));
    };
    life.born.set(process.pid, life.reloads);
    life.worker = worker;
  };

  const course: Course = { deps, life, configs: valuesOf(spec.argv, '-f'), isAlive, fork, end, sweep };
  const inTurn = createTurn(deps, () => end(failed));
  master.onSignal = (signal) => {
    if (signal === 'SIGUSR2' || signal === 'SIGHUP') inTurn(() => reload(course));
    else end(exitBy(signal));
  };
  inTurn(() => begin(course));

  return {
    id: spec.id,
    master,
    worker: () => life.worker,
    oldWorkers: () => life.old,
    reloads: () => life.reloads,
    peerAt: (path) => {
      if (path === masterSocket) return life.isBusy ? undefined : masterPeer(master, life, deps.clock);
      return workerPeerAt(path, life, table, sweep);
    },
    async die(printed) {
      if (printed !== '') await deps.print(printed);
      end({ code: null, signal: 'SIGKILL' });
    },
    sweep,
  };
}

/** What the beginning and the reloads of a group act upon. */
interface Course {
  readonly deps: GroupDeps;
  readonly life: Life;
  readonly configs: readonly string[];
  readonly isAlive: () => boolean;
  readonly fork: (texts: readonly string[]) => void;
  readonly end: (exit: ProcessExit) => void;
  readonly sweep: () => void;
}

async function begin({ deps, life, configs, isAlive, fork, end }: Course): Promise<void> {
  const slow = deps.take('start-is-slow');
  if (slow !== undefined) await deps.clock.sleep(slow.ms);
  const dies = deps.take('dies-on-start');
  const refusal =
    dies === undefined
      ? await deps.judge(configs)
      : (dies.printed ?? alert('the start was scripted to fail'));
  if (refusal === undefined) {
    const texts = await deps.read(configs);
    if (!isAlive()) return;
    fork(texts);
    life.isBusy = false;
    return;
  }
  await deps.print(refusal);
  end(failed);
}

async function reload({ deps, life, configs, isAlive, fork, sweep }: Course): Promise<void> {
  life.isBusy = true;
  const slow = deps.take('reload-is-slow');
  if (slow !== undefined) await deps.clock.sleep(slow.ms);
  const fails = deps.take('reload-fails');
  const refusal =
    fails === undefined
      ? await deps.judge(configs)
      : (fails.printed ?? alert('the reload was scripted to fail'));
  const texts = await deps.read(configs);
  if (refusal !== undefined) await deps.print(refusal);
  if (!isAlive()) return;
  life.reloads += 1;
  life.failedReloads = refusal === undefined ? 0 : life.failedReloads + 1;
  const before = life.worker;
  if (refusal === undefined && before !== undefined) {
    before.isReplaced = true;
    life.old = [...life.old, before];
    fork(texts);
    sweep();
  }
  life.isBusy = false;
}

/** One job at a time; a job that fails prints why and ends the group. */
function createTurn(deps: GroupDeps, endGroup: () => void): (job: () => Promise<void>) => void {
  let turn: Promise<void> = Promise.resolve();
  return (job) => {
    turn = turn.then(job).catch(async (thrown: unknown) => {
      await deps.print(alert(String(thrown))).catch(() => undefined);
      endGroup();
    });
  };
}

function exitBy(signal: Signal): ProcessExit {
  if (signal === 'SIGTERM' || signal === 'SIGINT') return exitOfTerm;
  return signal === 'SIGUSR1' ? { code: 0, signal: null } : { code: null, signal };
}

/** Lists the values of an option. */
export function valuesOf(argv: readonly string[], option: string): readonly string[] {
  return argv.filter((_, index) => argv[index - 1] === option);
}

/** Words as haproxy's own alerts have them. */
export function alert(text: string): string {
  return `[ALERT]    (1) : config : ${text}`;
}
