// What a run has come to: how each kind of change was applied, what was lied about, and what was wrong.

const mostShown = 10;

/** Makes the report. */
export function createReport() {
  const byKind = new Map();
  const lies = new Map();
  const faults = [];
  let pairs = 0;
  let withoutReload = 0;
  let isBroken = false;
  const fault = (what, detail = '') => faults.push(detail === '' ? what : `${what}\n    ${detail}`);
  return {
    faults,
    /** Notes how one pair went. */
    pair({ done, isReplaced, applied, lie, swallowed }) {
      pairs += 1;
      if (!isReplaced && applied !== 'none') withoutReload += 1;
      // A pair that changes in several ways tells nothing of one of them.
      const kind = done.length === 0 ? 'nothing' : done.length === 1 ? done[0] : 'several of these';
      const counts = byKind.get(kind) ?? { pairs: 0, runtime: 0, reload: 0, none: 0 };
      byKind.set(kind, counts);
      counts.pairs += 1;
      counts[isReplaced ? 'reload' : (applied ?? 'none')] += 1;
      if (lie !== undefined && swallowed > 0) {
        const told = lies.get(lie) ?? { pairs: 0, noticed: 0 };
        lies.set(lie, told);
        told.pairs += 1;
        if (isReplaced) told.noticed += 1;
      }
    },
    fault,
    /** Notes that the run ended before its end. */
    broken(detail) {
      isBroken = true;
      fault('the run itself failed', detail);
    },
    isBroken: () => isBroken,
    pairs: () => pairs,
    lies: () => lies,
    kinds: () => byKind,
    /** Renders it as text. */
    render() {
      const width = Math.max(...[...byKind.keys()].map(({ length }) => length), 10);
      const row = (name, cells) =>
        `${name.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(8)).join('')}`;
      const rows = [...byKind].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const shown = faults.slice(0, mostShown).map((fault) => `wrong: ${fault}`);
      return [
        row('change', ['pairs', 'runtime', 'reload', 'none']),
        ...rows.map(([name, counts]) =>
          row(name, [counts.pairs, counts.runtime, counts.reload, counts.none]),
        ),
        ...[...lies].map(
          ([name, told]) => `lied about ${name}: ${told.pairs} times, ${told.noticed} noticed`,
        ),
        ...shown,
        ...(faults.length > mostShown ? [`wrong: and ${faults.length - mostShown} more`] : []),
        `${pairs} pairs, ${withoutReload} without a reload, ${faults.length} wrong`,
      ].join('\n');
    },
  };
}
