// Starts parts in order and stops them in reverse, each with a deadline. A part that fails to start takes those
// before it down again.

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { messageOf } from '../model/errors';

export interface Part {
  readonly name: string;
  /** Milliseconds that stopping may take before the others go on without it. */
  readonly stopMs: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Lifecycle {
  /** Starts all parts. Throws what the failing one threw, when the others are down again. */
  start(): Promise<void>;
  /** Stops all started parts once; later calls wait for the first. Never throws. */
  stop(): Promise<void>;
}

/** Makes a lifecycle of parts, in the order of their start. */
export function createLifecycle(
  { log, clock }: { log: Log; clock: Clock },
  parts: readonly Part[],
): Lifecycle {
  const running: Part[] = [];
  let stopping: Promise<void> | undefined;

  async function stopRunning(): Promise<void> {
    for (const part of running.splice(0).reverse()) await stopPart(part);
  }

  async function stopPart(part: Part): Promise<void> {
    const aborter = new AbortController();
    const late = clock.sleep(part.stopMs, aborter.signal).then(
      () => log.warning('part does not stop in time', { part: part.name }),
      () => undefined,
    );
    const stopped = part
      .stop()
      .catch((thrown: unknown) =>
        log.error('part fails to stop', { part: part.name, error: messageOf(thrown) }),
      );
    await Promise.race([stopped, late]);
    aborter.abort();
  }

  return {
    async start() {
      for (const part of parts) {
        try {
          await part.start();
          running.push(part);
        } catch (thrown) {
          await stopRunning();
          throw thrown;
        }
      }
    },
    stop() {
      stopping ??= stopRunning();
      return stopping;
    },
  };
}
