// What a run counts, what it must not see, and how both are printed.

const mostShown = 25;
const longestContext = 1_500;

/** Makes the report of a run. */
export function createReport() {
  const begin = performance.now();
  const counts = new Map();
  const longest = new Map();
  const facts = [];
  const violations = [];
  const answers = new Map();
  return {
    violations,
    seconds: () => (performance.now() - begin) / 1_000,
    count(name, by = 1) {
      counts.set(name, (counts.get(name) ?? 0) + by);
    },
    of: (name) => counts.get(name) ?? 0,
    /** Counts a call of the API by its kind and the status of its answer. */
    answer(kind, status) {
      const row = answers.get(kind) ?? new Map();
      row.set(status, (row.get(status) ?? 0) + 1);
      answers.set(kind, row);
    },
    longest(name, milliseconds) {
      longest.set(name, Math.max(longest.get(name) ?? 0, milliseconds));
    },
    fact: (name, text) => facts.push([name, text]),
    violation(what, context = '') {
      const text = typeof context === 'string' ? context : JSON.stringify(context);
      violations.push({
        atS: (performance.now() - begin) / 1_000,
        what,
        context: text.slice(-longestContext),
      });
    },
    /** Renders all of it. */
    render: () =>
      [
        'calls and their answers',
        ...table([...answers].sort().map(([kind, row]) => [kind, inWords(row)])),
        '',
        'counts',
        ...table([...counts].sort().map(([name, count]) => [name, String(count)])),
        '',
        'longest',
        ...table([...longest].sort().map(([name, ms]) => [name, `${(ms / 1_000).toFixed(2)} s`])),
        '',
        'facts',
        ...table(facts),
        '',
        ...violations.slice(0, mostShown).map(renderViolation),
        ...(violations.length > mostShown ? [`… and ${violations.length - mostShown} more violations`] : []),
      ].join('\n'),
  };
}

function inWords(row) {
  return [...row]
    .sort()
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}

function table(rows) {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}

function renderViolation({ atS, what, context }) {
  const indented = context === '' ? '' : `\n    ${context.trim().replaceAll('\n', '\n    ')}`;
  return `VIOLATION at ${atS.toFixed(2)} s: ${what}${indented}`;
}
