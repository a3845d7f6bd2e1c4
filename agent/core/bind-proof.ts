// Proof that the ports of a configuration are this load balancer's own. `haproxy -c` does not see an address that
// cannot be bound, a failing reload pauses listeners for a moment, and a shared port splits traffic in silence: so
// ports are looked at before the signal and after it. Source: DESIGN "Two doors for change", "Reload".

import type { HaproxyProcess } from '../haproxy/process';
import type { HaproxyPaths } from '../haproxy/paths';
import type { Log } from '../host/log';
import { bindsCollide, byPort, formatBind, type Bind } from '../model/bind';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import { parseIp } from '../model/ip';
import type { ListeningSocket, ListListening } from '../network/listening';

export interface BindProof {
  /** Before a reload. Throws `reload-failed` when an address is not on this machine, or another process listens there. */
  refuseTaken(paths: HaproxyPaths, binds: readonly Bind[], failure: string): Promise<void>;
  /** After a start or reload. Throws `reload-failed` for a bind that is not served by this group, or not by it alone. */
  requireOurs(paths: HaproxyPaths, binds: readonly Bind[], failure: string): Promise<void>;
}

export interface BindProofDeps {
  readonly haproxy: HaproxyProcess;
  readonly listListening: ListListening;
  /** Tells whether an address can be bound here, be it that the kernel lets any. */
  readonly canBind: (address: string) => Promise<boolean>;
  readonly log: Log;
}

/** Who listens on a port of an address, be it by way of a wildcard. */
interface Holder {
  /** 0: one that we may not see. */
  readonly pid: number;
  readonly address: string;
}

type Fault = (bind: Bind, holders: readonly Holder[], ours: ReadonlySet<number>) => string | undefined;

/** Makes the proof. Without ss(8) it proves nothing and says so in the log. */
export function createBindProof(deps: BindProofDeps): BindProof {
  const refuse = async (
    paths: HaproxyPaths,
    binds: readonly Bind[],
    failure: string,
    fault: Fault,
  ): Promise<void> => {
    const detail = await firstFault(deps, paths, binds.filter(isProvable), fault);
    if (detail !== undefined) throw new AgentError('reload-failed', failure, { detail });
  };
  return {
    async refuseTaken(paths, binds, failure) {
      const asked = new Map<string, boolean>();
      for (const bind of binds.filter(isProvable)) {
        // Once for an address: a range is a bind for each of its ports.
        const isHere = asked.get(bind.address) ?? (await deps.canBind(bind.address));
        asked.set(bind.address, isHere);
        if (isHere || bind.transparent) continue;
        throw new AgentError('reload-failed', failure, {
          detail: cannotBind(bind, 'Cannot assign requested address'),
        });
      }
      await refuse(paths, binds, failure, taken);
    },
    requireOurs: (paths, binds, failure) => refuse(paths, binds, failure, notOurs),
  };
}

function taken(bind: Bind, holders: readonly Holder[], ours: ReadonlySet<number>): string | undefined {
  const other = holders.find(({ pid }) => !ours.has(pid));
  return other && `${cannotBind(bind)}: ${holderName(other)} listens there`;
}

// A part of a wildcard is not the wildcard, and a wildcard is not the socket that an address was to have.
function notOurs(bind: Bind, holders: readonly Holder[], ours: ReadonlySet<number>): string | undefined {
  if (!holders.some(({ pid, address }) => ours.has(pid) && address === bind.address))
    return `line ${bind.line}: haproxy does not listen on ${formatBind(bind)}`;
  const other = holders.find(({ pid }) => !ours.has(pid));
  return other && `${cannotBind(bind)}: ${holderName(other)} shares it`;
}

async function firstFault(
  deps: BindProofDeps,
  paths: HaproxyPaths,
  binds: readonly Bind[],
  fault: Fault,
): Promise<string | undefined> {
  if (binds.length === 0) return undefined;
  const [sockets, groupPids] = await Promise.all([look(deps), deps.haproxy.pids(paths)]);
  const ours = new Set(groupPids);
  if (sockets === undefined) return undefined;
  const socketsAt = byPort(sockets);
  for (const bind of binds) {
    const there = socketsAt.get(bind.port) ?? [];
    const holding = there.filter((socket) => bindsCollide(bind, { ...socket, transport: 'tcp' }));
    const holders = holding.flatMap(({ pids, address }) =>
      (pids.length === 0 ? [0] : pids).map((pid) => ({ pid, address })),
    );
    const found = fault(bind, holders, ours);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function look({ listListening, log }: BindProofDeps): Promise<readonly ListeningSocket[] | undefined> {
  try {
    return await listListening();
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    log.warning('listening sockets cannot be read, binds are not proven', { error: messageOf(thrown) });
    return undefined;
  }
}

// Host names are resolved by haproxy alone, and ss is asked for TCP only.
function isProvable({ transport, address }: Bind): boolean {
  return transport === 'tcp' && (address === '*' || parseIp(address) !== undefined);
}

function cannotBind(bind: Bind, reason = 'Address already in use'): string {
  return `line ${bind.line}: cannot bind socket (${reason}) for [${formatBind(bind)}]`;
}

function holderName({ pid }: Holder): string {
  return pid === 0 ? 'another process' : `process ${pid}`;
}
