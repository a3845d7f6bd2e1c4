// Which change of a member takes a reload, for each kind of pool, and why, as the agent says.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { freePort, waitUntil } from '../scripts/demo/loopback.mjs';
import { configurationOf } from './configuration.mjs';
import { beginning, changesOf } from './member-changes.mjs';

const pools = [
  { name: 'round robin', algorithm: 'roundrobin' },
  { name: 'least connections', algorithm: 'leastconn' },
  { name: 'source address', algorithm: 'source' },
  { name: 'round robin, cookies', algorithm: 'roundrobin', hasCookie: true },
  { name: 'least connections, cookies', algorithm: 'leastconn', hasCookie: true },
];
const turns = { weight: 'up, back', drain: 'on, off', disabled: 'on, off', address: 'there, back' };
const settleMs = 5_000;

/** Makes every change in every kind of pool; a row says how each was applied. */
export async function tableOfPools(agent, ports, progress) {
  const rows = [];
  for (const pool of pools) {
    progress(`member: table, ${pool.name}`);
    rows.push(...(await rowsOf(agent, pool, ports)));
  }
  return { heads: ['pool', 'change', 'applied by', 'new worker', 'why a reload'], rows };
}

async function rowsOf(agent, pool, ports) {
  const id = randomUUID();
  const listeners = [{ id: randomUUID(), port: await freePort() }];
  const textOf = (members) =>
    configurationOf(agent.basePath, id, { ...pool, listeners, members, isChecked: true });
  let members = beginning(ports);
  await agent.upload(id, textOf(members));
  await agent.act(id, 'start');
  const rows = [];
  for (const { kind, change } of changesOf(ports, 'any')) {
    members = change(members);
    await waitUntil(() => agent.workers(id).length === 1, settleMs);
    const [before] = agent.workers(id);
    const logged = sizeOf(agent.log);
    await agent.upload(id, textOf(members));
    const { headers } = await agent.act(id, 'reload');
    const isReload = agent.workers(id).some((pid) => pid !== before);
    const applied = headers['x-amphora-applied'] ?? (isReload ? 'reload' : 'not told');
    rows.push({ kind, applied, isReload, why: isReload ? reasonIn(agent.log, logged) : '' });
  }
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return kinds.map((kind) =>
    rowOf(
      pool,
      kind,
      rows.filter((row) => row.kind === kind),
    ),
  );
}

function rowOf(pool, kind, each) {
  return [
    pool.name,
    turns[kind] === undefined ? kind : `${kind} (${turns[kind]})`,
    [...new Set(each.map(({ applied }) => applied))].join(', '),
    each.some(({ isReload }) => isReload) ? 'yes' : 'no',
    [...new Set(each.map(({ why }) => why).filter((why) => why !== ''))].join('; '),
  ];
}

const sizeOf = (log) => readFileSync(log, 'utf8').length;

/** The reason that the agent has logged since, if it tells one. */
function reasonIn(log, from) {
  const found = /\breason=(?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(readFileSync(log, 'utf8').slice(from));
  return found?.[1] ?? found?.[2] ?? '';
}
