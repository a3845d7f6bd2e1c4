// The prometheus proxy runs while a running configuration asks for it, outlives the agent, and is known again.

import { describe, expect, it } from '@jest/globals';
import { createPrometheusProxyKeeper } from '../../../agent/core/prometheus-proxy';
import { AgentError } from '../../../agent/model/errors';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createLiveness } from '../../../agent/supervisor/liveness';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { firstId, secondId } from '../../fakes/scripted-amphora';

const recordPath = '/b/prometheus-proxy.json';
const spec = {
  name: 'prometheus-proxy',
  argv: ['/usr/bin/node', '/dist/prometheus-proxy.cjs'],
  marks: [['/dist/prometheus-proxy.cjs']],
  selfNames: ['node-MainThread'],
  through: [],
  logPath: '/b/prometheus-proxy.log',
};

const setUp = () => {
  const runner = createScriptedRunner([{ match: /prometheus-proxy/ }]);
  const host = {
    files: createMemoryFiles({ '/b/': '' }),
    log: createRecordedLog(),
    clock: createHandClock(),
    system: createLiteralSystem(),
  };
  const agent = (version = '1') => {
    const liveness = createLiveness(runner);
    const supervisor = liveness.over(createDirectSupervisor({ ...host, runner }));
    return createPrometheusProxyKeeper({ ...host, liveness, supervisor, spec, recordPath, version });
  };
  const pids = (): readonly number[] => runner.processes().map(({ pid }) => pid);
  const starts = (): number => runner.transcript.filter((line) => line.startsWith('start')).length;
  return { runner, ...host, agent, pids, starts, settle: () => host.clock.advance(0) };
};

const running = async () => {
  const amphora = setUp();
  const keeper = amphora.agent();
  keeper.want(firstId, true);
  keeper.start();
  await amphora.settle();
  expect(amphora.pids()).toHaveLength(1);
  return { ...amphora, keeper };
};

describe('the prometheus proxy', () => {
  it('runs once, however many configurations ask for it, and ends with the last', async () => {
    const { keeper, settle, pids, starts, files } = await running();
    keeper.want(secondId, true);
    keeper.want(firstId, false);
    await settle();
    expect([pids().length, starts()]).toEqual([1, 1]);
    keeper.want(secondId, false);
    await settle();
    expect(pids()).toEqual([]);
    expect(files.snapshot()).toEqual({});
  });

  it('is not touched before the agent has restored what runs', async () => {
    const { agent, settle, pids } = setUp();
    const keeper = agent();
    keeper.want(firstId, true);
    await settle();
    expect(pids()).toEqual([]);
  });

  it('goes on when the agent ends, and is taken over by the next', async () => {
    const { keeper, agent, settle, pids, starts } = await running();
    const before = pids();
    keeper.stop();
    const next = agent();
    next.want(firstId, true);
    next.start();
    await settle();
    expect([pids(), starts()]).toEqual([before, 1]);
    next.want(firstId, false);
    await settle();
    expect(pids()).toEqual([]);
  });

  it('is known again by the name that newer Nodes give themselves', async () => {
    const { runner, keeper, agent, settle, starts } = await running();
    runner.processes()[0]!.name = 'node-MainThread';
    keeper.stop();
    const next = agent();
    next.want(firstId, true);
    next.start();
    await settle();
    expect(starts()).toBe(1);
  });

  it('that nobody asks for any more ends with the next start of the agent', async () => {
    const { keeper, agent, settle, pids } = await running();
    keeper.stop();
    agent().start();
    await settle();
    expect(pids()).toEqual([]);
  });

  it('of an older version is replaced', async () => {
    const { keeper, agent, settle, pids, starts } = await running();
    const before = pids();
    keeper.stop();
    const next = agent('2');
    next.want(firstId, true);
    next.start();
    await settle();
    expect(pids()).toHaveLength(1);
    expect(pids()).not.toEqual(before);
    expect(starts()).toBe(2);
  });

  it('that is recorded under the pid of another process is started, and the other left alone', async () => {
    const { runner, keeper, agent, settle, pids } = await running();
    const [pid = 0] = pids();
    keeper.stop();
    runner.endProcess(pid);
    runner.addProcess({ pid, argv: ['/bin/other'] });
    const next = agent();
    next.want(firstId, true);
    next.start();
    await settle();
    expect(pids()).toHaveLength(2);
    expect(runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([]);
  });

  it.each(['{', '[]', 'null', '{"pid":1}'])('with a record that says %s is started anew', async (record) => {
    const { files, agent, settle, pids } = setUp();
    files.plant(recordPath, record);
    const keeper = agent();
    keeper.want(firstId, true);
    keeper.start();
    await settle();
    expect(pids()).toHaveLength(1);
  });

  it('that dies comes back, each time later, and doctor hears of it', async () => {
    const { runner, clock, keeper, pids, starts } = await running();
    runner.script({ match: /prometheus-proxy/, result: { code: 1 } });
    runner.endProcess(pids()[0]!);
    await clock.advance(2_000);
    expect(starts()).toBe(1);
    expect(keeper.findings()).toEqual([expect.objectContaining({ check: 'prometheus-proxy' })]);
    await clock.advance(30_000);
    const early = starts();
    expect(early).toBeGreaterThan(2);
    expect(early).toBeLessThan(8);
    runner.script({ match: /prometheus-proxy/ });
    await clock.advance(60_000);
    expect(pids()).toHaveLength(1);
    expect(keeper.findings()).toEqual([]);
  });

  it('that cannot be recorded is not left behind unknown', async () => {
    const { files, agent, clock, pids, log } = setUp();
    files.failNext('writeAtomic', new AgentError('no-space', 'full'));
    const keeper = agent();
    keeper.want(firstId, true);
    keeper.start();
    await clock.advance(0);
    expect(pids()).toEqual([]);
    expect(log.messages('warning')).toEqual(['prometheus proxy does not run']);
    await clock.advance(4_000);
    expect(pids()).toHaveLength(1);
  });

  it('ends when children are to be stopped', async () => {
    const { clock, keeper, pids } = await running();
    keeper.stop();
    await passTime(clock, keeper.end());
    expect(pids()).toEqual([]);
  });

  it('has a log that stays short', async () => {
    const { files, agent, settle } = setUp();
    files.plant(spec.logPath, 'x'.repeat(70_000));
    const keeper = agent();
    keeper.want(firstId, true);
    keeper.start();
    await settle();
    expect(files.snapshot()[spec.logPath]).toBe('');
  });
});
