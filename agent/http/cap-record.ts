// What the caps on connections cost: counted for metrics, logged once in a while, told to doctor for ten minutes.

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { Finding } from '../model/finding';

export interface Caps {
  readonly most: number;
  /** Of one client certificate. */
  readonly mostPerClient: number;
}

export type Cap = 'all' | 'client';

export interface CapRecord {
  evicted(cap: Cap): void;
  refused(cap: Cap): void;
  totals(): { readonly evicted: number; readonly refused: number };
  findings(): readonly Finding[];
}

const rememberedMs = 600_000;

interface Spell {
  lastMs: number;
  evicted: number;
  refused: number;
}

/** Makes the record. A spell at a cap ends after ten minutes without another victim; each is logged when it begins. */
export function createCapRecord({
  clock,
  log,
  most,
  mostPerClient,
}: Caps & { readonly clock: Clock; readonly log: Log }): CapRecord {
  const spells = new Map<Cap, Spell>();
  const totals = { evicted: 0, refused: 0 };
  const caps: Readonly<Record<Cap, { readonly key: string; readonly value: number }>> = {
    all: { key: 'max_connections', value: most },
    client: { key: 'max_connections_per_client', value: mostPerClient },
  };

  function current(cap: Cap): Spell | undefined {
    const spell = spells.get(cap);
    return spell !== undefined && clock.monotonic() - spell.lastMs <= rememberedMs ? spell : undefined;
  }

  function note(cap: Cap, what: 'evicted' | 'refused'): void {
    const before = current(cap);
    const spell = before ?? { lastMs: 0, evicted: 0, refused: 0 };
    spell.lastMs = clock.monotonic();
    spell[what] += 1;
    totals[what] += 1;
    spells.set(cap, spell);
    if (before === undefined) {
      const { key, value } = caps[cap];
      log.warning('too many connections: the least useful ones are closed for new ones', { cap: key, value });
    }
  }

  return {
    evicted: (cap) => note(cap, 'evicted'),
    refused: (cap) => note(cap, 'refused'),
    totals: () => ({ ...totals }),
    findings: () =>
      (['all', 'client'] as const).flatMap((cap) => {
        const spell = current(cap);
        return spell === undefined ? [] : [findingOf(cap, spell, caps[cap])];
      }),
  };
}

function findingOf(cap: Cap, spell: Spell, { key, value }: { key: string; value: number }): Finding {
  const whose = cap === 'all' ? 'the REST listener' : 'one client certificate';
  return {
    check: 'connections',
    severity: 'warning',
    what: `${whose} had ${value} connections, as many as ${key} allows: ${spell.evicted} were closed for new ones, ${spell.refused} new ones refused`,
    why: 'a controller whose pooled connection closes under it waits before it tries again',
    todo: `find out who opens them (the access log names peer and certificate), or raise [amphorad] ${key}`,
  };
}
