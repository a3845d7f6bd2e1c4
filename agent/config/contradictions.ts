// What each option allows alone and the configuration as a whole must not: an open door without a lock, one
// path for two things, two listeners on one port.

import { posix } from 'node:path';
import { readInstances } from '../model/haproxy-address';
import { isLoopback, parseIp } from '../model/ip';
import type { SocketAddress } from './option';
import type { Config } from './options';

/** A configuration in which options that could not be read are missing. */
export type Readable = { readonly [Section in keyof Config]: Partial<Config[Section]> };

export interface Contradiction {
  readonly section: string;
  readonly key: string;
  readonly message: string;
}

/** Finds everything that contradicts something else. */
export function findContradictions(config: Readable): readonly Contradiction[] {
  return [
    ...missingKey(config),
    ...openListeners(config),
    ...runtimeApi(config),
    ...sharedPaths(config),
    ...sharedPorts(config),
  ];
}

function missingKey({ health_manager }: Readable): readonly Contradiction[] {
  const { controller_ip_port_list: targets = [], heartbeat_key: key } = health_manager;
  if (targets.length === 0 || key !== undefined || !('heartbeat_key' in health_manager)) return [];
  const message = 'required because controller_ip_port_list is not empty';
  return [{ section: 'health_manager', key: 'heartbeat_key', message }];
}

function openListeners({ metrics, runtime_api }: Readable): readonly Contradiction[] {
  const found: Contradiction[] = [];
  if (isRemote(metrics.bind) && metrics.allow_remote === false) {
    const message =
      'is not loopback and answers anybody in plain HTTP: bind to loopback or set allow_remote = True';
    found.push({ section: 'metrics', key: 'bind', message });
  }
  if (isRemote(runtime_api.bind) && hasNoToken(runtime_api)) {
    const message = 'is not loopback and asks for no token: bind to loopback or set auth_token_file';
    found.push({ section: 'runtime_api', key: 'bind', message });
  }
  return found;
}

function runtimeApi({ runtime_api }: Readable): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const { instances = [], require_token, auth_token, auth_token_file } = runtime_api;
  const offered = readInstances(instances);
  if (!offered.ok) found.push({ section: 'runtime_api', key: 'instances', message: offered.problem });
  if (require_token === true && hasNoToken(runtime_api)) {
    const message = 'asks for a token and there is none: set auth_token_file (or AGENT_AUTH_TOKEN)';
    found.push({ section: 'runtime_api', key: 'require_token', message });
  }
  if (auth_token !== undefined && auth_token_file !== undefined) {
    const message = 'is a second token beside auth_token';
    found.push({ section: 'runtime_api', key: 'auth_token_file', message });
  }
  return found;
}

/** What could not be read is a problem of its own. */
function hasNoToken(given: Readable['runtime_api']): boolean {
  const { auth_token: token, auth_token_file: file } = given;
  const isRead = 'auth_token' in given && 'auth_token_file' in given;
  return isRead && token === undefined && file === undefined;
}

function sharedPaths({ haproxy_amphora, amphora_agent }: Readable): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const { base_path: base, base_cert_dir: certs } = haproxy_amphora;
  if (base !== undefined && certs !== undefined && isWithin(base, certs)) {
    const message = `must not be base_path (${base}) or a directory above it`;
    found.push({ section: 'haproxy_amphora', key: 'base_cert_dir', message });
  }
  const { agent_server_cert: own, agent_server_ca: ca } = amphora_agent;
  if (own !== undefined && own === ca) {
    const message = 'must not be the file of agent_server_cert: rotating the one would replace the other';
    found.push({ section: 'amphora_agent', key: 'agent_server_ca', message });
  }
  return found;
}

function sharedPorts({ haproxy_amphora, metrics, runtime_api }: Readable): readonly Contradiction[] {
  const { bind_host: host, bind_port: port } = haproxy_amphora;
  const [address = '', zone] = (host ?? '').split('%');
  const rest =
    host === undefined || port === undefined
      ? undefined
      : { address, port, ...(zone === undefined ? {} : { zone }) };
  const listeners = [
    { section: 'haproxy_amphora', key: 'bind_port', bind: rest },
    { section: 'runtime_api', key: 'bind', bind: runtime_api.bind },
    { section: 'metrics', key: 'bind', bind: metrics.bind },
  ];
  return listeners.flatMap(({ section, key, bind }, index) => {
    const other = listeners.slice(0, index).find((earlier) => clashes(earlier.bind, bind));
    if (other === undefined) return [];
    return [{ section, key, message: `is what [${other.section}] ${other.key} listens on already` }];
  });
}

function isRemote(bind: SocketAddress | undefined): boolean {
  const ip = bind === undefined ? undefined : parseIp(bind.address);
  return ip !== undefined && !isLoopback(ip);
}

function isWithin(inner: string, outer: string): boolean {
  const relative = posix.relative(outer, inner);
  return relative !== '..' && !relative.startsWith('../');
}

// `::` takes IPv4 as well. Port 0 is another port each time.
function clashes(a: SocketAddress | undefined, b: SocketAddress | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.address === '::' || b.address === '::') return true;
  const isSameFamily = a.address.includes(':') === b.address.includes(':');
  const isWildcard = a.address === '0.0.0.0' || b.address === '0.0.0.0';
  return isSameFamily && (isWildcard || (a.address === b.address && a.zone === b.zone));
}
