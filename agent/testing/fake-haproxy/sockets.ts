// haproxy's sockets in memory: a path is a group's, or it is the real host's affair.

import type { Clock } from '../../host/clock';
import { answerTimeout, answerTooLong, noAnswer, refuseRequest } from '../../host/node/socket-errors';
import type { UnixConversation, UnixSockets } from '../../host/sockets';
import { silence, type Peer } from './peers';

export interface FakeSocketsDeps {
  readonly real: UnixSockets;
  readonly clock: Clock;
  /** Who of ours answers at a path. */
  readonly peerAt: (path: string) => Peer | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes the sockets. */
export function createFakeSockets({ real, clock, peerAt }: FakeSocketsDeps): UnixSockets {
  return {
    ...real,
    async request(path, line, options) {
      refuseRequest(path, line);
      const peer = peerAt(path);
      if (peer === undefined) return real.request(path, line, options);
      const { timeoutMs, maxBytes = defaultMaxBytes } = options;
      const said = peer.answer(line);
      if (said === undefined) throw noAnswer(path, { code: 'ECONNREFUSED' });
      if (said === silence) {
        await clock.sleep(timeoutMs);
        throw answerTimeout(path, timeoutMs);
      }
      if (Buffer.byteLength(said) > maxBytes) throw answerTooLong(path, maxBytes);
      return said;
    },
    async converse(path, prompt) {
      refuseRequest(path, '');
      const peer = peerAt(path);
      if (peer === undefined) return real.converse(path, prompt);
      return converse(path, peer, clock);
    },
  };
}

function converse(path: string, peer: Peer, clock: Clock): UnixConversation {
  const over = new AbortController();
  const gone = (): Error => noAnswer(path, { code: 'EPIPE' });
  let turn: Promise<unknown> = Promise.resolve();
  peer.talks(1);

  const close = (): void => {
    if (over.signal.aborted) return;
    over.abort();
    peer.talks(-1);
  };
  const exchange = async (line: string, timeoutMs: number): Promise<string> => {
    if (over.signal.aborted) throw gone();
    const said = peer.answer(line);
    if (said === undefined) {
      close();
      throw gone();
    }
    if (said !== silence) return said;
    await clock.sleep(timeoutMs, over.signal).catch(() => {
      throw gone();
    });
    throw answerTimeout(path, timeoutMs);
  };
  const ask: UnixConversation['ask'] = (line, timeoutMs) => {
    refuseRequest(path, line);
    const mine = turn.then(() => exchange(line, timeoutMs));
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    ask: async (line, timeoutMs) => ask(line, timeoutMs),
    read: async (line, timeoutMs, read) => read(Buffer.from(await ask(line, timeoutMs))),
    close,
  };
}
