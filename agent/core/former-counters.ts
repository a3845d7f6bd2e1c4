// The counters that Octavia's own agent keeps: what it has told of each listener, as haproxy's or the kernel's figures
// were then. Taken over, so that what was served since then is told, and nothing twice. Source: Octavia's health daemon
// ("Filesystem persistent counters for statistics deltas").

import type { Figures } from './worker-ledger';

/** Reads the content of its file, without the listeners that it was cut short at; undefined when nothing is left. Pure. */
export function readFormerCounters(value: unknown): ReadonlyMap<string, Figures> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = new Map<string, Figures>();
  for (const [listener, counters] of Object.entries(value)) {
    const figures = figuresOf(counters);
    if (figures !== undefined) found.set(listener, figures);
  }
  return found.size > 0 ? found : undefined;
}

function figuresOf(value: unknown): Figures | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const counters = new Map<string, unknown>(Object.entries(value));
  const [bytesIn, bytesOut, connections, errors] = ['bin', 'bout', 'stot', 'ereq'].map((name) =>
    counters.get(name),
  );
  if (!isCount(bytesIn) || !isCount(bytesOut) || !isCount(connections) || !isCount(errors)) return undefined;
  return [bytesIn, bytesOut, connections, errors];
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
