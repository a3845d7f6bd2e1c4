// What all load balancers say together, over a machine of fakes: nobody waits for one that is slow, and nobody holds
// what nobody asks for any more.

import { describe, expect, it } from '@jest/globals';
import { createHaproxyHealth } from '../../../agent/core/haproxy-health';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { parseListenerUuid } from '../../../agent/model/ids';
import type { HealthSample } from '../../../agent/model/health';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { installWorkers } from '../../fakes/scripted-workers';

const roots = { basePath: '/b', certDir: '/b/certs', runtimeDir: '/b' };
const [one, other] = [
  parseListenerUuid('0a000000-0000-4000-8000-000000000001'),
  parseListenerUuid('0b000000-0000-4000-8000-000000000002'),
];

/** Two load balancers, each with a worker that has the listener of its name. */
function amphora() {
  const clock = createHandClock();
  const log = createRecordedLog();
  const runner = createScriptedRunner();
  const sockets = createScriptedSockets();
  const ledger = createWorkerLedger();
  const world = { ids: [one, other], isWanted: true, intervalMs: 10_000, kept: 0 };
  const groups = {
    one: installWorkers({ runner, sockets }, haproxyPaths(roots, one)),
    other: installWorkers({ runner, sockets }, haproxyPaths(roots, other)),
  };
  const health = createHaproxyHealth({
    clock,
    log,
    runner,
    sockets,
    roots,
    ledger,
    ids: () => Promise.resolve(world.ids),
    keep: () => Promise.resolve((world.kept += 1)),
    isWanted: () => world.isWanted,
    intervalMs: () => world.intervalMs,
  });
  const workers = { one: groups.one.start('one'), other: groups.other.start('other') };
  /** What a collection gives, undefined while it is not over after so many milliseconds. */
  const within = async <T>(job: Promise<T>, ms: number): Promise<T | undefined> => {
    const outcome: { value?: T } = {};
    void job.then((value) => Object.assign(outcome, { value }));
    await clock.advance(ms);
    return outcome.value;
  };
  const asked = (id: string): number => sockets.transcript.filter((line) => line.includes(id)).length;
  return { clock, log, sockets, ledger, world, groups, workers, health, within, asked };
}

const names = (sample: HealthSample | undefined): readonly string[] | undefined =>
  sample && [...sample.listeners.keys()];
const connections = (sample: HealthSample | undefined, name: string): number | undefined =>
  sample?.listeners.get(name)?.counters?.connections;

function held(): { answer: Promise<string>; give: (text: string) => void } {
  let give: (text: string) => void = () => undefined;
  const answer = new Promise<string>((resolve) => (give = resolve));
  return { answer, give: (text) => give(text) };
}

describe('the last sample of a load balancer', () => {
  it('is there for others while it is no older than they like, and asks nobody', async () => {
    const { health, clock, asked } = amphora();
    expect(health.lastSample(one, 60_000)).toBeUndefined();
    await health.sample();
    const before = asked(one);
    await clock.advance(5_000);
    expect([...health.lastSample(one, 5_000)!.present.listeners.keys()]).toEqual(['one']);
    expect(health.lastSample(one, 4_999)).toBeUndefined();
    expect(asked(one)).toBe(before);
  });
});

