// What operators set at run time (drain, maintenance, weight) lives in a worker and would be gone with it: it is
// written down before a reload and set again in the new worker. Source: DESIGN "Who owns what" (operator state).
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - it is on disk before the signal and is removed when the worker that serves has it, so no kill in between loses it;
// - only servers whose configured address, port and weight are the same get it back, and only what differs is sent.

import { validators } from '../generated/validators';
import { findConfigured, type ConfiguredServer } from '../haproxy/configured-servers';
import type { HaproxyPaths } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import { createWorkerClient, type RuntimeClient } from '../haproxy/runtime/client';
import { canBeNamed } from '../haproxy/runtime/command';
import { setServerMode, setServerWeight } from '../haproxy/runtime/servers';
import {
  modeOf,
  showServersState,
  type ServerMode,
  type ServerState,
} from '../haproxy/runtime/show-servers-state';
import type { InForce } from '../haproxy/servers-state';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { UnixSockets } from '../host/sockets';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';

export interface OperatorState {
  /** Writes down what the present worker has of operators and not of the configuration that it follows. Throws `no-space`, `unavailable` when it cannot be written. */
  keep(id: LoadBalancerId, paths: HaproxyPaths, inForce: InForce): Promise<void>;
  /** Sets in the present worker what was kept of another one; it stays kept. Never throws for haproxy: the log says what was not set. */
  reapply(id: LoadBalancerId, paths: HaproxyPaths): Promise<void>;
  /** Re-applies what was kept, if the worker that had it is gone, and lets go of it; it stays when haproxy does not answer. Never throws for either. */
  recover(id: LoadBalancerId, paths: HaproxyPaths): Promise<void>;
}

export interface OperatorStateDeps {
  readonly files: Files;
  readonly sockets: UnixSockets;
  readonly haproxy: HaproxyProcess;
  readonly log: Log;
}

interface KeptServer {
  readonly backend: string;
  readonly server: string;
  /** Address and port as configured, the weight too. */
  readonly address: string;
  readonly configuredWeight: number;
  /** Whether the configuration says `disabled`. */
  readonly isDisabled: boolean;
  readonly mode?: ServerMode;
  readonly weight?: number;
}

interface Kept {
  /** The worker that had it. */
  readonly worker: number;
  readonly servers: readonly KeptServer[];
}

/** Makes the keeper. */
export function createOperatorState(deps: OperatorStateDeps): OperatorState {
  const { files } = deps;

  async function reapply(id: LoadBalancerId, paths: HaproxyPaths): Promise<boolean> {
    const kept = await readKept(deps, paths);
    return kept === undefined || applyTo(deps, id, paths, kept);
  }

  async function forget(paths: HaproxyPaths): Promise<void> {
    const path = paths.operatorState;
    try {
      if ((await files.stat(path)) !== undefined) await files.remove(path);
    } catch (thrown) {
      // What it says is set; whoever reads it again finds nothing left to do.
      if (!isAgentError(thrown)) throw thrown;
      deps.log.warning('operator state not removed', { path, error: messageOf(thrown) });
    }
  }

  async function recover(id: LoadBalancerId, paths: HaproxyPaths): Promise<void> {
    if (await reapply(id, paths)) await forget(paths);
  }

  return {
    async keep(id, paths, inForce) {
      await recover(id, paths);
      const kept = await capture(deps, id, paths, inForce);
      if (kept.servers.length === 0) return;
      const content = `${JSON.stringify({ schema: 1, ...kept }, undefined, 2)}\n`;
      await files.writeAtomic(paths.operatorState, content, 0o600);
    },
    async reapply(id, paths) {
      await reapply(id, paths);
    },
    recover,
  };
}

async function capture(
  { sockets, haproxy, log }: OperatorStateDeps,
  id: LoadBalancerId,
  paths: HaproxyPaths,
  { text, touched }: InForce,
): Promise<Kept> {
  const client = createWorkerClient(sockets, paths.masterSocket);
  try {
    const worker = await workerOf(haproxy, paths);
    if (worker === undefined) return { worker: 0, servers: [] };
    const find = findConfigured(text);
    const unknown = new Set(touched);
    const servers = (await showServersState(client)).flatMap((state) => {
      const { backend, server } = state;
      return unknown.has(`${backend}/${server}`) ? [] : keepServer(state, find(backend, server));
    });
    if (servers.length === 0) return { worker: 0, servers: [] };
    const unnamed = servers.filter((server) => !canBeNamed(server)).length;
    if (unnamed > 0)
      log.warning('operator state of servers with unusual names is lost', { loadBalancer: id, unnamed });
    return { worker, servers: servers.filter(canBeNamed) };
  } catch (thrown) {
    if (!isAgentError(thrown, 'unavailable') && !isAgentError(thrown, 'timeout')) throw thrown;
    // A worker that hangs is what a reload may be meant to replace.
    log.warning('operator state not read before a reload', { loadBalancer: id, error: messageOf(thrown) });
    return { worker: 0, servers: [] };
  }
}

