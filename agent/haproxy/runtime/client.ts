// Speaks haproxy's runtime API, one connection per command: the master's socket takes ten connections and closes
// after each answer. Source: HAProxy 2.6 management guide, chapter 9.3.

import type { UnixSockets } from '../../host/sockets';
import { invalidInput, isAgentError } from '../../model/errors';
import { toWorker } from './command';

export interface RuntimeClient {
  /** Sends one command and resolves with the answer. Throws `unavailable`, `timeout`, or `invalid-input` for a command that could be read as two. */
  command(text: string): Promise<string>;
}

const timeoutMs = 5_000;

/** Makes a client of the runtime (or master) socket at `path`. */
export function createRuntimeClient(sockets: UnixSockets, path: string): RuntimeClient {
  return {
    command(text) {
      // `;` separates commands, a line break ends them, `<<` opens a payload: none may come from outside.
      if (/[;\n\r\0]|<</.test(text)) throw invalidInput('the command could be read as two');
      return sockets.request(path, text, { timeoutMs });
    },
  };
}

/** Makes a client of the present worker through its master's socket, which lasts longer than any path of the worker's. */
export function createWorkerClient(sockets: UnixSockets, masterPath: string): RuntimeClient {
  const master = createRuntimeClient(sockets, masterPath);
  return { command: (text) => master.command(toWorker(text)) };
}

/** Asks, and gives undefined when nobody answered in time. */
export async function ifAnswered<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    if (isAgentError(thrown, 'unavailable') || isAgentError(thrown, 'timeout')) return undefined;
    throw thrown;
  }
}
