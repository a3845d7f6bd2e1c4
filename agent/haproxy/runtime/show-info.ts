// Reads `show info`: `Name: value` lines. Source: HAProxy 2.6 management guide, 9.3 "show info".

import type { RuntimeClient } from './client';
import { toProcess } from './command';

/** Asks a worker for its process facts, by name; `pid` names the worker to a master's socket. */
export async function showInfo(client: RuntimeClient, pid?: number): Promise<ReadonlyMap<string, string>> {
  return parseShowInfo(await client.command(pid === undefined ? 'show info' : toProcess(pid, 'show info')));
}

/** Parses `Name: value` lines. */
export function parseShowInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf(':');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1).trim()] as const] : [];
  });
  return new Map(pairs);
}