describe('a load balancer that is slow', () => {
  it.each([
    [60_000, 2_000],
    [10_000, 1_000],
    [1_000, 100],
    [100, 100],
  ])('at an interval of %d ms is waited for %d ms, and the others are told', async (intervalMs, waitMs) => {
    const { health, workers, world, within, log } = amphora();
    world.intervalMs = intervalMs;
    workers.one.says = () => held().answer;
    const sampled = health.sample();
    expect(await within(sampled, waitMs - 1)).toBeUndefined();
    expect(names(await within(sampled, 1))).toEqual(['other']);
    expect(log.messages('warning')).toEqual(['haproxy does not tell its statistics in time']);
  });

  it('has its last word in one message, and is then left out', async () => {
    const { health, groups, workers, clock, within } = amphora();
    groups.one.serve(workers.one, 'one', 5);
    await health.sample();
    workers.one.says = () => held().answer;
    await clock.advance(10_000);
    const sample = await within(health.sample(), 1_000);
    expect([names(sample), connections(sample, 'one')]).toEqual([['one', 'other'], 5]);
    await clock.advance(9_000);
    expect(names(await within(health.sample(), 0))).toEqual(['other']);
  });

  it('is told one message later when it always answers after its time', async () => {
    const { health, groups, workers, clock, within } = amphora();
    await health.sample();
    for (let message = 1; message < 4; message += 1) {
      const { answer, give } = held();
      workers.one.says = () => answer.then(() => undefined);
      groups.one.serve(workers.one, 'one', 1);
      await clock.advance(9_000);
      expect(names(await within(health.sample(), 1_000))).toEqual(['one', 'other']);
      workers.one.says = undefined;
      give('its time');
      await within(Promise.resolve(), 0);
    }
    await clock.advance(9_000);
    expect(connections(await within(health.sample(), 0), 'one')).toBe(3);
  });

  it('is neither waited for nor asked again until it has answered, and then told with all that it counted', async () => {
    const { health, groups, workers, clock, within, asked, log } = amphora();
    await health.sample();
    await clock.advance(16_000);
    const { answer, give } = held();
    workers.one.says = () => answer;
    groups.one.serve(workers.one, 'one', 5);
    expect(names(await within(health.sample(), 2_000))).toEqual(['other']);
    const before = asked(one);
    for (let message = 0; message < 3; message += 1)
      expect(names(await within(health.sample(), 0))).toEqual(['other']);
    expect(asked(one)).toBe(before);
    workers.one.says = undefined;
    give('nonsense');
    await within(Promise.resolve(), 0);
    groups.one.serve(workers.one, 'one', 2);
    const sample = await within(health.sample(), 0);
    expect([names(sample), connections(sample, 'one')]).toEqual([['one', 'other'], 7]);
    expect(log.messages('warning')).toHaveLength(1);
  });

  it('that answers too late for its connection is left out, and heard on the same connection afterwards', async () => {
    const { health, workers, within, sockets } = amphora();
    await health.sample();
    const { answer, give } = held();
    workers.one.says = () => ({ late: answer });
    expect(names(await within(health.sample(), 0))).toEqual(['other']);
    workers.one.says = undefined;
    give('');
    await within(Promise.resolve(), 0);
    expect(names(await within(health.sample(), 0))).toEqual(['one', 'other']);
    expect(sockets.conversations()).toBe(2);
  });

  it('does not hold up its reload for longer than two seconds', async () => {
    const { health, workers, within } = amphora();
    await health.sample();
    workers.one.says = () => held().answer;
    const over = health.beforeReload(one).then(() => 'over');
    expect(await within(over, 1_999)).toBeUndefined();
    expect(await within(over, 1)).toBe('over');
  });

  it('does not come into its own way when it is deleted and made anew', async () => {
    const { health, groups, workers, world, within } = amphora();
    await health.sample();
    workers.one.says = () => held().answer;
    await within(health.sample(), 2_000);
    world.ids = [other];
    await within(health.sample(), 0);
    groups.one.kill(workers.one);
    groups.one.start('one');
    world.ids = [one, other];
    expect(names(await within(health.sample(), 0))).toEqual(['one', 'other']);
  });
});

