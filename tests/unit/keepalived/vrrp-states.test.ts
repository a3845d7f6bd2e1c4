// What the lines of the notify script say about the living keepalived, and about no other.

import { describe, expect, it } from '@jest/globals';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createVrrpStates, overallState, readTransitions } from '../../../agent/keepalived/vrrp-states';
import type { VrrpState } from '../../../agent/model/vrrp';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const paths = vrrpPaths('/base');
const line = (pid: number, instance: string, state: string): string =>
  `{"uptime":1.5,"pid":${pid},"instance":"${instance}","state":"${state}","priority":100}\n`;
const live = 'vrrp_instance a {\n}\nvrrp_instance b {\n}\n';

function machine(log: string, pid = 700) {
  const files = createMemoryFiles({
    [paths.live]: live,
    [paths.notifyLog]: log,
    [paths.vrrpPidFile]: `${pid}\n`,
  });
  const runner = createScriptedRunner();
  runner.addProcess({ pid: 700, argv: ['keepalived'] });
  return { files, runner, states: createVrrpStates({ files, runner, paths }) };
}

const statesOf = async (log: string, pid?: number) =>
  Object.fromEntries(await machine(log, pid).states.read());

describe('the state of each instance', () => {
  it('is the last that the living process has told', async () => {
    expect(
      await statesOf(line(700, 'a', 'BACKUP') + line(700, 'b', 'FAULT') + line(700, 'a', 'MASTER')),
    ).toEqual({
      a: 'MASTER',
      b: 'FAULT',
    });
  });

  it('is not what one that was killed has told', async () => {
    expect(await statesOf(line(699, 'a', 'MASTER'))).toEqual({});
    expect(await statesOf(line(701, 'a', 'MASTER'), 701)).toEqual({});
  });

  it('is not known of an instance that a reload has taken away', async () => {
    expect(await statesOf(line(700, 'gone', 'MASTER') + line(700, 'a', 'BACKUP'))).toEqual({ a: 'BACKUP' });
  });

  it('is not known of a zombie, without a pid file or a log', async () => {
    const { files, runner, states } = machine(line(700, 'a', 'MASTER'));
    runner.endProcess(700, {}, 'zombie');
    expect((await states.read()).size).toBe(0);
    files.unplant(paths.vrrpPidFile);
    files.unplant(paths.notifyLog);
    expect((await states.read()).size).toBe(0);
  });

  it('passes over lines that are cut or strange', () => {
    const strange = [
      '{"uptime":1',
      'null',
      '[]',
      '"x"',
      '{}',
      line(1, 'a', 'STOP'),
      '{"instance":"a","state":"MASTER"}',
    ];
    expect(readTransitions([...strange, line(1, 'a', 'MASTER')].join('\n'))).toEqual([
      { instance: 'a', state: 'MASTER', priority: 100, uptimeS: 1.5, pid: 1 },
    ]);
  });

  it('is seen as soon as a line is there', async () => {
    const { files, states } = machine(line(700, 'a', 'BACKUP'));
    expect(await states.haveAll(['a', 'b'])).toBe(false);
    expect(await states.haveAll([])).toBe(false);
    files.plant(paths.notifyLog, line(700, 'a', 'BACKUP') + line(700, 'b', 'BACKUP'));
    expect(await states.haveAll(['a', 'b'])).toBe(true);
  });
});

it.each<[readonly VrrpState[], VrrpState | undefined]>([
  [[], undefined],
  [['MASTER'], 'MASTER'],
  [['MASTER', 'MASTER'], 'MASTER'],
  [['MASTER', 'BACKUP'], 'BACKUP'],
  [['MASTER', 'FAULT'], 'FAULT'],
])('an amphora whose instances are %j is %s', (states, overall) => {
  expect(overallState(new Map(states.map((state, index) => [String(index), state])))).toBe(overall);
});
