// What systemd hears from a running agent: life signs while it is well, and its status when that changes.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { informSystemd } from '../../../agent/boot/watchdog';
import type { Pulse } from '../../../agent/core/pulse';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '4711' };
let aborter: AbortController;

beforeEach(() => {
  aborter = new AbortController();
});
afterEach(() => aborter.abort());

const setUp = (env: Record<string, string> = environment) => {
  const pulse: { now: Pulse | Error } = { now: { isWell: true, status: 'amphora x: 1 load balancer' } };
  const runner = createScriptedRunner([{ match: /^systemd-notify/ }]);
  const clock = createHandClock();
  const log = createRecordedLog();
  const system = createLiteralSystem({ processId: 4711 });
  informSystemd({ runner, clock, log, system }, env, aborter.signal, () =>
    pulse.now instanceof Error ? Promise.reject(pulse.now) : Promise.resolve(pulse.now),
  );
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) await clock.advance(1_000);
  };
  const feeds = (): number => runner.transcript.filter((line) => line.includes('WATCHDOG=1')).length;
  return { pulse, runner, clock, log, pass, feeds };
};

describe('systemd', () => {
  it('gets a life sign at least at half the interval of the watchdog, and the status once', async () => {
    const { pass, feeds, runner } = setUp();
    await pass(121);
    expect(feeds()).toBeGreaterThanOrEqual(4);
    expect(feeds()).toBeLessThanOrEqual(9);
    const told = runner.transcript.filter((line) => line.includes('--status'));
    expect(told).toEqual([
      expect.stringMatching(/^systemd-notify --status=amphora x: 1 load balancer .*--pid=4711$/),
    ]);
  });

  it('gets none from an agent that is not well, but hears why', async () => {
    const { pulse, pass, feeds, runner } = setUp();
    await pass(1);
    const before = feeds();
    pulse.now = { isWell: false, status: 'amphora x: not well: timers do not run' };
    await pass(121);
    expect(feeds()).toBe(before);
    expect(runner.transcript.at(-1)).toContain('--status=amphora x: not well');
  });

  it('gets none from an agent that cannot tell how it is', async () => {
    const { pulse, pass, feeds, log } = setUp();
    await pass(1);
    const before = feeds();
    pulse.now = new Error('no such directory');
    await pass(61);
    expect(feeds()).toBe(before);
    expect(log.entries.at(-1)).toMatchObject({ level: 'warning', fields: { error: 'no such directory' } });
  });

  it.each([
    ['has no watchdog for it', { NOTIFY_SOCKET: '/run/systemd/notify' }],
    ['watches another process', { ...environment, WATCHDOG_PID: '1' }],
  ])('hears the status alone where it %s', async (_what, env) => {
    const { pass, feeds, runner } = setUp(env);
    await pass(61);
    expect(feeds()).toBe(0);
    expect(runner.transcript).toHaveLength(1);
  });

  it('is not spoken to where nobody listens', async () => {
    const { pass, runner } = setUp({});
    await pass(61);
    expect(runner.transcript).toEqual([]);
  });
});
