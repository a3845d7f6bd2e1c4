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

interface Trial {
  readonly envelope: Buffer;
  readonly leftOut: number;
}

/** Makes the memory of what fitted. */
export function createFitting(mostBytes = longestDatagramBytes): Fitting {
  let step: Step = 1;
  let level: Level = 1;
  /** Envelope bytes for each byte of text, as last seen. */
  let density = 0;
  /** Messages since one had statistics. */
  let sinceStats = 0;
  const cuts = { withStats: 0, without: 0 };
  let told = new Map<string, string>();

  function wrap(frame: Frame, pieces: Pieces, key: string, choice: Choice): Buffer {
    const text = composeMessage(frame, pieces, choice);
    const envelope = wrapEnvelope(text, key, level);
    density = envelope.length / text.length;
    return envelope;
  }

  /** Leaves out as many pools as it takes, beginning with as many as it took last. */
  function cut(
    frame: Frame,
    pieces: Pieces,
    key: string,
    order: readonly PoolPiece[],
    withStats: boolean,
  ): Trial | undefined {
    const name = withStats ? 'withStats' : 'without';
    let count = Math.min(cuts[name], order.length);
    // Each round comes some 97 % closer; the last one leaves all out.
    for (let round = 0; round < 12; round += 1) {
      const leftOut = new Set(order.slice(0, count).map(({ id }) => id));
      const envelope = wrap(frame, pieces, key, { withStats, leftOut });
      const excess = envelope.length - mostBytes;
      const each = Math.max(1, averageLength(order) * density);
      if (excess <= 0) {
        // Next time with more of them, when there is room for several: else the set would flap.
        cuts[name] = -excess > 4 * each ? Math.max(0, count - Math.floor(-excess / each) + 2) : count;
        return { envelope, leftOut: count };
      }
      if (count === order.length) return undefined;
      count = round === 10 ? order.length : Math.min(order.length, count + Math.ceil(excess / each) + 1);
    }
    return undefined;
  }

  function whole(frame: Frame, pieces: Pieces, key: string, withStats: boolean): Trial | undefined {
    const envelope = wrap(frame, pieces, key, { withStats, leftOut: new Set() });
    return envelope.length <= mostBytes ? { envelope, leftOut: 0 } : undefined;
  }

  /** The lowest step worth trying: one below the last when the text has shrunk so far that it will fit. */
  function firstStep(frame: Frame, pieces: Pieces): Step {
    if (density === 0) return 1;
    const bytes = (withStats: boolean): number =>
      composeMessage(frame, pieces, { withStats, leftOut: new Set() }).length * density;
    if (step > 1 && bytes(true) < 0.97 * mostBytes) return 1;
    return step === 3 && bytes(false) < 0.97 * mostBytes ? 2 : step;
  }

  function atStep(at: Step, frame: Frame, pieces: Pieces, key: string, mayTell: boolean): Fitted | undefined {
    const withStats = mayTell && (at === 1 || sinceStats + 1 >= statsEvery);
    const cutting = at === 3 || (at === 2 && withStats);
    const trial = cutting
      ? cut(frame, pieces, key, inOrder(pieces.pools, told), withStats)
      : whole(frame, pieces, key, withStats);
    return trial && { ...trial, step: at, withStats };
  }

  function search(frame: Frame, pieces: Pieces, key: string, mayTell: boolean): Fitted | undefined {
    const first = firstStep(frame, pieces);
    if (first < step) level = 1;
    for (const at of [1, 2, 3] as const) {
      if (at < first) continue;
      const fitted = atStep(at, frame, pieces, key, mayTell);
      if (fitted !== undefined) return fitted;
      if (level === 1) {
        // Half as much CPU again, for some 3 % less.
        level = 9;
        const smaller = atStep(at, frame, pieces, key, mayTell);
        if (smaller !== undefined) return smaller;
      }
    }
    return undefined;
  }

  return {
    fit(frame, pieces, key, mayTell = true) {
      const fitted = search(frame, pieces, key, mayTell);
      if (fitted === undefined) return undefined;
      step = fitted.step;
      if (step === 1 && fitted.envelope.length < 0.9 * mostBytes) level = 1;
      return fitted;
    },
    sent(fitted, pieces) {
      sinceStats = fitted.withStats ? 0 : sinceStats + 1;
      told = new Map(pieces.pools.map(({ id, text }) => [id, text]));
    },
  };
}

/** Those first that a controller misses least. */
function inOrder(pools: readonly PoolPiece[], told: ReadonlyMap<string, string>): readonly PoolPiece[] {
  const byId = [...pools].sort((a, b) => (a.id < b.id ? -1 : 1));
  const isPlain = ({ id, text, isUp }: PoolPiece): boolean => isUp && (told.get(id) ?? text) === text;
  return [...byId.filter(isPlain), ...byId.filter((pool) => !isPlain(pool))];
}

function averageLength(pools: readonly PoolPiece[]): number {
  return pools.reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, pools.length);
}
