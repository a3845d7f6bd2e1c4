// The workers of one load balancer over a machine of fakes: who is held, who is let go of and when, and what is then
// in the ledger.

import { describe, expect, it } from '@jest/globals';
import { createWorkerTaps } from '../../../agent/core/haproxy-taps';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { installWorkers, type FakeWorker } from '../../fakes/scripted-workers';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const paths = haproxyPaths({ basePath: '/b', certDir: '/b/certs', runtimeDir: '/b' }, id);
const minuteMs = 60_000;

function group() {
  const runner = createScriptedRunner();
  const sockets = createScriptedSockets();
  const workers = installWorkers({ runner, sockets }, paths);
  const ledger = createWorkerLedger();
  const world = { nowMs: 1_000, keep: (): Promise<unknown> => Promise.resolve() };
  const tapsOver = (mine = ledger) =>
    createWorkerTaps({
      runner,
      sockets,
      id,
      paths,
      ledger: mine,
      keep: () => world.keep(),
      monotonic: () => world.nowMs,
    });
  const told = (listener = 'l', of = ledger): number => of.total(id, listener).connections;
  return { ...workers, workers, sockets, ledger, world, taps: tapsOver(), tapsOver, told };
}

/** A group whose first worker was tapped, has clients and has been replaced. */
async function reloaded() {
  const all = group();
  const first = all.start('l');
  await all.taps.look();
  all.setClients(first, 2);
  all.taps.expectReload();
  const second = all.start('l');
  await all.taps.look();
  return { ...all, first, second };
}

const pending = () => {
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, settle: () => settle() };
};
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const endsWhenAskedFor = (command: string, worker: FakeWorker, kill: (worker: FakeWorker) => void) => {
  worker.says = (asked) => {
    if (asked.startsWith(command)) kill(worker);
    return asked.startsWith(command) ? { refuse: 'ECONNRESET' } : undefined;
  };
};

describe('a worker that a reload replaces', () => {
  it('stays until it has no client, and what it counted last is in the ledger before it may go', async () => {
    const { taps, workers, serve, setClients, first, second, world, told } = await reloaded();
    serve(first, 'l', 5);
    serve(second, 'l', 1);
    const sample = await taps.look();
    expect(sample?.present.listeners.get('l')?.status).toBe('OPEN');
    expect([told(), workers.living()]).toEqual([6, [first, second]]);
    serve(first, 'l', 3);
    setClients(first, 0);
    expect(workers.living()).toContain(first);
    const kept: unknown[] = [];
    world.keep = () => Promise.resolve(kept.push([told(), workers.living().includes(first)]));
    await taps.lookAtOld();
    expect(kept).toEqual([[9, true]]);
    expect(workers.living()).toEqual([second]);
    expect(taps.isRestless()).toBe(false);
    serve(second, 'l', 1);
    await taps.look();
    expect(told()).toBe(10);
  });

  it('is held until the ledger has been written, however long that takes', async () => {
    const { taps, workers, setClients, first, second, world } = await reloaded();
    const writing = pending();
    world.keep = () => writing.promise;
    setClients(first, 0);
    const looked = taps.lookAtOld();
    await idle();
    expect(workers.living()).toContain(first);
    writing.settle();
    await looked;
    expect(workers.living()).toEqual([second]);
  });

  it('is noticed between two messages when a reload was expected', async () => {
    const { taps, start, serve, setClients, workers, sockets, told } = group();
    const first = start('l');
    await taps.look();
    const asked = sockets.transcript.length;
    await taps.lookAtOld();
    expect(sockets.transcript).toHaveLength(asked);
    taps.expectReload();
    expect(taps.isRestless()).toBe(true);
    await taps.lookAtOld();
    expect(taps.isRestless()).toBe(true);
    serve(first, 'l', 4);
    const second = start('l');
    expect(workers.living()).toContain(first);
    await taps.lookAtOld();
    expect(told()).toBe(4);
    expect(workers.living()).toEqual([second]);
    setClients(second, 1);
    expect(taps.isRestless()).toBe(false);
  });

  it('is noticed by the next message when nobody expected the reload', async () => {
    const { taps, start, serve, workers, told } = group();
    const first = start('l');
    await taps.look();
    serve(first, 'l', 4);
    const second = start('l');
    expect((await taps.look())?.present.isStopped).toBe(false);
    expect([told(), workers.living()]).toEqual([4, [second]]);
  });

  it('takes with it only what it served after its last sample when it ends between two questions', async () => {
    const { taps, workers, serve, first, second, told } = await reloaded();
    serve(first, 'l', 5);
    await taps.look();
    serve(first, 'l', 1);
    endsWhenAskedFor('show stat', first, workers.kill);
    expect((await taps.look())?.present.listeners.get('l')?.status).toBe('OPEN');
    expect([told(), workers.living(), taps.isRestless()]).toEqual([5, [second], false]);
  });

  it('does not speak for the listener when it ends right after its last sample', async () => {
    const { taps, workers, start, serve, told, sockets } = group();
    const first = start('l');
    await taps.look();
    serve(first, 'l', 2);
    start('l');
    endsWhenAskedFor('show info', first, workers.kill);
    expect((await taps.look())?.present.listeners.get('l')?.status).toBe('OPEN');
    expect([told(), sockets.conversations()]).toEqual([2, 1]);
  });

  it('has its connections counted with those of all the others', async () => {
    const { taps, start, setClients, first, second } = await reloaded();
    setClients(second, 3);
    taps.expectReload();
    start('l');
    const [one, two] = [first.listeners.get('l')!, second.listeners.get('l')!];
    [one.current, two.current] = [2, 3];
    expect((await taps.look())?.lingering).toEqual(new Map([['l', 5]]));
    setClients(first, 0);
    one.current = 0;
    await taps.lookAtOld();
    expect((await taps.look())?.lingering).toEqual(new Map([['l', 3]]));
  });
});

