// What the changes of members come to: metrics with their bounds, and the counts.
import { octavia } from './octavia/agent.mjs';
import { amphorad } from './servers.mjs';

/** The names of the limits. */
export const bareCommands = 'bare runtime commands';
const checkOnly = 'haproxy -c';

const kinds = ['weight', 'drain', 'disabled', 'address', 'add', 'remove'];

/** Metrics of all kinds of changes together, and of each. */
export function metricsOf(taken, checks) {
  const series = (valuesOf) =>
    [...taken].map(([subject, { changes }]) => ({ subject, values: valuesOf(changes) }));
  const follows = (kind) => (changes) =>
    changes
      .filter((change) => change.follows !== undefined && (kind === undefined || change.kind === kind))
      .map((change) => change.follows);
  const metric = (name, valuesOf, bounds = []) => ({
    name,
    unit: 'ms',
    digits: 1,
    baselines: [octavia, bareCommands],
    series: series(valuesOf),
    bounds,
  });
  const all = series((changes) => changes.map((change) => change.all)).filter(
    ({ subject }) => subject !== bareCommands,
  );
  return [
    metric('reload call until traffic follows', follows(), [{ subject: amphorad, of: 'median', most: 30 }]),
    ...kinds.map((kind) => metric(`until traffic follows, ${kind}`, follows(kind))),
    {
      ...metric('upload + reload', () => []),
      baselines: [octavia, checkOnly],
      series: [...all, { subject: checkOnly, values: checks }],
      bounds: [{ subject: amphorad, of: 'difference', to: checkOnly, most: 40 }],
    },
    counted('new workers per 100 changes', taken, ({ changes }) =>
      share(changes, ({ isReload }) => isReload),
    ),
    counted('failed requests under load', taken, (each) => failuresOf(each).length),
    counted(
      'changes that traffic did not follow in 10 s',
      taken,
      ({ changes }) => changes.filter(({ follows: ms }) => ms === undefined).length,
    ),
  ];
}

const share = (changes, isOne) => (changes.filter(isOne).length * 100) / changes.length;

function counted(name, taken, valueOf) {
  return {
    name,
    unit: '',
    digits: 0,
    baselines: [octavia, bareCommands],
    hasNoRatio: true,
    series: [...taken].map(([subject, each]) => ({ subject, values: [valueOf(each)] })),
    bounds: [{ subject: amphorad, of: 'median', most: 0 }],
  };
}

const failuresOf = ({ changes, failures }) => [...failures, ...changes.flatMap((change) => change.failures)];

const whyOf = (failures) =>
  failures.length === 0
    ? ''
    : ` (${[...new Set(failures)].map((why) => `${why}: ${failures.filter((each) => each === why).length}`).join(', ')})`;

/** What the counts are of. */
export function notesOf(taken) {
  return [
    'Until traffic follows: from the reload call to the sending of the first of those requests that show it, each on a new connection. A run of 8 alike shows a weight or a drain, 12 without it a removal, the first answer anything else.',
    'Upload + reload: from the first byte of the upload to the answer of the reload call.',
    ...[...taken].map(([subject, each]) => {
      const { changes, answered } = each;
      const failures = failuresOf(each);
      const applied = [...new Set(changes.map((change) => change.applied))]
        .filter((how) => how !== undefined)
        .map((how) => `${changes.filter((change) => change.applied === how).length} by ${how}`);
      const how = applied.length === 0 ? '' : ` (X-Amphora-Applied: ${applied.join(', ')})`;
      return `${subject}: ${changes.length} changes, ${changes.filter(({ isReload }) => isReload).length} with a new worker${how}; ${answered + failures.length} requests of six clients beside them, ${failures.length} failed${whyOf(failures)}.`;
    }),
    'Members lie in the process of the benchmark.',
  ];
}
