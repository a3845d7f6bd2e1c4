// v0.1's JSON from the core's facts, and v0.1's path segments into ids. Pure.
// Source: contract/amphora-v0.1.md "Info and details", "Listeners", "Topology".

import type { AmphoraDetails, AmphoraIdentity } from '../../core/details';
import { AgentError, invalidInput, type ErrorKind } from '../../model/errors';
import { isLowerUuid, quote } from '../../model/ids';
import type { LoadBalancerStatus, LoadBalancerSummary, Pool } from '../../model/load-balancer';
import type { TopologyState } from '../../model/topology';

const apiVersion = '0.1';

const listenerStatus: Readonly<Record<LoadBalancerStatus, string>> = {
  running: 'ACTIVE',
  stopped: 'STOPPED',
  error: 'ERROR',
};

/** `GET /info`. */
export function infoBody(identity: AmphoraIdentity): object {
  return {
    hostname: identity.hostname,
    uuid: identity.amphoraId,
    haproxy_version: identity.haproxyVersion,
    api_version: apiVersion,
  };
}

/** `GET /v0.1/details`. Memory and disk in kB, rates in bytes per second, CPU as fractions. */
export function detailsBody(details: AmphoraDetails, topology: TopologyState): object {
  const { memory, cpu, disk } = details;
  return {
    ...infoBody(details),
    networks: Object.fromEntries(
      details.networks.map((rate) => [rate.name, { network_tx: rate.sent, network_rx: rate.received }]),
    ),
    active: topology.isActive,
    haproxy_count: details.haproxyCount,
    cpu: { total: cpu.total, user: cpu.user, system: cpu.system, soft_irq: cpu.softIrq },
    memory: {
      total: memory.total,
      free: memory.free,
      available: memory.available,
      buffers: memory.buffers,
      cached: memory.cached,
      swap_used: memory.swapUsed,
      shared: memory.shared,
      slab: memory.slab,
      committed_as: memory.committedAs,
    },
    disk: { used: disk.usedKb, available: disk.availableKb },
    load: details.load,
    topology: topology.topology,
    topology_status: topology.inTransition ? 'TOPOLOGY-CHANGE' : 'OK',
    ...(topology.error === undefined ? {} : { topology_error: topology.error }),
    ...(topology.note === undefined ? {} : { topology_note: topology.note }),
    listeners: details.loadBalancers.filter(isLowerUuid),
    packages: details.packages.map(({ name, version }) => ({ [name]: version })),
  };
}

/** `GET /v0.1/topology`. */
export function topologyBody(
  identity: Pick<AmphoraIdentity, 'hostname' | 'amphoraId'>,
  topology: TopologyState,
): object {
  return {
    hostname: identity.hostname,
    uuid: identity.amphoraId,
    topology: topology.topology,
    role: topology.role,
    ha_ip: topology.haIp,
  };
}

/** `GET /v0.1/listeners`. Another dialect's load balancers may have ids that no path of this one could name. */
export function listBody(summaries: readonly LoadBalancerSummary[]): readonly object[] {
  return summaries.filter(({ id }) => isLowerUuid(id)).map(listenerBody);
}

/** One entry of `GET /v0.1/listeners`. */
export function listenerBody(summary: LoadBalancerSummary): object {
  return { status: listenerStatus[summary.status], uuid: summary.id, type: summary.type };
}

/** The pools of `GET /v0.1/listeners/:listener`. */
export function poolBody(pool: Pool): object {
  return {
    uuid: pool.name,
    status: pool.status,
    members: pool.members.map((member) => ({ [member.name]: member.status })),
  };
}

export type Action = 'start' | 'stop' | 'reload';

/** Reads the action of a path. Throws `invalid-input` in the contract's words. */
export function parseAction(text: string): Action {
  if (text === 'start' || text === 'stop' || text === 'reload') return text;
  const shown = /^[\w.-]{1,64}$/.test(text) ? text : quote(text);
  throw invalidInput('Invalid Request', `Unknown action: ${shown}`);
}

/** The `details` of a start, or of a reload that had to start. */
export function startedDetails(id: string, pid: number): string {
  return `Configuration file is valid\nhaproxy daemon for ${id} started (pid ${pid})`;
}

/** The `details` of what was done to keepalived. */
export function vrrpDoneDetails(done: 'started' | 'reloaded' | 'stopped'): string {
  return `keepalived ${done}`;
}

// A full disk has a status of its own in every call.
const ownStatus: readonly ErrorKind[] = ['no-space', 'too-large', 'internal'];
const clientsFault: readonly ErrorKind[] = ['invalid-input', 'config-rejected'];

/** A refusal of keepalived's configuration, or a failure to store it. */
export function uploadFailure(cause: AgentError): AgentError {
  const kept = clientsFault.includes(cause.kind) ? 'invalid-input' : 'reload-failed';
  const kind = ownStatus.includes(cause.kind) ? cause.kind : kept;
  return new AgentError(kind, 'Failed to upload keepalived configuration.', {
    detail: cause.detail ?? cause.message,
    cause,
  });
}

/** A failure to do something to keepalived. */
export function vrrpFailure(cause: AgentError, action: Action): AgentError {
  if (cause.kind === 'internal') return cause;
  const why = cause.detail ?? cause.message;
  return new AgentError('reload-failed', `Failed to ${action} keepalived service: ${why}`, {
    detail: why,
    cause,
  });
}

/** What stopping finds when its pid file names a process that is none. */
export function staleFailure(pid: number): AgentError {
  return new AgentError('reload-failed', `keepalived process with PID ${pid} not found`);
}
