// Bounds the memory that bodies take. Every body may have a little; for more it needs one of a few slots, which it
// keeps until its request is answered. While others wait for a slot, a holder whose body does not come along loses
// its own: slow uploads cannot keep a good one waiting. Source: DESIGN "Limits on volume".
//
// INVARIANTS
// - Held at once: at most `most` bodies of any accepted length, and `freeBytes` for each other connection.
// - A holder never waits, so holders always end: by their body, their answer, or the loss of their slot.

import type { Clock } from '../host/clock';

/** Bytes of a body that need no slot. */
export const freeBytes = 64 * 1024;

export interface Slot {
  /** Asks for a slot, once; exactly one of the two is called, `lost` also after `granted`. */
  ask(granted: () => void, lost: () => void): void;
  /** Notes bytes of the body. */
  progressed(bytes: number): void;
  /** Notes that the body is whole: the slot can no longer be lost. */
  whole(): void;
  /** Gives the slot back, or the place in the queue. May be called when there is neither, and again. */
  release(): void;
}

/** Makes slots for one request each; none is taken yet. */
export type Uploads = () => Slot;

// A body that brings less than 16 KiB between two looks, three times running, has stalled: some 80 KiB a second.
const lookEveryMs = 200;
const bytesBetweenLooks = 16 * 1024;
const mostSlowLooks = 3;

interface Holder {
  readonly granted: () => void;
  readonly lost: () => void;
  bytesSinceLook: number;
  slowLooks: number;
  whole: boolean;
}

/** Makes the slots, `most` at once; the others wait in the order of their calls. */
export function createUploads(clock: Clock, most: number): Uploads {
  const held = new Set<Holder>();
  const waiting = new Set<Holder>();
  let looking: AbortController | undefined;

  function grant(): void {
    for (const next of waiting) {
      if (held.size >= most) break;
      waiting.delete(next);
      held.add(next);
      next.granted();
    }
    if (waiting.size === 0) {
      looking?.abort();
      looking = undefined;
    } else if (looking === undefined) {
      for (const holder of held) Object.assign(holder, { bytesSinceLook: 0, slowLooks: 0 });
      looking = new AbortController();
      clock.every(lookEveryMs, looking.signal, look);
    }
  }

  function look(): void {
    let wanted = waiting.size;
    for (const holder of [...held].filter(({ whole }) => !whole)) {
      holder.slowLooks = holder.bytesSinceLook < bytesBetweenLooks ? holder.slowLooks + 1 : 0;
      holder.bytesSinceLook = 0;
      if (holder.slowLooks < mostSlowLooks || wanted === 0) continue;
      wanted -= 1;
      held.delete(holder);
      holder.lost();
    }
    grant();
  }

  return () => {
    let holder: Holder | undefined;
    return {
      ask(granted, lost) {
        holder = { granted, lost, bytesSinceLook: 0, slowLooks: 0, whole: false };
        waiting.add(holder);
        grant();
      },
      progressed(bytes) {
        if (holder !== undefined) holder.bytesSinceLook += bytes;
      },
      whole() {
        if (holder !== undefined) holder.whole = true;
      },
      release() {
        if (holder === undefined) return;
        held.delete(holder);
        waiting.delete(holder);
        holder = undefined;
        grant();
      },
    };
  };
}
