// Builds what tells controllers that this amphora lives: what is sampled, what was told, and who sends it.

import type { Config } from '../config/options';
import type { AgentConfigs } from '../core/agent-config';
import { joinHealthSources } from '../core/health';
import { createHaproxyHealth, type HaproxyHealth } from '../core/haproxy-health';
import { createStatistics, type Statistics } from '../core/stats';
import { createWorkerLedger } from '../core/worker-ledger';
import type { HaproxyRoots } from '../haproxy/paths';
import { createHeartbeatSender, type HeartbeatSender } from '../heartbeat/sender';
import type { Udp } from '../host/sockets';
import type { LoadBalancerId } from '../model/ids';
import type { Core } from './wire-core';
import type { HostWithLog } from './wire-host';
import type { Part } from './lifecycle';

export interface Health {
  readonly haproxy: HaproxyHealth;
  readonly statistics: Statistics;
  /** Before a reload: what the present worker has counted is noted. Never throws. */
  readonly lastSample: (id: LoadBalancerId) => Promise<void>;
}

/** Builds the sampling of haproxy and the book of what was told; `ids` lists the load balancers. */
export function wireHealth(
  host: HostWithLog,
  roots: HaproxyRoots,
  configs: Pick<AgentConfigs, 'current'>,
  ids: () => Promise<readonly LoadBalancerId[]>,
): Health {
  const options = (): Config['health_manager'] => configs.current().health_manager;
  const ledger = createWorkerLedger();
  const statistics = createStatistics({ ...host, basePath: roots.basePath, ledger });
  const haproxy = createHaproxyHealth({
    ...host,
    roots,
    ids,
    ledger,
    keep: () => statistics.keep(),
    intervalMs: () => options().heartbeat_interval * 1_000,
    isWanted: () => statistics.isLoaded() && options().controller_ip_port_list.length > 0,
  });
  return { haproxy, statistics, lastSample: (id) => haproxy.beforeReload(id) };
}

/** Builds the part that sends. */
export function wireHeartbeat(
  core: Core,
  host: HostWithLog & { readonly udp: Udp },
  configs: Pick<AgentConfigs, 'current'>,
  afterMs = 0,
): Part & Pick<HeartbeatSender, 'figures'> {
  const { haproxy, statistics } = core.health;
  const sender = createHeartbeatSender({
    ...host,
    statistics,
    amphoraId: configs.current().amphora_agent.amphora_id,
    options: () => configs.current().health_manager,
    health: joinHealthSources([haproxy, core.udp.health], host.log),
    mayReport: () => core.pairing.vrrp.isWell(),
  });
  core.pairing.onChange(() => sender.sendNow());
  core.findings.add('heartbeat', () => sender.findings());
  const ended = new AbortController();
  const sendAfter = async (ms: number): Promise<void> => {
    if (ms > 0) await host.clock.sleep(ms, ended.signal).catch(() => undefined);
    await sender.run(ended.signal);
  };
  let running: Promise<void> = Promise.resolve();
  return {
    name: 'heartbeats',
    figures: () => sender.figures(),
    stopMs: 200,
    start() {
      haproxy.start(ended.signal);
      running = sendAfter(afterMs);
      return Promise.resolve();
    },
    async stop() {
      ended.abort();
      await running;
    },
  };
}
