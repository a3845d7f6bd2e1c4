// The changes of members that controllers make, in a cycle that ends where it began, and how traffic shows that each is
// in force: by who answers, each request on a connection of its own, other clients' requests in between.
import { isRunOf, seen } from './member-traffic.mjs';

/** What a pool looks like where the cycle begins; ports by name. */
export const beginning = (ports) => [
  { name: 'a', port: ports.a },
  { name: 'b', port: ports.b },
];

const heavy = 100;

/**
 * The cycle: each change has its kind, what it makes of the members, when traffic shows it, and the commands of the runtime
 * that do the same.
 */
export function changesOf(ports, pool) {
  const with_ = (more) => (members) =>
    members.map((member) => (member.name === 'b' ? { ...member, ...more } : member));
  const on = (name) => `${pool}/${name}`;
  const back = `set server ${on('b')} addr 127.0.0.1 port`;
  return [
    {
      kind: 'weight',
      change: with_({ weight: heavy }),
      shows: isRunOf(8, 'b'),
      commands: [`set server ${on('b')} weight ${heavy}`],
    },
    {
      kind: 'weight',
      change: with_({ weight: 1 }),
      shows: seen(2, 'a', 4),
      commands: [`set server ${on('b')} weight 1`],
    },
    {
      kind: 'drain',
      change: with_({ weight: 0 }),
      shows: isRunOf(8, 'a'),
      commands: [`set server ${on('b')} weight 0`],
    },
    {
      kind: 'drain',
      change: with_({ weight: 1 }),
      shows: seen(1, 'b', 1),
      commands: [`set server ${on('b')} weight 1`],
    },
    {
      kind: 'disabled',
      change: with_({ isDisabled: true }),
      shows: isRunOf(8, 'a'),
      commands: [`set server ${on('b')} state maint`],
    },
    {
      kind: 'disabled',
      change: with_({ isDisabled: false }),
      shows: seen(1, 'b', 1),
      commands: [`set server ${on('b')} state ready`],
    },
    {
      kind: 'address',
      change: with_({ port: ports.c }),
      shows: seen(1, 'c', 1),
      commands: [`${back} ${ports.c}`],
    },
    {
      kind: 'address',
      change: with_({ port: ports.b }),
      shows: seen(1, 'b', 1),
      commands: [`${back} ${ports.b}`],
    },
    {
      kind: 'add',
      change: (members) => [...members, { name: 'c', port: ports.c }],
      shows: seen(1, 'c', 1),
      commands: [
        `add server ${on('c')} 127.0.0.1:${ports.c} weight 1 check inter 5s fall 3 rise 2`,
        `enable server ${on('c')}`,
        `enable health ${on('c')}`,
      ],
    },
    {
      kind: 'remove',
      change: (members) => members.filter(({ name }) => name !== 'c'),
      shows: (answers) => answers.length >= 12 && !answers.slice(-12).includes('c') && 12,
      // What serves somebody cannot be deleted: who asks again until it can is not what is measured.
      commands: [`set server ${on('c')} state maint`],
      after: `del server ${on('c')}`,
    },
  ];
}
