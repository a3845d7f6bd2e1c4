// The JSON of Octavia's 1.0 API from the core's facts, and its path segments into ids and actions. Pure.
// Source: contract/octavia-1.0.md "Endpoints", "details".

import type { AmphoraDetails, AmphoraIdentity } from '../../core/details';
import type { Listener, Listeners } from '../../core/listeners';
import { AgentError, invalidInput, notFound, type Subject } from '../../model/errors';
import { isLoadBalancerId, isPlainId, quote, type LoadBalancerId } from '../../model/ids';

export const apiVersion = '1.0';

/** `GET /1.0/info`. A package that is not installed has the empty version. */
export function infoBody(identity: AmphoraIdentity): object {
  return { ...nameBody(identity), ...versionsBody(identity) };
}

function nameBody({ hostname, haproxyVersion }: AmphoraIdentity): object {
  return { hostname, haproxy_version: haproxyVersion, api_version: apiVersion };
}

function versionsBody({ keepalivedVersion, ipvsadmVersion }: AmphoraIdentity): object {
  return { keepalived_version: keepalivedVersion ?? '', ipvsadm_version: ipvsadmVersion ?? '' };
}

/** `GET /1.0/details`. Jiffies and load averages are strings, as /proc has them; the sum of all jiffies is a number; memory in kB, disk in bytes. */
export function detailsBody(
  details: AmphoraDetails,
  listeners: Awaited<ReturnType<Listeners['count']>>,
): object {
  const { cpuTimes, memory, disk } = details;
  return {
    ...nameBody(details),
    networks: Object.fromEntries(
      details.traffic
        .filter(({ name }) => name.startsWith('eth'))
        .map(({ name, sent, received }) => [name, { network_tx: sent, network_rx: received }]),
    ),
    active: true,
    haproxy_count: details.haproxyCount,
    cpu_count: details.cpuCount,
    cpu: {
      total: cpuTimes.total,
      user: String(cpuTimes.user),
      system: String(cpuTimes.system),
      soft_irq: String(cpuTimes.softIrq),
    },
    memory: {
      total: memory.total,
      free: memory.free,
      buffers: memory.buffers,
      cached: memory.cached,
      swap_used: memory.swapUsed,
      shared: memory.shared,
      slab: memory.slab,
    },
    disk: { used: disk.usedKb * 1_024, available: disk.availableKb * 1_024 },
    load: details.load.map((average) => average.toFixed(2)),
    active_tuned_profiles: '',
    topology: 'SINGLE',
    topology_status: 'OK',
    listeners: listeners.ids,
    packages: {},
    lvs_listener_process_count: listeners.runningUdp,
    ...versionsBody(details),
  };
}

/** One entry of `GET /1.0/listeners`. */
export function listenerBody({ id, type, isRunning }: Listener): object {
  return { status: isRunning ? 'ACTIVE' : 'OFFLINE', uuid: id, type };
}

export type Action = 'start' | 'stop' | 'reload';

/** Reads the action of a path, in any letter case. Throws `invalid-input` in the contract's words. */
export function parseAction(text: string): Action {
  const action = text.toLowerCase();
  if (action === 'start' || action === 'stop' || action === 'reload') return action;
  const shown = /^[\w.-]{1,64}$/.test(action) ? action : quote(action);
  throw invalidInput('Invalid Request', `Unknown action: ${shown}`);
}

/** Reads the id of what must be there to be asked for. Throws `not-found` for what can be the id of nothing. */
export function knownId(text: string, what: Subject['what'] = 'load balancer'): LoadBalancerId {
  if (isLoadBalancerId(text)) return text;
  throw notFound(what, text);
}

/** Reads the id of an amphora where something is written for it. Throws `invalid-input`. */
export function amphoraIdOf(text: string): string {
  if (isPlainId(text)) return text;
  throw invalidInput('Invalid request', `amphora_id: expected a plain id, got ${quote(text)}`);
}

/** The `details` of what was done to a load balancer; `Listener` and `stoped` are Octavia's words. */
export function doneDetails(action: Action, id: string, started: boolean): string {
  if (action === 'stop') return `Listener ${id} stoped`;
  if (action === 'reload' && !started) return `Listener ${id} reloaded`;
  return `Configuration file is valid\nhaproxy daemon for ${id} started`;
}

/** A failure to stop a load balancer by its action, which has another spelling than that of its deletion. */
export function stopFailure(error: AgentError): AgentError {
  if (error.kind !== 'reload-failed') return error;
  return withMessage(error, 'Error stoping haproxy');
}

const udpActions: Readonly<Record<Action, string>> = { start: 'start', stop: 'stop', reload: 'restart' };

/** The `details` of what was done to a UDP listener. */
export function udpDoneDetails(action: Action, id: string): string {
  return `keepalivedlvs listener ${id} ${udpActions[action]}ed`;
}

/** A failure to do something to a UDP listener. */
export function udpFailure(error: AgentError, action: Action, id: string): AgentError {
  if (error.kind === 'not-found') return error;
  return withMessage(error, `Failed to ${udpActions[action]} keepalivedlvs listener ${id}`);
}

/** The `details` of what was done to keepalived, in Octavia's spelling. */
export function vrrpDoneDetails(done: 'started' | 'reloaded' | 'stopped'): string {
  return `keepalived ${done === 'stopped' ? 'stoped' : done}`;
}

/** A failure to do something to keepalived, whatever it was: the controller has its own word for the service. */
export function vrrpFailure(error: AgentError, action: Action): AgentError {
  return withMessage(error, `Failed to ${action} octavia-keepalived service`);
}

/** What every failure to replace agent.conf begins with; a bad file stays the client's fault. */
export function configFailure(error: AgentError): AgentError {
  const theirs: readonly AgentError['kind'][] = ['invalid-input', 'config-rejected', 'too-large'];
  const message = 'Unable to update amphora-agent configuration.';
  return withMessage(error, message, theirs.includes(error.kind) ? 'invalid-input' : 'reload-failed');
}

function withMessage(
  cause: AgentError,
  message: string,
  kind: AgentError['kind'] = 'reload-failed',
): AgentError {
  return new AgentError(kind, message, { detail: cause.detail ?? cause.message, cause });
}
