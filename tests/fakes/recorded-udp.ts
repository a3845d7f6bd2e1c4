// UDP that keeps what was sent, and carries it to whoever listens on this fake.

import { AgentError } from '../../agent/model/errors';
import type { Udp, UdpAddress } from '../../agent/host/sockets';

export interface Sent {
  readonly target: UdpAddress;
  readonly payload: Buffer;
}

export interface RecordedUdp extends Udp {
  readonly sent: readonly Sent[];
  /** Has every send, or those to one address, fail with this errno; undefined: they go out again. */
  fail(errno: string | undefined, to?: string): void;
  /** Hands a datagram to the listener of a port, as from somewhere. */
  deliver(port: number, payload: Buffer, from?: UdpAddress): void;
}

const longestBytes = 65_507;
const nameOf = ({ address, port, zone }: UdpAddress): string => {
  const host = zone === undefined ? address : `${address}%${zone}`;
  return address.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
};

/** Makes a recorded UDP. */
export function createRecordedUdp(): RecordedUdp {
  const sent: Sent[] = [];
  const listeners = new Map<number, (payload: Buffer, from: UdpAddress) => void>();
  let failing: { readonly errno: string | undefined; readonly to: string | undefined } | undefined;
  const someone = { address: '127.0.0.1', port: 40_000 };
  return {
    sent,
    fail: (errno, to) => void (failing = { errno, to }),
    deliver: (port, payload, from = someone) => listeners.get(port)?.(payload, from),
    async send(target, payload) {
      await Promise.resolve();
      const isMeant = failing?.to === undefined || failing.to === target.address;
      const errno = payload.length > longestBytes ? 'EMSGSIZE' : isMeant ? failing?.errno : undefined;
      if (errno !== undefined)
        throw new AgentError('unavailable', `no datagram to ${nameOf(target)}: ${errno}`);
      sent.push({ target, payload: Buffer.from(payload) });
      listeners.get(target.port)?.(Buffer.from(payload), someone);
    },
    async listen(at, receive) {
      await Promise.resolve();
      const port = at.port === 0 ? 50_000 + listeners.size : at.port;
      if (listeners.has(port)) {
        throw new AgentError('unavailable', `cannot listen on ${nameOf(at)}: EADDRINUSE`);
      }
      listeners.set(port, receive);
      return {
        port,
        close: () => {
          listeners.delete(port);
          return Promise.resolve();
        },
      };
    },
  };
}
