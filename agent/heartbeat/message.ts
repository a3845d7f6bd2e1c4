// The text of a heartbeat, version 3, put together from pieces so that a smaller one costs no second walk over all.
// Source: contract/heartbeat.md "Message, version 3" and "Size".

import type { HealthSample, ListenerCounters, PoolSample } from '../model/health';

export interface ListenerPiece {
  /** `"<id>":{"status":"OPEN"` without the closing brace. */
  readonly head: string;
  /** `,"stats":{…}`. */
  readonly stats: string;
}

export interface PoolPiece {
  readonly id: string;
  readonly text: string;
  /** Whether the pool and all its members are up. */
  readonly isUp: boolean;
}

export interface Pieces {
  readonly listeners: readonly ListenerPiece[];
  readonly pools: readonly PoolPiece[];
}

/** Writes the pieces of a sample; `untold` is what each listener has added since the last message. */
export type PieceWriter = (sample: HealthSample, untold: ReadonlyMap<string, ListenerCounters>) => Pieces;

/** Makes a writer that remembers pools: hardly any is other than in the last message, and sources give the same object then. */
export function createPieceWriter(): PieceWriter {
  const written = new WeakMap<PoolSample, PoolPiece>();
  const pieceOf = (id: string, pool: PoolSample): PoolPiece => {
    const known = written.get(pool);
    if (known?.id === id) return known;
    const piece = writePool(id, pool);
    written.set(pool, piece);
    return piece;
  };
  return (sample, untold) => writePieces(sample, untold, pieceOf);
}

function writePieces(
  sample: HealthSample,
  untold: ReadonlyMap<string, ListenerCounters>,
  pieceOf: (id: string, pool: PoolSample) => PoolPiece,
): Pieces {
  const listeners = [...sample.listeners].map(([id, { status, current }]) => {
    const added = untold.get(id);
    const [tx, rx] = [added?.bytesOut ?? 0, added?.bytesIn ?? 0];
    const [totconns, ereq] = [added?.connections ?? 0, added?.requestErrors ?? 0];
    return {
      head: `${JSON.stringify(id)}:{"status":${JSON.stringify(status)}`,
      stats: `,"stats":{"tx":${tx},"rx":${rx},"conns":${current},"totconns":${totconns},"ereq":${ereq}}`,
    };
  });
  // Backwards: an id repeats best near its first place, and deflate looks back no further than 32 KiB.
  const pools = [...sample.pools].reverse().map(([id, pool]) => pieceOf(id, pool));
  return { listeners, pools };
}

function writePool(id: string, { status, members }: PoolSample): PoolPiece {
  let isUp = status === 'UP';
  const texts: string[] = [];
  for (const [member, state] of members) {
    // `UP 1/3` is on its way down.
    isUp &&= state === 'UP' || state === 'no check';
    texts.push(`${JSON.stringify(member)}:${JSON.stringify(state)}`);
  }
  const text = `${JSON.stringify(id)}:{"status":${JSON.stringify(status)},"members":{${texts.join(',')}}}`;
  return { id, text, isUp };
}

export interface Frame {
  readonly amphoraId: string;
  readonly seq: number;
}

export interface Choice {
  readonly withStats: boolean;
  /** Pools that are not in it. */
  readonly leftOut: ReadonlySet<string>;
}

/** Puts a message together. */
export function composeMessage({ amphoraId, seq }: Frame, pieces: Pieces, choice: Choice): string {
  const listeners = pieces.listeners.map(({ head, stats }) =>
    choice.withStats ? `${head}${stats}}` : `${head}}`,
  );
  const kept = pieces.pools.filter(({ id }) => !choice.leftOut.has(id)).map(({ text }) => text);
  return `{"id":${JSON.stringify(amphoraId)},"seq":${seq},"listeners":{${listeners.join(',')}},"pools":{${kept.join(',')}},"ver":3}`;
}