describe('a load balancer', () => {
  it('that does not run, or answers nonsense, is left out alone', async () => {
    const { health, groups, workers, within, log } = amphora();
    groups.one.kill(workers.one);
    expect(names(await within(health.sample(), 0))).toEqual(['other']);
    expect(log.messages('warning')).toEqual([]);
    workers.other.says = (command) => (command.startsWith('show stat') ? 'Unknown command\n' : undefined);
    groups.one.start('one');
    expect(names(await within(health.sample(), 0))).toEqual(['one']);
  });

  it('that was deleted is let go of, and what was told of its listeners is forgotten', async () => {
    const { health, groups, workers, world, sockets, ledger } = amphora();
    groups.one.serve(workers.one, 'one', 5);
    await health.sample();
    expect(sockets.conversations()).toBe(2);
    world.ids = [other];
    expect(names(await health.sample())).toEqual(['other']);
    expect(sockets.conversations()).toBe(1);
    expect(ledger.takeDropped()).toEqual(['one']);
  });

  it('that loses a listener by a reload has it begin at 0 when it comes back', async () => {
    const { health, groups, workers, ledger } = amphora();
    groups.one.serve(workers.one, 'one', 5);
    await health.sample();
    await health.beforeReload(one);
    groups.one.start('two');
    expect(names(await health.sample())).toEqual(['two', 'other']);
    expect(ledger.takeDropped()).toEqual(['one']);
    await health.beforeReload(one);
    groups.one.serve(groups.one.start('one', 'two'), 'one', 1);
    expect(connections(await health.sample(), 'one')).toBe(1);
  });

  it('has the connections of the workers that reloads replaced added to those of the one that serves', async () => {
    const { health, groups, workers } = amphora();
    await health.sample();
    groups.one.setClients(workers.one, 2);
    await health.beforeReload(one);
    const next = groups.one.start('one');
    workers.one.listeners.get('one')!.current = 2;
    next.listeners.get('one')!.current = 3;
    expect((await health.sample()).listeners.get('one')).toMatchObject({ status: 'OPEN', current: 5 });
  });
});

describe('between two messages', () => {
  it('what a replaced worker counts is noted, and it ends with its last client', async () => {
    const { health, groups, workers, clock, ledger, world } = amphora();
    const ended = new AbortController();
    health.start(ended.signal);
    await health.sample();
    groups.one.serve(workers.one, 'one', 1);
    groups.one.setClients(workers.one, 1);
    await health.beforeReload(one);
    expect(ledger.total(one, 'one').connections).toBe(1);
    const next = groups.one.start('one');
    groups.one.serve(workers.one, 'one', 1);
    await clock.advance(250);
    groups.one.serve(workers.one, 'one', 1);
    groups.one.setClients(workers.one, 0);
    expect(groups.one.living()).toContain(workers.one);
    await clock.advance(250);
    expect([groups.one.living(), ledger.total(one, 'one').connections, world.kept]).toEqual([[next], 3, 1]);
    ended.abort();
  });

  it('nobody is asked who has nothing to tell', async () => {
    const { health, clock, sockets } = amphora();
    const ended = new AbortController();
    health.start(ended.signal);
    await health.sample();
    const before = sockets.transcript.length;
    await clock.advance(10_000);
    expect(sockets.transcript).toHaveLength(before);
    ended.abort();
  });

  it.each([
    ['nobody is to be told any more', (world: { isWanted: boolean }) => (world.isWanted = false)],
    ['the agent ends', (_world: unknown, ended: AbortController) => ended.abort()],
  ])('all workers are let go of when %s', async (_when, happen) => {
    const { health, clock, sockets, world } = amphora();
    const ended = new AbortController();
    health.start(ended.signal);
    await health.sample();
    expect(sockets.conversations()).toBe(2);
    happen(world, ended);
    await clock.advance(250);
    expect([sockets.conversations(), clock.pending()]).toEqual([0, ended.signal.aborted ? 0 : 1]);
    ended.abort();
  });

  it('nothing is opened for a reload when nobody is to be told', async () => {
    const { health, sockets, world } = amphora();
    world.isWanted = false;
    await health.beforeReload(one);
    expect(sockets.transcript).toEqual([]);
  });
});
