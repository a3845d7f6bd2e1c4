// What the kernel's load balancer (IPVS) says: its table of services and members from /proc/net/ip_vs, and what ipvsadm
// prints of each service's traffic: the kernel's own text has bytes only for all services together.
// Sources: net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_info_seq_show), ipvsadm(8) `-Ln --stats --exact`.

import { parseIp } from '../model/ip';
import type { Endpoint } from './lvs-config';

export interface KernelMember {
  readonly weight: number;
  readonly active: number;
}

/** Service key → member key → member. */
export type KernelTable = ReadonlyMap<string, ReadonlyMap<string, KernelMember>>;

export interface ServiceTraffic {
  readonly connections: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Names a service in a table. */
export function serviceKey(protocol: string, { ip, port }: Endpoint): string {
  return `${protocol} ${memberKey({ ip, port })}`;
}

/** Names a member of a service in a table. */
export function memberKey({ ip, port }: Endpoint): string {
  return ip.family === 6 ? `[${ip.text}]:${port}` : `${ip.text}:${port}`;
}

/** Reads /proc/net/ip_vs. */
export function parseKernelTable(text: string): KernelTable {
  const table = new Map<string, Map<string, KernelMember>>();
  let members: Map<string, KernelMember> | undefined;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '->') {
      const [, where = '', , weight = '', active = ''] = words;
      const endpoint = kernelEndpoint(where);
      // The heading has words where numbers stand.
      if (endpoint === undefined || !/^\d+$/.test(weight)) continue;
      members?.set(memberKey(endpoint), { weight: Number(weight), active: Number(active) });
    } else {
      const endpoint = kernelEndpoint(words[1] ?? '');
      members = endpoint === undefined ? undefined : new Map();
      if (endpoint !== undefined && members !== undefined) {
        table.set(serviceKey(words[0] ?? '', endpoint), members);
      }
    }
  }
  return table;
}

/** Reads what `ipvsadm -Ln --stats --exact` prints: service key → traffic. */
export function parseServiceTraffic(text: string): ReadonlyMap<string, ServiceTraffic> {
  const services = new Map<string, ServiceTraffic>();
  for (const line of text.split('\n')) {
    const [protocol = '', where = '', conns = '', , , bytesIn = '', bytesOut = ''] = line.trim().split(/\s+/);
    const endpoint = /^(?:UDP|SCTP|TCP)$/.test(protocol) ? printedEndpoint(where) : undefined;
    if (endpoint === undefined || ![conns, bytesIn, bytesOut].every((each) => /^\d+$/.test(each))) continue;
    services.set(serviceKey(protocol, endpoint), {
      connections: Number(conns),
      bytesIn: Number(bytesIn),
      bytesOut: Number(bytesOut),
    });
  }
  return services;
}

// `0A000005:0035`, `[2001:0db8:0000:0000:0000:0000:0000:0005]:0035`.
function kernelEndpoint(text: string): Endpoint | undefined {
  const v4 = /^([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2}):([0-9A-F]{4})$/i.exec(text);
  if (v4 !== null) {
    const bytes = v4.slice(1, 5).map((byte) => parseInt(byte, 16));
    return endpoint(bytes.join('.'), parseInt(v4[5] ?? '', 16));
  }
  const v6 = /^\[([0-9A-F:.]+)\]:([0-9A-F]{4})$/i.exec(text);
  return v6 === null ? undefined : endpoint(v6[1] ?? '', parseInt(v6[2] ?? '', 16));
}

// `10.0.0.5:53`, `[2001:db8::5]:53`.
function printedEndpoint(text: string): Endpoint | undefined {
  const [, v6, v4, port = ''] = /^(?:\[([^\]]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  return endpoint(v6 ?? v4 ?? '', Number(port));
}

function endpoint(address: string, port: number): Endpoint | undefined {
  const ip = parseIp(address);
  return ip === undefined ? undefined : { ip, port };
}
