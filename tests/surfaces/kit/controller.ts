// A controller's ear: a UDP socket that takes heartbeats, verifies and keeps them, and adds up what they tell.

import { createSocket } from 'node:dgram';
import { unwrapEnvelope } from '../../../agent/heartbeat/codec';

export interface HeardListener {
  readonly status: string;
  readonly stats?: {
    readonly tx: number;
    readonly rx: number;
    readonly conns: number;
    readonly totconns: number;
    readonly ereq: number;
  };
}

export interface Heard {
  /** Milliseconds on the monotonic clock. */
  readonly atMs: number;
  readonly bytes: number;
  /** The key it verified with; undefined: none of those known. */
  readonly key: string | undefined;
  readonly id: string;
  readonly seq: number;
  readonly ver: number;
  readonly listeners: Readonly<Record<string, HeardListener>>;
  readonly pools: Readonly<
    Record<string, { readonly status: string; readonly members: Readonly<Record<string, string>> }>
  >;
}

export interface Controller {
  readonly port: number;
  readonly heard: readonly Heard[];
  /** What all messages so far have added for a listener: tx, rx, totconns, ereq. */
  sum(listener: string): Readonly<Record<'tx' | 'rx' | 'totconns' | 'ereq', number>>;
  close(): Promise<void>;
}

/** Starts one that knows these keys. */
export async function startController(...keys: readonly string[]): Promise<Controller> {
  const heard: Heard[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (envelope) => {
    const atMs = performance.now();
    for (const key of keys) {
      try {
        const message = unwrapEnvelope(envelope, key) as Omit<Heard, 'atMs' | 'bytes' | 'key'>;
        heard.push({ ...message, key, atMs, bytes: envelope.length });
        return;
      } catch {
        // Of another key.
      }
    }
    heard.push({
      id: '',
      seq: -1,
      ver: 0,
      listeners: {},
      pools: {},
      key: undefined,
      atMs,
      bytes: envelope.length,
    });
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    heard,
    sum(listener) {
      const all = { tx: 0, rx: 0, totconns: 0, ereq: 0 };
      for (const { listeners } of heard) {
        const stats = listeners[listener]?.stats;
        if (stats === undefined) continue;
        for (const name of ['tx', 'rx', 'totconns', 'ereq'] as const) all[name] += stats[name];
      }
      return all;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
