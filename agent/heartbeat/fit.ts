// Makes a message fit a datagram: step 1 is all of it, step 2 has no statistics but in every sixth message, step 3
// also leaves out pools whose members are all up. What fitted last is where the next one begins.
// Source: contract/heartbeat.md "Size".
//
// INVARIANTS:
// - pools are left out whole, in the order of their ids, so that the same ones are out from message to message;
// - one that is not all up, or has changed since the last message, goes out only when nothing else makes it fit: a
//   message that cannot be sent fails over the amphora.

import { longestDatagramBytes, wrapEnvelope, type Level } from './codec';
import { composeMessage, type Choice, type Frame, type Pieces, type PoolPiece } from './message';

export type Step = 1 | 2 | 3;

export interface Fitted {
  readonly envelope: Buffer;
  readonly step: Step;
  readonly withStats: boolean;
  /** How many pools are not in it. */
  readonly leftOut: number;
}

export interface Fitting {
  /** Fits a message. Undefined when not even its listeners alone fit. `mayTell` is false when no statistics may be told. */
  fit(frame: Frame, pieces: Pieces, key: string, mayTell?: boolean): Fitted | undefined;
  /** Says that it was sent: what it tells is no change any more. */
  sent(fitted: Fitted, pieces: Pieces): void;
}

export const statsEvery = 6;
// Each comes most of the way that is left; after these nothing is tried in between.
const mostRounds = 10;

interface Trial {
  readonly envelope: Buffer;
  readonly leftOut: number;
}

/** Makes the memory of what fitted. */
export function createFitting(mostBytes = longestDatagramBytes): Fitting {
  const packer = createPacker(mostBytes);
  let step: Step = 1;
  /** Messages since one had statistics. */
  let sinceStats = 0;
  let told = new Map<string, string>();

  const isTurnOfStats = (): boolean => sinceStats + 1 >= statsEvery;

  function atStep(at: Step, job: Job, mayTell: boolean): Fitted | undefined {
    const withStats = mayTell && (at === 1 || isTurnOfStats());
    const isCut = at === 3 || (at === 2 && withStats);
    const trial = isCut
      ? packer.cut(job, inOrder(job.pieces.pools, told), withStats)
      : packer.whole(job, withStats);
    return trial && { ...trial, step: at, withStats };
  }

  /** The lowest step worth trying: one below the last when the text has shrunk so far that it will fit. */
  function firstStep(job: Job): Step {
    if (step > 1 && packer.estimate(job, true) < 0.97 * mostBytes) return 1;
    return step === 3 && packer.estimate(job, false) < 0.97 * mostBytes ? 2 : step;
  }

  function lowest(job: Job, mayTell: boolean): Fitted | undefined {
    const first = firstStep(job);
    if (first < step) packer.useLevel(1);
    for (const at of [1, 2, 3] as const) {
      if (at < first) continue;
      let fitted = atStep(at, job, mayTell);
      // Some 3 % smaller, for three times the CPU.
      if (fitted === undefined && packer.useLevel(9)) fitted = atStep(at, job, mayTell);
      if (fitted === undefined) continue;
      step = at;
      if (at === 1 && fitted.envelope.length < 0.9 * mostBytes) packer.useLevel(1);
      return fitted;
    }
    return undefined;
  }

  return {
    fit(frame, pieces, key, mayTell = true) {
      const job = { frame, pieces, key };
      const fitted = lowest(job, mayTell);
      if (fitted !== undefined || !mayTell || !isTurnOfStats()) return fitted;
      // Statistics that fit no datagram must not keep the amphora silent; they are tried again in their next turn.
      sinceStats = 0;
      return lowest(job, false);
    },
    sent(fitted, pieces) {
      sinceStats = fitted.withStats ? 0 : sinceStats + 1;
      told = new Map(pieces.pools.map(({ id, text }) => [id, text]));
    },
  };
}

interface Job {
  readonly frame: Frame;
  readonly pieces: Pieces;
  readonly key: string;
}

interface Packer {
  /** A message with all pools, when that fits. */
  whole(job: Job, withStats: boolean): Trial | undefined;
  /** One without as many pools of `order` as it takes, beginning with as many as it took last. */
  cut(job: Job, order: readonly PoolPiece[], withStats: boolean): Trial | undefined;
  /** How many bytes all of it would take, about. */
  estimate(job: Job, withStats: boolean): number;
  /** Changes zlib's level; false when it was that one. */
  useLevel(wanted: Level): boolean;
}

function createPacker(mostBytes: number): Packer {
  let level: Level = 1;
  /** Envelope bytes for each byte of text, as last seen. */
  let density = 0;
  const counts = { withStats: 0, without: 0 };

  function wrap({ frame, pieces, key }: Job, choice: Choice): Buffer {
    const text = composeMessage(frame, pieces, choice);
    const envelope = wrapEnvelope(text, key, level);
    density = envelope.length / text.length;
    return envelope;
  }

  return {
    useLevel(wanted) {
      const isNew = level !== wanted;
      level = wanted;
      return isNew;
    },
    estimate: ({ pieces }, withStats) => lengthOf(pieces, withStats) * density,
    whole(job, withStats) {
      const envelope = wrap(job, { withStats, leftOut: new Set() });
      return envelope.length <= mostBytes ? { envelope, leftOut: 0 } : undefined;
    },
    cut(job, order, withStats) {
      const name = withStats ? 'withStats' : 'without';
      let count = Math.min(counts[name], order.length);
      for (let round = 1; ; round += 1) {
        const leftOut = new Set(order.slice(0, count).map(({ id }) => id));
        const envelope = wrap(job, { withStats, leftOut });
        const excess = envelope.length - mostBytes;
        const each = Math.max(1, averageLength(order) * density);
        if (excess <= 0) {
          // More of them next time, when there is room for several: else the set would flap.
          counts[name] = -excess > 4 * each ? Math.max(0, count - Math.floor(-excess / each) + 2) : count;
          return { envelope, leftOut: count };
        }
        if (count === order.length) return undefined;
        const more = Math.ceil(excess / each) + 1;
        count = round < mostRounds ? Math.min(order.length, count + more) : order.length;
      }
    },
  };
}

/** Those first that a controller misses least. */
function inOrder(pools: readonly PoolPiece[], told: ReadonlyMap<string, string>): readonly PoolPiece[] {
  const byId = [...pools].sort((a, b) => (a.id < b.id ? -1 : 1));
  const isPlain = ({ id, text, isUp }: PoolPiece): boolean => isUp && (told.get(id) ?? text) === text;
  return [...byId.filter(isPlain), ...byId.filter((pool) => !isPlain(pool))];
}

/** The length of a whole message, but for its frame. */
function lengthOf({ listeners, pools }: Pieces, withStats: boolean): number {
  let length = 0;
  for (const { head, stats } of listeners) length += head.length + (withStats ? stats.length : 0) + 2;
  for (const { text } of pools) length += text.length + 1;
  return length;
}

function averageLength(pools: readonly PoolPiece[]): number {
  return pools.reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, pools.length);
}
