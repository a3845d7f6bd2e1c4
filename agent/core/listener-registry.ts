// Who has which address and port. haproxy lets two of its processes share a port silently, so what a start or a
// reload would take is held against what every other load balancer has or is meant to have.
// Source: DESIGN "Who owns what".
//
// INVARIANTS:
// - what a load balancer has is never given to another before it has let go of it;
// - during a change it holds both what it has and what it wants.

import { bindsCollide, byPort, formatBind, type Bind } from '../model/bind';
import { AgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';

export interface Reservation {
  /** The change is done: only what was wanted is held from now on. */
  commit(): void;
  /** The change failed: only what was held before is held again. */
  cancel(): void;
}

export interface ListenerRegistry {
  /** Takes `binds` for a load balancer, beside what it has. Throws `reload-failed` naming address and holder when another has one of them. */
  reserve(id: LoadBalancerId, binds: readonly Bind[], failure: string): Reservation;
  /** Lets go of all that a load balancer has. */
  release(id: LoadBalancerId): void;
}

/** Ports that all load balancers may have together: what is held is held in memory. */
export const mostHeld = 262_144;

/** Makes an empty registry. */
export function createListenerRegistry(): ListenerRegistry {
  const held = new Map<LoadBalancerId, readonly Bind[]>();
  return {
    reserve(id, binds, failure) {
      const taken = firstCollision(held, id, binds) ?? excess(held, id, binds);
      if (taken !== undefined) throw new AgentError('reload-failed', failure, { detail: taken });
      const before = held.get(id);
      held.set(id, [...(before ?? []), ...binds]);
      return {
        commit() {
          held.set(id, binds);
        },
        cancel() {
          if (before === undefined) held.delete(id);
          else held.set(id, before);
        },
      };
    },
    release(id) {
      held.delete(id);
    },
  };
}

function firstCollision(
  held: ReadonlyMap<LoadBalancerId, readonly Bind[]>,
  id: LoadBalancerId,
  binds: readonly Bind[],
): string | undefined {
  for (const [other, theirs] of held) {
    if (other === id) continue;
    const theirsAt = byPort(theirs);
    for (const bind of binds) {
      if (theirsAt.get(bind.port)?.some((their) => bindsCollide(bind, their)) !== true) continue;
      return `line ${bind.line}: ${formatBind(bind)} is taken by listener ${other}`;
    }
  }
  return undefined;
}

function excess(
  held: ReadonlyMap<LoadBalancerId, readonly Bind[]>,
  id: LoadBalancerId,
  binds: readonly Bind[],
): string | undefined {
  let sum = binds.length;
  for (const [other, theirs] of held) sum += other === id ? 0 : theirs.length;
  if (sum <= mostHeld) return undefined;
  return `the listeners of this amphora would take ${sum} addresses and ports, at most ${mostHeld} are possible`;
}
