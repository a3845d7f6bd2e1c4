// What the `server` lines and the state file of a configuration ask of a reload. Source: HAProxy 2.6 configuration
// manual, 5.2 "server", 3.1 "server-state-file".

import { parseIp } from '../model/ip';
import { globalLines, readSections } from './config/sections';
import type { HaproxyPaths } from './paths';

/** Tells whether a server is named by host: haproxy looks such names up when it starts. */
export function namesHosts(text: string): boolean {
  return readSections(text).some(({ lines }) =>
    lines.some(({ words }) => words[0] === 'server' && isHost(words[2] ?? '')),
  );
}

function isHost(address: string): boolean {
  if (address.startsWith('/') || /^(unix|abns|sockpair|fd)@/.test(address)) return false;
  const rest = address.replace(/^[a-z0-9]+@/, '');
  const host = rest.replace(/:[+-]?\d*$/, '').replace(/^\[|\]$/g, '');
  return host !== '' && host !== '*' && parseIp(host) === undefined && parseIp(rest) === undefined;
}

/** Says where a server of a backend is configured: its address and port as written; undefined when there is no such server. */
export type ConfiguredAddress = (backend: string, server: string) => string | undefined;

/** Reads where the servers of a configuration are, those of `server-template` included. */
export function configuredAddresses(text: string): ConfiguredAddress {
  const servers = new Map<string, string>();
  const templates = new Map<string, Template[]>();
  for (const { keyword, name, lines } of readSections(text)) {
    if (keyword !== 'backend' && keyword !== 'listen') continue;
    for (const { words } of lines) {
      const [verb, first = '', second = '', third = ''] = words;
      if (verb === 'server') servers.set(`${name}/${first}`, second);
      if (verb === 'server-template') {
        const template = { prefix: first, ...rangeOf(second), address: third };
        templates.set(name, [...(templates.get(name) ?? []), template]);
      }
    }
  }
  return (backend, server) =>
    servers.get(`${backend}/${server}`) ??
    templates.get(backend)?.find((template) => stampsOut(template, server))?.address;
}

interface Template {
  readonly prefix: string;
  readonly first: number;
  readonly last: number;
  readonly address: string;
}

// `3` stands for 1-3.
function rangeOf(text: string): Pick<Template, 'first' | 'last'> {
  const [low, high] = text.split('-');
  return high === undefined ? { first: 1, last: Number(low) } : { first: Number(low), last: Number(high) };
}

function stampsOut({ prefix, first, last }: Template, server: string): boolean {
  if (!server.startsWith(prefix)) return false;
  const rest = server.slice(prefix.length);
  return /^(?:0|[1-9]\d*)$/.test(rest) && Number(rest) >= first && Number(rest) <= last;
}

/** Tells whether `global` names the load balancer's own state file, to which servers are saved before a reload. */
export function namesServersState(text: string, paths: HaproxyPaths): boolean {
  return globalLines(text, new Set(['server-state-file'])).some(
    ({ words }) => words[1] === paths.serversState,
  );
}
