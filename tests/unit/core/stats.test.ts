// Counters that add up: over workers that come and go, over restarts, over spoiled files.

import { describe, expect, it } from '@jest/globals';
import { createStatistics } from '../../../agent/core/stats';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const path = '/base/stats_counters.json';
const ownTicks = '500';

const counted = (n: number) => ({
  counters: { bytesIn: n, bytesOut: 2 * n, connections: n, requestErrors: 0 },
  status: 'OPEN',
  current: 0,
});

/** A machine on which agents come and go; workers by pid with the ticks at which they began. */
function machine() {
  const files = createMemoryFiles({ '/base/': '' });
  const log = createRecordedLog();
  const system = createLiteralSystem({});
  const alive = new Map<number, string>([[system.processId(), ownTicks]]);
  const runner = {
    glance: (pid: number) => {
      const startTicks = alive.get(pid);
      return startTicks === undefined ? undefined : { startTicks, state: 'S' };
    },
  };
  const start = async (boot = system) => {
    const ledger = createWorkerLedger();
    const statistics = createStatistics({ files, log, system: boot, runner, basePath: '/base', ledger });
    await statistics.load();
    const see = (pid: number, n: number, startTicks = alive.get(pid) ?? '1'): void => {
      alive.set(pid, startTicks);
      ledger.note(id, { pid, startTicks }, new Map([['l', counted(n)]]));
    };
    const sample = () => ({
      listeners: new Map([['l', { status: 'OPEN', current: 0, counters: ledger.total(id, 'l') }]]),
      pools: new Map(),
    });
    const untold = () => statistics.untold(sample()).get('l')?.bytesIn;
    return { ledger, statistics, see, untold, tell: () => statistics.tell(sample()) };
  };
  return { files, log, alive, start };
}

describe('statistics', () => {
  it('add up over the workers of two reloads, each counted once', async () => {
    const { see, untold, tell, ledger } = await machine().start();
    see(10, 100, '600');
    expect(untold()).toBe(100);
    await tell();
    see(10, 130);
    see(11, 5, '700');
    see(10, 150);
    expect(untold()).toBe(55);
    await tell();
    ledger.forget({ pid: 10, startTicks: '600' });
    see(11, 6);
    expect(untold()).toBe(1);
  });

  it('do not take a new process under an old pid for the old one', async () => {
    const { see, untold, tell, alive } = { ...machine(), ...(await machine().start()) };
    see(10, 100, '600');
    await tell();
    alive.set(10, '900');
    see(10, 40, '900');
    expect(untold()).toBe(40);
  });

  it('begin at 0 with a worker whose counters were cleared', async () => {
    const { see, untold, tell } = await machine().start();
    see(10, 100, '600');
    await tell();
    see(10, 7);
    expect(untold()).toBe(7);
  });

  it('neither repeat nor lose anything over a restart of the agent, told or not', async () => {
    const { start } = machine();
    const first = await start();
    first.see(10, 100, '600');
    await first.tell();
    first.see(10, 120);
    await first.statistics.keep();
    const second = await start();
    second.see(10, 150);
    expect(second.untold()).toBe(50);
    // Begun after the agent's last look.
    second.see(12, 9, '650');
    expect(second.untold()).toBe(59);
  });

  it('lose what a message told that was never sent, and never tell it twice', async () => {
    const { start } = machine();
    const first = await start();
    first.see(10, 100, '600');
    await first.tell();
    const second = await start();
    second.see(10, 100);
    expect(second.untold()).toBe(0);
  });

  it('come back when the message could not be sent', async () => {
    const { see, untold, tell, statistics } = await machine().start();
    see(10, 100, '600');
    await tell();
    statistics.takeBack();
    see(10, 110);
    expect(untold()).toBe(110);
  });

  it.each(['{', '{"schema":2}', '{"l":{"bin":5}}', '[]'])(
    'begin anew over %s: what living workers have counted is not told again',
    async (text) => {
      const { files, log, alive, start } = machine();
      files.plant(path, text);
      alive.set(10, '400');
      const agent = await start();
      agent.see(10, 1_000);
      expect(agent.untold()).toBe(0);
      agent.see(10, 1_004);
      agent.see(11, 6, '600');
      expect(agent.untold()).toBe(10);
      expect(log.messages('warning')).toHaveLength(1);
      // The next agent knows it too.
      await agent.statistics.keep();
      alive.set(12, '450');
      const next = await start();
      next.see(12, 77);
      expect(next.untold()).toBe(10);
    },
  );

  it('that cannot be read for a while, by a new agent neither, are not told again afterwards', async () => {
    const { start } = machine();
    const sampleOf = (n: number | undefined) => ({
      listeners: new Map([['u', n === undefined ? { ...counted(0), counters: undefined } : counted(n)]]),
      pools: new Map(),
    });
    const [{ statistics: first }, unknown] = [await start(), sampleOf(undefined)];
    await first.tell(sampleOf(100));
    const { statistics } = await start();
    for (let n = 0; n < 2; n += 1) {
      expect(statistics.untold(unknown).get('u')?.bytesIn).toBe(0);
      await statistics.tell(unknown);
    }
    expect(statistics.untold(sampleOf(130)).get('u')?.bytesIn).toBe(30);
  });

  it('of a listener that went and came back begin at 0', async () => {
    const { see, untold, tell, ledger } = await machine().start();
    see(10, 100, '600');
    await tell();
    ledger.keepListeners(id, new Set());
    ledger.forget({ pid: 10, startTicks: '600' });
    see(11, 130, '700');
    expect(untold()).toBe(130);
  });

  it('outlive a reboot; processes do not', async () => {
    const { start } = machine();
    const first = await start();
    first.see(10, 100, '600');
    await first.tell();
    const second = await start({ ...createLiteralSystem({}), bootId: () => Promise.resolve('another-boot') });
    second.see(10, 30, '600');
    expect(second.untold()).toBe(30);
  });
});
