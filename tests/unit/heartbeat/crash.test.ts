// The agent is killed at every single step of collecting, storing and telling, and the next one goes on with what lies
// on the disk. What controllers were told in all is the truth, but for what a kill cut off between storing and sending.

import { describe, expect, it } from '@jest/globals';
import { joinHealthSources } from '../../../agent/core/health';
import { createHaproxyHealth, type HaproxyHealth } from '../../../agent/core/haproxy-health';
import { createStatistics } from '../../../agent/core/stats';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { unwrapEnvelope } from '../../../agent/heartbeat/codec';
import { createHeartbeatSender } from '../../../agent/heartbeat/sender';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createMortalHost, untilDeath, type Life } from '../../fakes/mortal-host';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createRecordedUdp } from '../../fakes/recorded-udp';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { installWorkers, type FakeWorker } from '../../fakes/scripted-workers';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const roots = { basePath: '/b', certDir: '/b/certs', runtimeDir: '/b' };
const book = '/b/stats_counters.json';
const intervalMs = 300;
const key = 'k';
const port = 5_555;

interface Stats {
  readonly totconns: number;
  readonly rx: number;
  readonly tx: number;
}
interface Message {
  readonly listeners: Readonly<Record<string, { readonly stats?: Stats }>>;
}

async function createMachine() {
  const udp = createRecordedUdp();
  const told: Sums[] = [];
  await udp.listen({ address: '192.0.2.1', port }, (payload) => told.push(sumsIn(payload)));
  const runner = createScriptedRunner();
  const sockets = createScriptedSockets();
  return {
    files: createMemoryFiles({ '/b/': '' }),
    runner,
    sockets,
    clock: createHandClock(),
    udp,
    /** What each message told. */
    told,
    system: createLiteralSystem({}),
    log: createRecordedLog(),
    workers: installWorkers({ runner, sockets }, haproxyPaths(roots, id)),
  };
}
type Machine = Awaited<ReturnType<typeof createMachine>>;

interface Agent {
  readonly life: Life<unknown>;
  readonly health: HaproxyHealth;
}

/** Starts an agent as the daemon wires it. */
function startAgent(machine: Machine, ticks: number): Agent {
  const { runner, system } = machine;
  runner.endProcess(system.processId());
  runner.addProcess({ pid: system.processId(), argv: ['amphorad'], startTicks: String(ticks) });
  const life = createMortalHost(machine);
  const { host } = life;
  const ledger = createWorkerLedger();
  const statistics = createStatistics({ ...host, basePath: roots.basePath, ledger });
  const health = createHaproxyHealth({
    ...host,
    roots,
    ledger,
    ids: () => Promise.resolve([id]),
    keep: () => statistics.keep(),
    isWanted: () => statistics.isLoaded(),
    intervalMs: () => intervalMs,
  });
  const sender = createHeartbeatSender({
    ...host,
    statistics,
    health: joinHealthSources([health], host.log),
    amphoraId: 'a',
    mayReport: () => Promise.resolve(true),
    options: () => ({
      controller_ip_port_list: [{ address: '192.0.2.1', port }],
      heartbeat_interval: intervalMs / 1_000,
      heartbeat_key: key,
    }),
  });
  const { signal } = new AbortController();
  health.start(signal);
  void sender.run(signal);
  return { life, health };
}

/** Connections, bytes in, bytes out. */
type Sums = readonly [number, number, number];

function sumsIn(payload: Buffer): Sums {
  const stats = (unwrapEnvelope(payload, key) as Message).listeners['l']?.stats;
  return [stats?.totconns ?? 0, stats?.rx ?? 0, stats?.tx ?? 0];
}
const add = (a: Sums, b: Sums): Sums => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const minus = (a: Sums, b: Sums): Sums => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const nothing: Sums = [0, 0, 0];

function stored({ files }: Machine): Sums {
  const text = files.snapshot()[book];
  if (text === undefined) return nothing;
  const { reported } = JSON.parse(text) as { reported: Record<string, readonly number[]> };
  const [rx = 0, tx = 0, totconns = 0] = reported['l'] ?? [];
  return [totconns, rx, tx];
}

interface Stage {
  readonly machine: Machine;
  /** Has a worker serve so many requests, and lets time pass. */
  readonly serve: (worker: FakeWorker, requests: number) => Promise<void>;
  /** Reloads as the agent does: a last sample, then the signal. */
  readonly reload: () => Promise<FakeWorker>;
  /** Lets time pass for the next message; whoever is dead by then is followed by another agent. */
  readonly pass: () => Promise<void>;
}

