// The body of `POST /v0.1/topology`, read whole: every parameter that is wrong is named, not just the first, and no
// fault repeats the secret. Pure. Source: contract/amphora-v0.1.md "Topology".

import { invalidInput } from '../../model/errors';
import { quote } from '../../model/ids';
import { isLoopback, parseIp, unmapped } from '../../model/ip';
import type { Pair, Role, Topology, WantedTopology } from '../../model/topology';

type Body = Readonly<Record<string, unknown>>;
/** Reads one parameter; undefined when it is not given, or is wrong, which is noted. */
type Take = <T>(name: string, expected: string, read: (value: unknown) => T | undefined) => T | undefined;

const topologies: readonly string[] = ['SINGLE', 'ACTIVE-STANDBY', 'ACTIVE-ACTIVE'] satisfies Topology[];
const longestSecret = 255;
const mostPeers = 16;
const integers = { virtual_router_id: [1, 255], priority: [1, 254] } as const;
const advertIntervals = { shortestS: 0.1, longestS: 40 } as const;

/** Reads what is wanted. Throws `invalid-input` whose detail lists all that is wrong. */
export function readTopologyRequest(body: Buffer): WantedTopology {
  const given = objectOf(body);
  const faults: string[] = [];
  const take: Take = (name, expected, read) => {
    const value = given[name];
    if (!isGiven(value)) return undefined;
    const found = read(value);
    if (found === undefined) faults.push(`${name}: expected ${expected}, got ${shown(name, value)}`);
    return found;
  };
  const topology = topologyOf(given['topology'], faults);
  const pair = pairOf(take);
  const isPair = topology === 'ACTIVE-STANDBY';
  for (const name of isPair ? ['role', 'ha_ip', 'secret'] : []) {
    if (!isGiven(given[name])) faults.push(`${name}: required for ACTIVE-STANDBY`);
  }
  refuseOddPeers(pair, faults);
  const { role, haIp, secret, ...options } = pair;
  if (topology === undefined || faults.length > 0) throw invalidInput('Invalid request', faults.join('; '));
  if (!isPair) return { topology };
  if (role === undefined || haIp === undefined || secret === undefined) throw invalidInput('Invalid request');
  return { topology, role, haIp, secret, ...options };
}

function objectOf(body: Buffer): Body {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body;
  throw invalidInput('Invalid request', 'body: expected a JSON object');
}

// Clients send back what they were shown, which has an empty ha_ip.
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function topologyOf(value: unknown, faults: string[]): Topology | undefined {
  if (typeof value === 'string' && isTopology(value)) return value;
  if (!isGiven(value)) faults.push(`topology: required, one of ${topologies.join(', ')}`);
  else faults.push(`Unknown topology: ${wordOf(value)}`);
  return undefined;
}

function isTopology(text: string): text is Topology {
  return topologies.includes(text);
}

type Optional<T> = { readonly [Key in keyof T]?: T[Key] };

function pairOf(take: Take): Optional<Omit<Pair, 'topology'>> {
  const role = take('role', 'ACTIVE or STANDBY', roleOf);
  const haIp = take('ha_ip', 'an IP address that can move', addressOf);
  const secret = take('secret', `1 to ${longestSecret} bytes of text`, secretOf);
  const virtualRouterId = takeInteger(take, 'virtual_router_id');
  const priority = takeInteger(take, 'priority');
  const { shortestS, longestS } = advertIntervals;
  const advertIntervalS = take('advert_interval', `${shortestS} to ${longestS} seconds`, (value) =>
    typeof value === 'number' && value >= shortestS && value <= longestS ? value : undefined,
  );
  const peers = take('peers', `a list of 1 to ${mostPeers} different IP addresses`, peersOf);
  const name = take('interface', 'the name of an interface', interfaceOf);
  return {
    ...(role === undefined ? {} : { role }),
    ...(haIp === undefined ? {} : { haIp }),
    ...(secret === undefined ? {} : { secret }),
    ...(virtualRouterId === undefined ? {} : { virtualRouterId }),
    ...(priority === undefined ? {} : { priority }),
    ...(advertIntervalS === undefined ? {} : { advertIntervalS }),
    ...(peers === undefined ? {} : { peers }),
    ...(name === undefined ? {} : { interface: name }),
  };
}

function takeInteger(take: Take, name: keyof typeof integers): number | undefined {
  const [least, most] = integers[name];
  return take(name, `an integer from ${least} to ${most}`, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : undefined,
  );
}

function roleOf(value: unknown): Role | undefined {
  return value === 'ACTIVE' || value === 'STANDBY' ? value : undefined;
}

function secretOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || Buffer.byteLength(value) > longestSecret) return undefined;
  return value;
}

function addressOf(value: unknown): string | undefined {
  const ip = typeof value === 'string' ? parseIp(value.trim()) : undefined;
  if (ip === undefined || ip.zone !== undefined || isLoopback(ip) || unmapped(ip) !== ip) return undefined;
  // 0.0.0.0/8 and ::, 224.0.0.0/3 and ff00::/8: nothing that one host could have.
  const first = Number(ip.text.split('.', 1)[0]);
  const isMovable = ip.family === 4 ? first > 0 && first < 224 : ip.text !== '::' && !/^ff..:/.test(ip.text);
  return isMovable ? ip.text : undefined;
}

function peersOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostPeers) return undefined;
  const found = value.map(addressOf);
  const peers = found.filter((each): each is string => each !== undefined);
  return peers.length === value.length && new Set(peers).size === peers.length ? peers : undefined;
}

function interfaceOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(value) ? value : undefined;
}

/** VRRP speaks the family of the address that moves. */
function refuseOddPeers({ haIp, peers }: Optional<Pair>, faults: string[]): void {
  if (haIp === undefined || peers === undefined) return;
  if (peers.includes(haIp)) faults.push('peers: the other half has an address of its own, not ha_ip');
  const isV6 = haIp.includes(':');
  if (peers.some((peer) => peer.includes(':') !== isV6)) faults.push('peers: expected the family of ha_ip');
}

function shown(name: string, value: unknown): string {
  if (name === 'secret') return typeof value === 'string' ? `${Buffer.byteLength(value)} bytes` : 'no text';
  return quote(typeof value === 'string' ? value : jsonOf(value));
}

/** What is read by a loop is written by recursion: nested deep enough it overflows the stack. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'something nested too deeply';
  }
}

function wordOf(value: unknown): string {
  const text = typeof value === 'string' ? value : jsonOf(value);
  return /^[\w.-]{1,64}$/.test(text) ? text : quote(text);
}
