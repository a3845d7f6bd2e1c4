// What the configuration of one UDP or SCTP listener says: the addresses it serves, and its pool and members, whose ids
// Octavia's templates write as comments. Source: Octavia's keepalivedlvs.cfg.j2, contract/heartbeat.md.

import { parseIp, type Ip } from '../model/ip';
import { readLines, type ConfigLine } from './lines';

export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}

export interface LvsMember {
  /** Undefined when no comment names it. */
  readonly id: string | undefined;
  /** Undefined for one that is disabled: keepalived does not know it. */
  readonly endpoint: Endpoint | undefined;
}

/** One address of the listener, and the members behind it. */
export interface VirtualService extends Endpoint {
  readonly members: readonly Endpoint[];
}

export interface LvsConfig {
  readonly protocol: 'UDP' | 'SCTP';
  /** The controller has switched it off: keepalived then has nothing to do. */
  readonly isDisabled: boolean;
  readonly services: readonly VirtualService[];
  readonly poolId: string | undefined;
  readonly members: readonly LvsMember[];
  /** Whether keepalived watches the members. */
  readonly hasChecks: boolean;
}

interface Reading {
  protocol: 'UDP' | 'SCTP';
  isDisabled: boolean;
  hasChecks: boolean;
  poolId: string | undefined;
  memberId: string | undefined;
  readonly members: LvsMember[];
  readonly groups: Map<string, Endpoint[]>;
  readonly servers: { readonly endpoints: readonly Endpoint[]; readonly members: Endpoint[] }[];
}

const checkers: ReadonlySet<string> = new Set(['MISC_CHECK', 'HTTP_GET', 'TCP_CHECK']);

/** Reads a configuration that has passed the policy. */
export function readLvsConfig(text: string): LvsConfig {
  const reading: Reading = {
    protocol: 'UDP',
    isDisabled: false,
    hasChecks: false,
    poolId: undefined,
    memberId: undefined,
    members: [],
    groups: new Map(),
    servers: [],
  };
  const blocks: string[] = [];
  for (const line of readLines(text)) {
    readComment(reading, line.comment);
    readWords(reading, line, blocks);
  }
  const { protocol, isDisabled, poolId, members, hasChecks } = reading;
  const services = reading.servers.flatMap((server) =>
    server.endpoints.map((endpoint) => ({ ...endpoint, members: server.members })),
  );
  return { protocol, isDisabled, services, poolId, members, hasChecks };
}

function readComment(reading: Reading, comment: string): void {
  const [, kind, id] = /^Configuration for (\w+) (\S+)$/.exec(comment) ?? [];
  if (kind === 'Pool') reading.poolId = id;
  if (kind === 'Member') reading.memberId = id;
  const [, disabled, disabledId] = /^(\w+) (\S+) is disabled$/.exec(comment) ?? [];
  if (disabled === 'Listener') reading.isDisabled = true;
  if (disabled === 'Member') reading.members.push({ id: disabledId, endpoint: undefined });
}

function readWords(reading: Reading, { words }: ConfigLine, blocks: string[]): void {
  const [keyword = '', first = '', second = ''] = words.map(({ text }) => text);
  if (keyword === '}') {
    blocks.pop();
    return;
  }
  const endpoint = endpointOf(first, second);
  if (keyword === 'virtual_server_group') reading.groups.set(first, []);
  else if (keyword === 'virtual_server') addServer(reading, first, second);
  else if (keyword === 'real_server' && endpoint !== undefined) addMember(reading, endpoint);
  else if (keyword === 'protocol' && first === 'SCTP') reading.protocol = 'SCTP';
  else if (checkers.has(keyword)) reading.hasChecks = true;
  const [kind, group] = (blocks.at(-1) ?? '').split(' ');
  const listed = kind === 'virtual_server_group' ? endpointOf(keyword, first) : undefined;
  if (listed !== undefined) reading.groups.get(group ?? '')?.push(listed);
  if (words.at(-1)?.text === '{') blocks.push(`${keyword} ${first}`);
}

function addServer(reading: Reading, first: string, second: string): void {
  const own = endpointOf(first, second);
  const endpoints = own !== undefined ? [own] : (reading.groups.get(second) ?? []);
  // The kernel has each service once, however often its group is named; all of them times all would be millions.
  if (own === undefined) reading.groups.delete(second);
  reading.servers.push({ endpoints, members: [] });
}

function addMember(reading: Reading, endpoint: Endpoint): void {
  reading.servers.at(-1)?.members.push(endpoint);
  reading.members.push({ id: reading.memberId, endpoint });
  reading.memberId = undefined;
}

function endpointOf(address: string, port: string): Endpoint | undefined {
  const ip = parseIp(address);
  return ip === undefined || !/^\d{1,5}$/.test(port) ? undefined : { ip, port: Number(port) };
}
