// The lives of one agent: never two at once, and none after the end.

import { describe, expect, it } from '@jest/globals';
import { createLife } from '../../../agent/testing/life';
import type { RunningAgent } from '../../../agent/testing/running-agent';

function scene() {
  const told: string[] = [];
  let alive = 0;
  const begin = (): Promise<RunningAgent> => {
    const pid = told.filter((word) => word === 'begin').length + 1;
    told.push('begin');
    alive += 1;
    if (alive > 1) told.push('two at once');
    const finish = (how: string) => async (): Promise<void> => {
      await Promise.resolve();
      alive -= 1;
      told.push(how);
    };
    return Promise.resolve({ port: 1, pid, end: finish('end'), kill: finish('kill') });
  };
  return { told, begin };
}

describe('the lives of an agent', () => {
  it('follow one another, however they are asked for', async () => {
    const { told, begin } = scene();
    const life = createLife(await begin(), begin);
    await Promise.all([life.restart(), life.kill(), life.restart()]);
    expect(life.pid).toBe(3);
    await Promise.all([life.end(), life.end()]);
    expect(told).toEqual(['begin', 'end', 'begin', 'kill', 'begin', 'end']);
  });

  it('go on after one that did not begin', async () => {
    const { told, begin } = scene();
    let isBroken = true;
    const life = createLife(await begin(), () =>
      isBroken ? Promise.reject(new Error('the port is taken')) : begin(),
    );
    await expect(life.restart()).rejects.toThrow('the port is taken');
    isBroken = false;
    await life.restart();
    expect(told).toEqual(['begin', 'end', 'begin']);
  });

  it('are over at the end', async () => {
    const { told, begin } = scene();
    const life = createLife(await begin(), begin);
    await life.kill();
    await life.end();
    await expect(life.restart()).rejects.toThrow('stopped');
    expect(told).toEqual(['begin', 'kill']);
  });
});
