// The one process that is the prometheus proxy. Like haproxy it outlives the agent, and is known again by its proven
// identity.
//
// INVARIANTS:
// - callers take turns;
// - what runs is recorded, with the version that started it: an upgrade replaces it. What an agent that was killed
//   between start and record has left keeps the port, and the next one's proxy says so.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Liveness } from '../supervisor/liveness';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';
import { readProxyRecord, writeProxyRecord, type ProxyRecord } from './prometheus-proxy-record';

export interface ProxyProcess {
  /** Sees to it that it runs: adopted, or started unless it failed a moment ago. Its failure is logged, not thrown. */
  ensure(): Promise<void>;
  /** Ends it, a recorded one of a former agent too. */
  end(): Promise<void>;
  isRunning(): boolean;
  /** How often in a row it has died or not come up. */
  failures(): number;
}

export interface ProxyProcessDeps {
  readonly files: Files;
  readonly log: Log;
  readonly clock: Clock;
  readonly supervisor: Supervisor;
  readonly liveness: Pick<Liveness, 'isAlive'>;
  readonly spec: ServiceSpec;
  readonly recordPath: string;
  /** The agent's own. */
  readonly version: string;
}

const stopGraceMs = 1_000;
const longestLogBytes = 64 * 1024;

/** Makes the process's keeper; the record is read when it is first needed. */
export function createProxyProcess(deps: ProxyProcessDeps): ProxyProcess {
  const { log, clock, supervisor, liveness, files } = deps;
  let isKnown = false;
  let running: { readonly process: ServiceProcess; readonly sinceMs: number } | undefined;
  let failures = 0;
  let notBeforeMs = 0;

  async function recall(): Promise<void> {
    if (isKnown) return;
    const recorded = await livingRecord(deps);
    isKnown = true;
    if (recorded === undefined) return;
    running = { process: recorded.process, sinceMs: clock.monotonic() };
    log.info('prometheus proxy adopted', { pid: recorded.process.pid });
    // Its text may have changed, and it serves no connection that lasts.
    if (recorded.version !== deps.version) await stop();
  }

  async function stop(): Promise<void> {
    if (running === undefined) return;
    await supervisor.stop(running.process, stopGraceMs);
    log.info('prometheus proxy stopped', { pid: running.process.pid });
    running = undefined;
    await files.remove(deps.recordPath);
  }

  async function begin(): Promise<void> {
    try {
      await shortenLog(deps);
      const { process } = await supervisor.start(deps.spec);
      running = { process, sinceMs: clock.monotonic() };
      await writeProxyRecord(files, deps.recordPath, { process, version: deps.version });
      log.info('prometheus proxy started', { pid: process.pid });
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      await stop();
      failed(0, messageOf(thrown));
    }
  }

  function failed(upMs: number, error: string): void {
    running = undefined;
    const { waitMs, ...counted } = nextTry(failures, upMs);
    failures = counted.failures;
    notBeforeMs = clock.monotonic() + waitMs;
    log.warning('prometheus proxy does not run', { error, waitMs });
  }

  return {
    async ensure() {
      await recall();
      if (running !== undefined && !liveness.isAlive(running.process)) {
        failed(clock.monotonic() - running.sinceMs, 'it has ended');
      }
      if (running === undefined && clock.monotonic() >= notBeforeMs) await begin();
    },

    async end() {
      await recall();
      await stop();
      failures = 0;
      notBeforeMs = 0;
    },

    isRunning: () => running !== undefined,
    failures: () => failures,
  };
}

/** The recorded process, if it lives and is the proxy. */
async function livingRecord(deps: ProxyProcessDeps): Promise<ProxyRecord | undefined> {
  const recorded = await readProxyRecord(deps.files, deps.recordPath);
  if (recorded === undefined) return undefined;
  return (await deps.supervisor.isOurs(deps.spec, recorded.process)) ? recorded : undefined;
}

async function shortenLog({ files, spec }: ProxyProcessDeps): Promise<void> {
  if (((await files.stat(spec.logPath))?.size ?? 0) > longestLogBytes) await files.truncate(spec.logPath);
}
