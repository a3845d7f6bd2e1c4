// What controllers have been told of listeners' counters, so that each message carries what was added since: neither
// a restart nor a crash repeats anything. Source: contract/heartbeat.md "Counters over reloads and crashes".
//
// INVARIANTS:
// - what a message tells is on disk as told before it is sent: a crash in between loses it, and nothing is told twice;
// - one file holds this and the ledger of workers, so the two never disagree;
// - a file that cannot be trusted is put aside by starting anew: what living workers have counted until then is not told.

import { join } from 'node:path';
import { validators } from '../generated/validators';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import type { System } from '../host/system';
import { messageOf } from '../model/errors';
import type { HealthSample, ListenerCounters } from '../model/health';
import { readFormerCounters } from './former-counters';
import {
  countersOf,
  figuresOf,
  growth,
  type Figures,
  type LedgerEntries,
  type WorkerLedger,
} from './worker-ledger';

export interface Statistics {
  /** Reads, once, what was told before this agent began; before anything is sampled. Never throws for the file. */
  load(): Promise<void>;
  isLoaded(): boolean;
  /** What each listener has added since it was last told. */
  untold(sample: HealthSample): ReadonlyMap<string, ListenerCounters>;
  /** Records all of a sample as told, durably; false when that could not be written: it must then not be told. */
  tell(sample: HealthSample): Promise<boolean>;
  /** Takes the last `tell` back: the message could not be sent. */
  takeBack(): void;
  /** Writes down what the ledger has; false when that could not be written. */
  keep(): Promise<boolean>;
}

export interface StatisticsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly system: Pick<System, 'bootId' | 'processId'>;
  readonly runner: Pick<ProcessRunner, 'glance'>;
  readonly basePath: string;
  readonly ledger: WorkerLedger;
}

interface Stored extends LedgerEntries {
  readonly schema: 1;
  readonly bootId: string;
  readonly reported: Readonly<Record<string, Figures>>;
}

// Of listeners that are not sampled now; far above what a message can carry.
const mostRemembered = 8_192;
const nothing: Figures = [0, 0, 0, 0];

/** Makes the book over `<base>/stats_counters.json`. */
export function createStatistics(deps: StatisticsDeps): Statistics {
  const { system, ledger } = deps;
  const path = join(deps.basePath, 'stats_counters.json');
  let reported = new Map<string, Figures>();
  let before = reported;
  let bootId = '';
  let isLoaded = false;
  const keep = createKeeper(deps, path, () => ({
    schema: 1,
    bootId,
    reported: Object.fromEntries(reported),
    ...ledger.entries(),
  }));

  return {
    keep,
    isLoaded: () => isLoaded,
    async load() {
      if (isLoaded) return;
      bootId = await system.bootId();
      const stored = await readStored(deps, path);
      if (stored === undefined || !('totals' in stored)) {
        reported = beginAnew(deps, stored ?? new Map<string, Figures>());
        // A former agent's file stays until there is something to tell in its place.
        if (stored === undefined) await keep();
        isLoaded = true;
        return;
      }
      reported = new Map(Object.entries(stored.reported));
      // No process outlives a boot; what they have served stays.
      ledger.load(
        stored.bootId === bootId ? alive(deps, stored) : { ...stored, sinceTicks: '0', workers: [] },
      );
      isLoaded = true;
    },
    untold(sample) {
      for (const id of ledger.takeDropped()) reported.delete(id);
      return new Map(
        [...sample.listeners].map(([id, { counters }]) => [
          id,
          countersOf(
            counters === undefined ? nothing : growth(reported.get(id) ?? nothing, figuresOf(counters)),
          ),
        ]),
      );
    },
    async tell(sample) {
      before = reported;
      reported = figuresIn(sample);
      // One that cannot be sampled now comes back with all that it has counted meanwhile.
      for (const [id, figures] of before) {
        if (!reported.has(id) && reported.size < mostRemembered) reported.set(id, figures);
      }
      const kept = await keep();
      if (!kept) reported = before;
      return kept;
    },
    takeBack: () => {
      reported = before;
    },
  };
}

/** Gives what was told already: by a former agent, or nothing. */
function beginAnew(
  { runner, system, ledger }: StatisticsDeps,
  former: ReadonlyMap<string, Figures>,
): Map<string, Figures> {
  // Workers of before may have been counted by an agent whose book is lost.
  const sinceTicks = runner.glance(system.processId())?.startTicks ?? '0';
  ledger.load({ sinceTicks, totals: {}, workers: [] });
  ledger.continueFrom(former);
  return new Map(former);
}

/** The figures of all whose counters are known. */
function figuresIn({ listeners }: HealthSample): Map<string, Figures> {
  const known = new Map<string, Figures>();
  for (const [id, { counters }] of listeners) if (counters !== undefined) known.set(id, figuresOf(counters));
  return known;
}

/** Writes one after the other; each write has what holds when it begins. */
function createKeeper(
  { files, log }: StatisticsDeps,
  path: string,
  content: () => Stored,
): () => Promise<boolean> {
  let isFailing = false;
  let writing: Promise<unknown> = Promise.resolve();
  async function write(): Promise<boolean> {
    try {
      await files.writeAtomic(path, JSON.stringify(content()), 0o600);
      if (isFailing) log.info('statistics are kept again', { path });
      isFailing = false;
    } catch (thrown) {
      if (!isFailing)
        log.error('statistics cannot be kept, none are sent', { path, error: messageOf(thrown) });
      isFailing = true;
    }
    return !isFailing;
  }
  return () => {
    const mine = writing.then(write);
    writing = mine;
    return mine;
  };
}

function alive({ runner }: StatisticsDeps, stored: Stored): LedgerEntries {
  const workers = stored.workers.filter(
    ({ pid, startTicks }) => runner.glance(pid)?.startTicks === startTicks,
  );
  return { ...stored, workers };
}

async function readStored(
  { files, log }: StatisticsDeps,
  path: string,
): Promise<Stored | ReadonlyMap<string, Figures> | undefined> {
  try {
    const text = await files.readText(path);
    if (text === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    if (validators['stats-counters'](value)) return value as Stored;
    const former = readFormerCounters(value);
    if (former !== undefined) {
      log.info('statistics of the former agent are continued', { path, listeners: former.size });
      return former;
    }
    log.warning('stored statistics are none of ours and begin anew', { path });
  } catch (thrown) {
    log.warning('stored statistics cannot be read and begin anew', { path, error: messageOf(thrown) });
  }
  return undefined;
}