describe('a worker that is only late', () => {
  it('keeps its connection, and is asked on it again once it has answered', async () => {
    const { taps, start, serve, sockets, told } = group();
    const worker = start('l');
    await taps.look();
    serve(worker, 'l', 7);
    const answer = pending();
    worker.says = () => ({ late: answer.promise });
    await expect(taps.look()).rejects.toMatchObject({ kind: 'timeout' });
    worker.says = undefined;
    await expect(taps.look()).rejects.toMatchObject({ kind: 'timeout' });
    expect([told(), sockets.conversations()]).toEqual([0, 1]);
    answer.settle();
    await idle();
    await taps.look();
    expect([told(), sockets.conversations()]).toEqual([7, 1]);
  });

  it('is not let go of when it is one that was replaced, and does not keep the one that serves from speaking', async () => {
    const { taps, setClients, workers, serve, first, second, told } = await reloaded();
    serve(first, 'l', 3);
    setClients(first, 0);
    const answer = pending();
    first.says = () => ({ late: answer.promise });
    expect(await taps.look()).toBeDefined();
    expect([workers.living(), taps.isRestless()]).toEqual([[first, second], true]);
    first.says = undefined;
    answer.settle();
    await idle();
    await taps.lookAtOld();
    expect([told(), workers.living()]).toEqual([3, [second]]);
  });
});

