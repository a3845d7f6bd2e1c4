// Bounds the memory that bodies take, by the bytes that are held and not by how many uploads there are: what comes
// slowly holds little, so slow uploads cannot keep a good one waiting. When the memory is used up, readers pause; while
// they do, a body that holds memory and does not come along is given up. Source: DESIGN "Limits on volume".
//
// INVARIANTS
// - Held at once: `mostBytes`, one body more, a chunk for each that waits, and `freeBytes` of each connection.
// - Whoever waits goes on: when memory is freed, when a stalled body is given up, or, when all of them wait, the first
//   of them beyond the bound.

import type { Clock } from '../host/clock';

/** Bytes of a body that are not counted: small requests never wait. */
export const freeBytes = 64 * 1024;

/** The part of one request in the memory for bodies. */
export interface Share {
  /** Says what to call when the reader may go on, and when its body is given up. */
  begin(calls: { readonly goOn: () => void; readonly lost: () => void }): void;
  /** Counts bytes that have come. False: no more may be read until `goOn`. */
  take(bytes: number): boolean;
  /** Notes that the body is whole: it can no longer be given up. */
  whole(): void;
  /** Frees what was held. May be called again. */
  release(): void;
}

/** Makes the share of one request; it holds nothing yet. */
export type Uploads = () => Share;

// A body that brings less than 8 KiB between two looks, three times running, has stalled: some 80 KiB a second.
const lookEveryMs = 100;
const bytesBetweenLooks = 8 * 1024;
const mostSlowLooks = 3;

interface Holder {
  calls: { readonly goOn: () => void; readonly lost: () => void } | undefined;
  bytes: number;
  bytesSinceLook: number;
  slowLooks: number;
  waiting: boolean;
  whole: boolean;
  /** Goes on beyond the bound, so that all do not wait for each other. */
  beyond: boolean;
}

const counted = ({ bytes }: Holder): number => Math.max(0, bytes - freeBytes);

function newHolder(): Holder {
  return {
    calls: undefined,
    bytes: 0,
    bytesSinceLook: 0,
    slowLooks: 0,
    waiting: false,
    whole: false,
    beyond: false,
  };
}

/** Takes one look at what a body has brought since the last. */
function hasStalled(holder: Holder): boolean {
  holder.slowLooks = holder.bytesSinceLook < bytesBetweenLooks ? holder.slowLooks + 1 : 0;
  holder.bytesSinceLook = 0;
  return holder.slowLooks >= mostSlowLooks;
}

/** Makes the memory for bodies. */
export function createUploads(clock: Clock, mostBytes: number): Uploads {
  const holders = new Set<Holder>();
  let looking: AbortController | undefined;

  const held = (): number => [...holders].reduce((sum, holder) => sum + counted(holder), 0);
  const waiting = (): readonly Holder[] => [...holders].filter((holder) => holder.waiting);

  function goOn(holder: Holder): void {
    Object.assign(holder, { waiting: false, bytesSinceLook: 0, slowLooks: 0 });
    holder.calls?.goOn();
  }

  function serve(): void {
    for (const holder of waiting()) if (held() < mostBytes) goOn(holder);
    const [first] = waiting();
    if (first !== undefined && [...holders].every((each) => each.waiting || counted(each) === 0)) {
      first.beyond = true;
      goOn(first);
    }
    if (waiting().length === 0) {
      looking?.abort();
      looking = undefined;
    } else if (looking === undefined) startLooking();
  }

  function startLooking(): void {
    for (const holder of holders) Object.assign(holder, { bytesSinceLook: 0, slowLooks: 0 });
    looking = new AbortController();
    clock.every(lookEveryMs, looking.signal, look);
  }

  function look(): void {
    for (const holder of [...holders].filter((each) => !each.waiting && !each.whole && counted(each) > 0)) {
      if (!hasStalled(holder)) continue;
      holders.delete(holder);
      holder.calls?.lost();
    }
    serve();
  }

  return () => {
    const holder = newHolder();
    return {
      begin(calls) {
        holder.calls = calls;
        holders.add(holder);
      },
      take(bytes) {
        holder.bytes += bytes;
        holder.bytesSinceLook += bytes;
        if (holder.beyond || counted(holder) === 0 || held() <= mostBytes) return true;
        holder.waiting = true;
        // Later: the caller has to pause before it can go on.
        queueMicrotask(serve);
        return false;
      },
      whole() {
        holder.whole = true;
        holder.waiting = false;
      },
      release() {
        if (holders.delete(holder)) serve();
      },
    };
  };
}
