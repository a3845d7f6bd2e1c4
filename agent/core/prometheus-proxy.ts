// Keeps the prometheus proxy (companions/prometheus-proxy) running while a running configuration asks for it: a
// process of its own, because it must be in haproxy's network namespace. Like haproxy it outlives the agent, and is
// known again by its proven identity.
//
// INVARIANTS:
// - one settling at a time; each looks at what is wanted then;
// - what runs is recorded, with the version that started it: an upgrade replaces it, an agent that was killed between
//   start and record leaves one that holds the port, and the next one says so.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import type { Liveness } from '../supervisor/liveness';
import { nextTry } from '../supervisor/restart-policy';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';
import { createGate } from './gate';
import { readProxyRecord, writeProxyRecord } from './prometheus-proxy-record';

export interface PrometheusProxy {
  /** Takes note whether a load balancer that runs needs the proxy. */
  want(id: LoadBalancerId, isWanted: boolean): void;
  /** Begins to act on what is wanted, once every load balancer was restored. */
  start(): void;
  /** Ends acting; the proxy goes on. */
  stop(): void;
  /** Ends the proxy as well. */
  end(): Promise<void>;
  findings(): readonly Finding[];
}

export interface PrometheusProxyDeps {
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

const lookMs = 2_000;
const stopGraceMs = 1_000;
const longestLogBytes = 64 * 1024;

interface Running {
  readonly process: ServiceProcess;
  readonly sinceMs: number;
}

/** Makes the keeper; it acts from `start` on. */
export function createPrometheusProxyKeeper(deps: PrometheusProxyDeps): PrometheusProxy {
  const { log, clock, supervisor, liveness, spec, files } = deps;
  const wanting = new Set<LoadBalancerId>();
  const gate = createGate<'proxy'>();
  let acting: AbortController | undefined;
  let isKnown = false;
  let running: Running | undefined;
  let failures = 0;
  let notBeforeMs = 0;

  async function recall(): Promise<void> {
    if (isKnown) return;
    const recorded = await readProxyRecord(files, deps.recordPath);
    if (recorded !== undefined && (await supervisor.isOurs(spec, recorded.process))) {
      running = { process: recorded.process, sinceMs: clock.monotonic() };
      // Its text may have changed: it serves no connection that lasts.
      if (recorded.version !== deps.version) await end();
      else log.info('prometheus proxy adopted', { pid: recorded.process.pid });
    }
    isKnown = true;
  }

  async function end(): Promise<void> {
    if (running === undefined) return;
    await supervisor.stop(running.process, stopGraceMs);
    log.info('prometheus proxy stopped', { pid: running.process.pid });
    running = undefined;
    await files.remove(deps.recordPath);
  }

  function failed(upMs: number, error: string): void {
    running = undefined;
    const { failures: count, waitMs } = nextTry(failures, upMs);
    failures = count;
    notBeforeMs = clock.monotonic() + waitMs;
    log.warning('prometheus proxy does not run', { error, nextTryMs: waitMs, log: spec.logPath });
  }

  async function begin(): Promise<void> {
    if (clock.monotonic() < notBeforeMs) return;
    try {
      if (((await files.stat(spec.logPath))?.size ?? 0) > longestLogBytes) await files.truncate(spec.logPath);
      const { process } = await supervisor.start(spec);
      running = { process, sinceMs: clock.monotonic() };
      await writeProxyRecord(files, deps.recordPath, { process, version: deps.version });
      log.info('prometheus proxy started', { pid: process.pid });
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      await end();
      failed(0, messageOf(thrown));
    }
  }

  async function settle(): Promise<void> {
    await recall();
    if (wanting.size === 0) {
      failures = 0;
      notBeforeMs = 0;
      await end();
      return;
    }
    if (running !== undefined && !liveness.isAlive(running.process)) {
      failed(clock.monotonic() - running.sinceMs, 'it has ended');
    }
    if (running === undefined) await begin();
  }

  async function settleSafely(): Promise<void> {
    try {
      await gate.run('proxy', async () => {
        if (acting !== undefined) await settle();
      });
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('prometheus proxy is left as it is', { error: messageOf(thrown) });
    }
  }

  return {
    want(id, isWanted) {
      if (wanting.has(id) === isWanted) return;
      if (isWanted) wanting.add(id);
      else wanting.delete(id);
      if (acting !== undefined) void settleSafely();
    },

    start() {
      acting = new AbortController();
      clock.every(lookMs, acting.signal, () => {
        if (wanting.size > 0 || running !== undefined) void settleSafely();
      });
      void settleSafely();
    },

    stop() {
      acting?.abort();
      acting = undefined;
    },

    end: () =>
      gate.run('proxy', async () => {
        await recall();
        await end();
      }),

    findings() {
      if (failures === 0 || running !== undefined) return [];
      return [
        {
          check: 'prometheus-proxy',
          severity: 'warning',
          what: `the prometheus proxy does not run, after ${failures} ${failures === 1 ? 'try' : 'tries'}`,
          why: 'PROMETHEUS listeners answer 503',
          todo: `read ${spec.logPath}; when port 9102 is taken, "ss -ltnp" in haproxy's network namespace says by whom`,
        },
      ];
    },
  };
}