describe('a worker that lives on', () => {
  it('is not counted twice when its connection breaks', async () => {
    const { taps, start, serve, told, sockets } = group();
    const worker = start('l');
    serve(worker, 'l', 7);
    await taps.look();
    let isBroken = true;
    worker.says = (command) => {
      const answer = isBroken && command.startsWith('show stat') ? { refuse: 'ECONNRESET' } : undefined;
      if (answer !== undefined) isBroken = false;
      return answer;
    };
    serve(worker, 'l', 1);
    expect(await taps.look()).toBeDefined();
    expect([told(), sockets.conversations()]).toEqual([8, 1]);
  });

  it('is not counted twice, nor lost, when its master is away during a further reload', async () => {
    const { taps, tapsOver, start, serve, first, second, workers, told } = await reloaded();
    serve(first, 'l', 7);
    await taps.look();
    taps.close();
    const next = tapsOver();
    await next.look();
    next.expectReload();
    workers.masterSays = { refuse: 'ECONNREFUSED' };
    start('l');
    serve(first, 'l', 1);
    await next.lookAtOld();
    expect(next.isRestless()).toBe(true);
    workers.masterSays = undefined;
    await next.look();
    expect(told()).toBe(8);
    expect(workers.living()).toEqual([first, expect.anything()]);
    expect(workers.living()).not.toContain(second);
  });

  it('is forgotten once it has ended, so that the ledger does not grow', async () => {
    const { taps, workers, setClients, first, ledger } = await reloaded();
    setClients(first, 0);
    for (let message = 0; message < 2; message += 1) await taps.look();
    expect(ledger.entries().workers.map(({ pid }) => pid)).toEqual(workers.living().map(({ pid }) => pid));
  });
});

describe('workers that reloads had replaced before this agent began', () => {
  it('are found by way of their master and counted until they end', async () => {
    const { taps, tapsOver, workers, serve, setClients, first, second } = await reloaded();
    serve(first, 'l', 5);
    taps.close();
    const ledger = createWorkerLedger();
    const next = tapsOver(ledger);
    await next.look();
    const total = (): number => ledger.total(id, 'l').connections;
    expect([total(), next.isRestless()]).toEqual([5, true]);
    serve(first, 'l', 2);
    await next.lookAtOld();
    setClients(first, 0);
    expect(workers.living()).toEqual([second]);
    await next.lookAtOld();
    expect([total(), next.isRestless()]).toEqual([7, false]);
  });

  it.each([{ silent: true }, { refuse: 'ECONNREFUSED' }] as const)(
    'are done without when their master answers %j: the worker that serves is heard, on one connection',
    async (answer) => {
      const { taps, workers, start, sockets } = group();
      start('l');
      workers.masterSays = answer;
      expect((await taps.look())?.present.listeners.has('l')).toBe(true);
      await taps.look();
      expect(sockets.conversations()).toBe(1);
    },
  );
});

describe('the taps of a load balancer', () => {
  it('say nothing while no worker serves, and speak of the next one', async () => {
    const { taps, start, workers } = group();
    expect(await taps.look()).toBeUndefined();
    const first = start('l');
    expect(await taps.look()).toBeDefined();
    workers.kill(first);
    expect(await taps.look()).toBeUndefined();
    start('l');
    expect(await taps.look()).toBeDefined();
  });

  it('are at rest again a minute after a reload that did not come', () => {
    const { taps, start, world } = group();
    start('l');
    expect(taps.isRestless()).toBe(false);
    taps.expectReload();
    world.nowMs += minuteMs - 1;
    expect(taps.isRestless()).toBe(true);
    world.nowMs += 1;
    expect(taps.isRestless()).toBe(false);
  });

  it('hold nobody once they are closed, and those without clients end', async () => {
    const { taps, workers, setClients, first, second, sockets } = await reloaded();
    setClients(first, 0);
    expect(workers.living()).toEqual([first, second]);
    taps.close();
    expect([workers.living(), sockets.conversations()]).toEqual([[second], 0]);
    expect(await taps.look()).toBeUndefined();
    expect(sockets.conversations()).toBe(0);
  });

  it('hold nobody either when they are closed while they open', async () => {
    for (const during of ['show info', 'show proc']) {
      const { taps, start, sockets } = group();
      const worker = start('l');
      worker.says = (asked) => (during === asked ? (taps.close(), undefined) : undefined);
      sockets.script({ line: /^show proc$/, answer: () => (taps.close(), undefined) });
      expect(await taps.look()).toBeUndefined();
      expect(sockets.conversations()).toBe(0);
    }
  });
});