interface Outcome {
  readonly died: boolean;
  /** What the book had as told when the agent died, and nobody has heard. */
  readonly lost: Sums;
  /** How many messages told anything. */
  readonly telling: number;
}

/** Plays a story whose first agent dies at a step, and holds what was told against what was served. */
async function play(story: (stage: Stage) => Promise<void>, step: number): Promise<Outcome> {
  const machine = await createMachine();
  let [truth, lost, isDead, hasDied] = [nothing, nothing, false, false];
  // How much of the truth was not told yet, at any time.
  let least = 0;
  const sum = (): Sums => machine.told.reduce(add, nothing);
  const born = (ticks: number): Agent => {
    const next = startAgent(machine, ticks);
    void next.life.died.then(() => (isDead = true));
    return next;
  };
  let agent = born(1);
  agent.life.dieAt(step);

  const revive = (): void => {
    if (!isDead) return;
    [isDead, hasDied] = [false, true];
    lost = minus(stored(machine), sum());
    // As if started at this moment: after all processes that there are.
    agent = born(Math.max(...machine.runner.processes().map(({ startTicks }) => Number(startTicks))) + 1);
  };
  const pass = async (): Promise<void> => {
    await machine.clock.advance(intervalMs);
    if (isDead) {
      revive();
      await machine.clock.advance(intervalMs);
    }
    least = Math.min(least, ...minus(truth, sum()));
  };
  await story({
    machine,
    pass,
    serve: async (worker, requests) => {
      machine.workers.serve(worker, 'l', requests);
      truth = add(truth, [requests, 10 * requests, 100 * requests]);
      await pass();
    },
    reload: async () => {
      const last = (): Promise<unknown> => untilDeath(agent.life, () => agent.health.beforeReload(id));
      if ((await last()) === 'died') {
        await pass();
        await last();
      }
      return machine.workers.start('l');
    },
  });
  await pass();
  expect(least).toBe(0);
  expect(sum()).toEqual(minus(truth, lost));
  expect(Math.min(...lost)).toBeGreaterThanOrEqual(0);
  return { died: hasDied, lost, telling: machine.told.filter(([totconns]) => totconns > 0).length };
}

async function throughAllSteps(story: (stage: Stage) => Promise<void>) {
  const outcomes: Outcome[] = [];
  for (let step = 1; outcomes.at(-1)?.died !== false; step += 1) outcomes.push(await play(story, step));
  const losing = outcomes.filter(({ lost }) => lost.some((figure) => figure > 0));
  return { steps: outcomes.length - 1, losing: losing.length, telling: outcomes.at(-1)?.telling ?? 0 };
}

describe('the agent is killed at any step of a heartbeat', () => {
  it('controllers are told the truth, but for a message that was stored and not sent', async () => {
    const { steps, losing, telling } = await throughAllSteps(async ({ machine, pass, serve }) => {
      await pass();
      const worker = machine.workers.start('l');
      for (const requests of [5, 0, 7, 1]) await serve(worker, requests);
    });
    expect(steps).toBeGreaterThan(30);
    expect(telling).toBe(3);
    // At the end of storing, and at the beginning of sending.
    expect(losing).toBe(2 * telling);
  });

  it('over two reloads too, with workers that go on answering their clients', async () => {
    const { steps, losing, telling } = await throughAllSteps(async ({ machine, pass, serve, reload }) => {
      const { workers } = machine;
      await pass();
      const first = workers.start('l');
      await serve(first, 5);
      workers.setClients(first, 2);
      const second = await reload();
      await serve(first, 3);
      await serve(second, 4);
      workers.setClients(second, 1);
      const third = await reload();
      await serve(second, 2);
      for (const worker of [first, second]) workers.setClients(worker, 0);
      await serve(third, 6);
      expect(workers.living()).toEqual([third]);
    });
    expect(steps).toBeGreaterThan(100);
    expect(losing).toBe(2 * telling);
  });

  it('and while the network was away: what could not be sent is told later, or was lost with the agent', async () => {
    const { losing } = await throughAllSteps(async ({ machine, pass, serve }) => {
      await pass();
      const worker = machine.workers.start('l');
      await serve(worker, 5);
      machine.udp.fail('ENETUNREACH');
      await serve(worker, 3);
      await serve(worker, 4);
      machine.udp.fail(undefined);
      await serve(worker, 2);
    });
    expect(losing).toBeGreaterThan(0);
  });
});
