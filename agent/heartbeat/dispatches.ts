// What became of the heartbeats to each controller, for whoever asks: a view over the datagrams that leave.

import type { Clock } from '../host/clock';
import type { Udp } from '../host/sockets';
import { messageOf } from '../model/errors';
import type { ControllerStatus } from '../model/status';
import type { Target } from './targets';

export interface Dispatches {
  /** Sends as the one beneath does, and notes it. */
  readonly udp: Udp;
  /** What is known of these controllers, in their order. */
  of(targets: readonly Target[]): readonly ControllerStatus[];
}

interface Dispatched {
  readonly sent: number;
  /** Monotonic. */
  readonly lastMs: number | null;
  readonly error: string | null;
}

const none: Dispatched = { sent: 0, lastMs: null, error: null };
// Lists of controllers change while the agent runs.
const mostKnown = 256;

/** Makes the book over a sender of datagrams. */
export function createDispatches(udp: Udp, clock: Clock): Dispatches {
  const book = new Map<string, Dispatched>();
  const note = (target: Target, change: (before: Dispatched) => Dispatched): void => {
    const name = nameOf(target);
    const before = book.get(name) ?? none;
    book.delete(name);
    book.set(name, change(before));
    const [oldest] = book.keys();
    if (book.size > mostKnown && oldest !== undefined) book.delete(oldest);
  };
  return {
    udp: {
      listen: (at, receive) => udp.listen(at, receive),
      async send(target, payload) {
        try {
          await udp.send(target, payload);
        } catch (thrown) {
          note(target, (before) => ({ ...before, error: messageOf(thrown) }));
          throw thrown;
        }
        note(target, ({ sent }) => ({ sent: sent + 1, lastMs: clock.monotonic(), error: null }));
      },
    },
    of: (targets) =>
      targets.map((target) => {
        const { sent, lastMs, error } = book.get(nameOf(target)) ?? none;
        const lastSentS = lastMs === null ? null : Math.round((clock.monotonic() - lastMs) / 100) / 10;
        return { name: nameOf(target), sent, lastSentS, error };
      }),
  };
}

function nameOf({ address, port, zone }: Target): string {
  const scoped = zone === undefined ? address : `${address}%${zone}`;
  return address.includes(':') ? `[${scoped}]:${port}` : `${scoped}:${port}`;
}
