// One question to a fake haproxy and its answer, as the runtime API asks: a path is a group's, or it is the real host's
// affair.

import type { Clock } from '../../host/clock';
import { refuseLine } from '../../host/node/stream-exchange';
import type { StreamSockets } from '../../host/sockets';
import { silence, type Peer } from './peers';

export interface FakeStreamsDeps {
  readonly real: StreamSockets;
  readonly clock: Clock;
  /** Who of ours answers at a path. */
  readonly peerAt: (path: string) => Peer | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes the sockets. */
export function createFakeStreams({ real, clock, peerAt }: FakeStreamsDeps): StreamSockets {
  return {
    async exchange(at, line, options) {
      const peer = at.type === 'unix' ? peerAt(at.path) : undefined;
      if (peer === undefined) return real.exchange(at, line, options);
      refuseLine(line);
      const { timeoutMs, maxBytes = defaultMaxBytes } = options;
      const answer = peer.answer(line);
      if (answer === undefined) return { ok: false, why: 'failed', errno: 'ECONNREFUSED' };
      if (answer === silence) {
        await clock.sleep(timeoutMs);
        return { ok: false, why: 'late', while: 'waiting' };
      }
      return Buffer.byteLength(answer) > maxBytes ? { ok: false, why: 'too long' } : { ok: true, answer };
    },
  };
}
