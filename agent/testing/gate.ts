// Ends what an agent of this process still does when it was stopped: a call whose client has gone is answered to nobody,
// but goes on to start its haproxy and to write its files. In a process of its own, the end of the process stops that.

import type { AgentHost } from '../boot/wire-host';
import { AgentError } from '../model/errors';

export interface Gate<H> {
  /** The host; files are changed and haproxy is started only until the gate is closed. */
  readonly host: H;
  /** Refuses from now on, and resolves when what had been let through is done, or is late. */
  close(): Promise<void>;
}

const lateMs = 2_000;

/** Puts a gate before a host; one for each life. */
export function createGate<H extends AgentHost>(host: H): Gate<H> {
  const underWay = new Set<Promise<unknown>>();
  let isClosed = false;
  const through = <T>(call: () => Promise<T>): Promise<T> => {
    if (isClosed) return Promise.reject(new AgentError('unavailable', 'the agent was stopped meanwhile'));
    const done = call();
    underWay.add(done);
    const forget = (): unknown => underWay.delete(done);
    done.then(forget, forget);
    return done;
  };
  const { runner, files, clock } = host;
  return {
    host: {
      ...host,
      files: {
        ...files,
        writeAtomic: (...given) => through(() => files.writeAtomic(...given)),
        makeDirectory: (...given) => through(() => files.makeDirectory(...given)),
        changeMode: (...given) => through(() => files.changeMode(...given)),
        rename: (...given) => through(() => files.rename(...given)),
        remove: (...given) => through(() => files.remove(...given)),
        truncate: (...given) => through(() => files.truncate(...given)),
      },
      runner: {
        ...runner,
        startDetached: (argv, options) => through(() => runner.startDetached(argv, options)),
      },
    },
    async close() {
      isClosed = true;
      const ended = new AbortController();
      const late = clock.sleep(lateMs, ended.signal).catch(() => undefined);
      await Promise.race([Promise.allSettled(underWay), late]);
      ended.abort();
    },
  };
}
