// Who lives, by one small read, and how children of ours ended.

import { describe, expect, it } from '@jest/globals';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createLiveness } from '../../../agent/supervisor/liveness';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const started = async () => {
  const runner = createScriptedRunner([{ match: /^haproxy/ }]);
  const liveness = createLiveness(runner);
  const direct = createDirectSupervisor({ runner, system: createLiteralSystem(), clock: createHandClock() });
  const spec = { name: 'a', argv: ['haproxy'], marks: [], through: [], logPath: '/log' };
  const { process } = await liveness.over(direct).start(spec);
  return { runner, liveness, process };
};

describe('a started process', () => {
  it('lives until it ends, and its end is told', async () => {
    const { runner, liveness, process } = await started();
    expect(liveness.isAlive(process)).toBe(true);
    const exit = liveness.exitOf(process);
    runner.endProcess(process.pid, { signal: 'SIGKILL', code: null });
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(liveness.isAlive(process)).toBe(false);
    expect(liveness.exitOf(process)).toBeUndefined();
  });

  it('that was started by another agent has nobody to tell of its end', async () => {
    const { runner, process } = await started();
    const another = createLiveness(runner);
    expect(another.exitOf(process)).toBeUndefined();
    expect(another.isAlive(process)).toBe(true);
  });

  it('is dead as a zombie', async () => {
    const { runner, liveness, process } = await started();
    runner.endProcess(process.pid, {}, 'zombie');
    expect(liveness.isAlive(process)).toBe(false);
  });

  it('is dead when another has its pid', async () => {
    const { runner, liveness, process } = await started();
    runner.endProcess(process.pid);
    runner.addProcess({ pid: process.pid, startTicks: '7', argv: ['haproxy'] });
    expect(liveness.isAlive(process)).toBe(false);
  });
});