// A server that the configuration does not have was added at run time, and goes with its worker. What the worker was
// started with is not asked: the configuration may have changed since, without a reload.
function keepServer(state: ServerState, configured: ConfiguredServer | undefined): readonly KeptServer[] {
  if (configured === undefined) return [];
  const { backend, server, address, weight, isDisabled } = configured;
  const mode = modeOf(state);
  const isForced = mode !== (isDisabled ? 'maint' : 'ready');
  const isReweighted = state.userWeight !== weight;
  if (!isForced && !isReweighted) return [];
  return [
    {
      backend,
      server,
      address,
      configuredWeight: weight,
      isDisabled,
      ...(isForced ? { mode } : {}),
      ...(isReweighted ? { weight: state.userWeight } : {}),
    },
  ];
}

async function workerOf(haproxy: HaproxyProcess, paths: HaproxyPaths): Promise<number | undefined> {
  const pid = Number((await haproxy.info(paths))?.get('Pid'));
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** False when haproxy did not answer. */
async function applyTo(
  { files, sockets, haproxy, log }: OperatorStateDeps,
  id: LoadBalancerId,
  paths: HaproxyPaths,
  kept: Kept,
): Promise<boolean> {
  const worker = await workerOf(haproxy, paths);
  if (worker === kept.worker) return true;
  const client = createWorkerClient(sockets, paths.masterSocket);
  try {
    if (worker === undefined) throw new AgentError('unavailable', 'haproxy does not answer');
    const states = await showServersState(client);
    const now = new Map(states.map((state) => [`${state.backend}/${state.server}`, state] as const));
    const find = findConfigured((await files.readText(paths.live)) ?? '');
    let servers = 0;
    for (const server of kept.servers) {
      const state = now.get(`${server.backend}/${server.server}`);
      const configured = find(server.backend, server.server);
      if (state === undefined || configured?.address !== server.address) continue;
      if (configured.weight !== server.configuredWeight) continue;
      // A configuration that has begun or ceased to say `disabled` is the later word.
      const { mode, ...rest } = server;
      const wish = mode !== undefined && configured.isDisabled === server.isDisabled ? server : rest;
      if (await setAgain(client, log, id, wish, state)) servers += 1;
    }
    if (servers > 0) log.info('operator state re-applied', { loadBalancer: id, servers });
    return true;
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    const { operatorState: path } = paths;
    log.error('operator state not re-applied', { loadBalancer: id, path, error: messageOf(thrown) });
    return false;
  }
}

/** True when something was to be set, and is. */
async function setAgain(
  client: RuntimeClient,
  log: Log,
  id: LoadBalancerId,
  server: KeptServer,
  state: ServerState,
): Promise<boolean> {
  const { mode, weight } = server;
  const setsMode = mode !== undefined && modeOf(state) !== mode;
  const setsWeight = weight !== undefined && state.userWeight !== weight;
  try {
    if (setsMode) await setServerMode(client, server, mode);
    if (setsWeight) await setServerWeight(client, server, weight);
    return setsMode || setsWeight;
  } catch (thrown) {
    if (!isAgentError(thrown, 'unsupported') && !isAgentError(thrown, 'invalid-input')) throw thrown;
    const { detail } = thrown;
    log.warning('operator state of a server is lost', { loadBalancer: id, error: messageOf(thrown), detail });
    return false;
  }
}

async function readKept({ files, log }: OperatorStateDeps, paths: HaproxyPaths): Promise<Kept | undefined> {
  const path = paths.operatorState;
  try {
    const text = await files.readText(path);
    if (text === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    if (validators['operator-state'](value)) return value as Kept;
    log.warning('no operator state is in this file', { path });
  } catch (thrown) {
    log.warning('operator state cannot be read', { path, error: messageOf(thrown) });
  }
  return undefined;
}
