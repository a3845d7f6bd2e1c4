// What a run prints: outcomes and speed by generator, memory at its ends, and every failure with the name of its case.

const shownFailures = 30;
const shownOutcomes = 12;

/** Makes a report that writes to a stream. */
export function createReport({ stream, seed }) {
  const generators = new Map();
  const failures = [];
  let rest = [];
  const of = (name) => {
    if (!generators.has(name)) generators.set(name, { cases: 0, milliseconds: 0, failures: 0, tally: {} });
    return generators.get(name);
  };
  const failure = (generator, { name, fault, dump }) => {
    failures.push(name);
    of(generator).failures += 1;
    if (failures.length > shownFailures) return;
    stream.write(`FAILURE ${name}: ${fault}\n${dump.map((line) => `    ${line}\n`).join('')}`);
  };
  return {
    failure,
    failed: () => failures.length,
    /** Takes in what a slice of one generator gave. */
    slice(generator, { from, next, tally, failures: found, milliseconds }) {
      const sum = of(generator);
      sum.cases += next - from;
      sum.milliseconds += milliseconds;
      for (const [outcome, count] of Object.entries(tally))
        sum.tally[outcome] = (sum.tally[outcome] ?? 0) + count;
      for (const each of found) failure(generator, each);
    },
    /** Takes in memory and descriptors after the warm-up and at the end. */
    rest(first, last) {
      if (last === undefined) return;
      const { anonymous, pss, descriptors } = last;
      rest = [
        `memory of the agent: own ${first.anonymous.toFixed(1)} → ${anonymous.toFixed(1)} MiB (×${(anonymous / first.anonymous).toFixed(2)}), PSS ${first.pss.toFixed(1)} → ${pss.toFixed(1)} MiB (×${(pss / first.pss).toFixed(2)})`,
        `descriptors of the agent: ${first.descriptors} → ${descriptors}`,
      ];
    },
    /** Prints the table and the sum. */
    close() {
      const lines = [...generators]
        .filter(([, { cases }]) => cases > 0)
        .map(([name, sum]) => rowOf(name, sum));
      const cases = [...generators.values()].reduce((sum, each) => sum + each.cases, 0);
      const head = `${'generator'.padEnd(20)}${'cases'.padStart(9)}${'cases/s'.padStart(9)}  failures  outcomes`;
      stream.write(`\n${[head, ...lines, '', ...rest].join('\n')}\n`);
      if (failures.length > shownFailures)
        stream.write(`and ${failures.length - shownFailures} failures more\n`);
      stream.write(`fuzz: ${cases} cases, ${failures.length} failures, seed ${seed}\n`);
    },
  };
}

function rowOf(name, { cases, milliseconds, failures, tally }) {
  const speed = Math.round((cases * 1_000) / milliseconds);
  const outcomes = Object.entries(tally).sort(([, a], [, b]) => b - a);
  const shown = outcomes.slice(0, shownOutcomes).map(([outcome, count]) => `${outcome}: ${count}`);
  return `${name.padEnd(20)}${String(cases).padStart(9)}${String(speed).padStart(9)}${String(failures).padStart(10)}  ${shown.join(', ')}`;
}
