// Keeps the prometheus proxy (companions/prometheus-proxy) running while a running configuration asks for it: a
// process of its own, because it must be in haproxy's network namespace.
//
// INVARIANT: one settling at a time; each looks at what is wanted then.

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import type { LoadBalancerId } from '../model/ids';
import { createGate } from './gate';
import { createProxyProcess, type ProxyProcessDeps } from './prometheus-proxy-process';

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

export interface PrometheusProxyDeps extends ProxyProcessDeps {
  readonly clock: Clock;
  readonly log: Log;
}

const lookMs = 2_000;

/** Makes the keeper; it acts from `start` on. */
export function createPrometheusProxyKeeper(deps: PrometheusProxyDeps): PrometheusProxy {
  const { log, clock } = deps;
  const proxy = createProxyProcess(deps);
  const wanting = new Set<LoadBalancerId>();
  const gate = createGate<'proxy'>();
  let acting: AbortController | undefined;

  async function settle(): Promise<void> {
    if (acting === undefined) return;
    await (wanting.size > 0 ? proxy.ensure() : proxy.end());
  }

  async function settleSafely(): Promise<void> {
    try {
      await gate.run('proxy', settle);
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
        if (wanting.size > 0 || proxy.isRunning()) void settleSafely();
      });
      void settleSafely();
    },

    stop() {
      acting?.abort();
      acting = undefined;
    },

    end: () => gate.run('proxy', () => proxy.end()),

    findings() {
      const tries = proxy.failures();
      if (tries === 0 || proxy.isRunning()) return [];
      return [
        {
          check: 'prometheus-proxy',
          severity: 'warning',
          what: `the prometheus proxy does not run, after ${tries} ${tries === 1 ? 'try' : 'tries'}`,
          why: 'PROMETHEUS listeners answer 503',
          todo: `read ${deps.spec.logPath}; when port 9102 is taken, "ss -ltnp" in haproxy's network namespace says by whom`,
        },
      ];
    },
  };
}
