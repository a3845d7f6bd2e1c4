// Which TCP sockets listen in the namespace and whose they are, from ss(8) of iproute2: it reads both halves (the
// socket tables and every process's descriptors) in one call. Source: ss(8), options -H -l -t -n -p.

import type { ProcessRunner } from '../host/process';
import { AgentError } from '../model/errors';
import { parseIp, unmapped } from '../model/ip';

export interface ListeningSocket {
  /** Canonical IP; `*` for all of IPv4; `::` for all of IPv6, with IPv4 when the kernel says `*`. */
  readonly address: string;
  readonly port: number;
  /** Processes that have it open; empty without the right to know. */
  readonly pids: readonly number[];
  /** True: an IPv6 wildcard that leaves IPv4 alone. */
  readonly v6only: boolean;
}

export type ListListening = () => Promise<readonly ListeningSocket[]>;

/** Makes the reader for a network namespace ('' for our own). It throws `unavailable` with what ss printed. */
export function createListListening(runner: ProcessRunner, namespace: string): ListListening {
  const through = namespace === '' ? [] : ['ip', 'netns', 'exec', namespace];
  return async () => {
    const result = await runner.run([...through, 'ss', '-H', '-l', '-t', '-n', '-p'], { timeoutMs: 10_000 });
    if (result.code !== 0) throw new AgentError('unavailable', 'ss failed', { detail: result.stderr.trim() });
    return parseListening(result.stdout);
  };
}

/** Parses `ss -Hltnp`: state, queues, local address, peer address, users. */
export function parseListening(text: string): readonly ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const local = line.trim().split(/\s+/)[3];
    const at = local?.lastIndexOf(':') ?? -1;
    if (local === undefined || at < 0) return [];
    const pids = [...line.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
    return [
      { ...addressOf(local.slice(0, at)), port: Number(local.slice(at + 1)), pids: [...new Set(pids)] },
    ];
  });
}

// ss writes 0.0.0.0 for IPv4's wildcard, [::] for an IPv6 one without IPv4, and * for one with it.
function addressOf(text: string): Pick<ListeningSocket, 'address' | 'v6only'> {
  const bare = text.replace(/%[^%]*$/, '').replace(/^\[|\]$/g, '');
  if (bare === '*') return { address: '::', v6only: false };
  if (bare === '0.0.0.0') return { address: '*', v6only: false };
  const ip = parseIp(bare);
  return { address: ip === undefined ? bare : unmapped(ip).text, v6only: bare === '::' };
}
