// What the agent does about load balancers when it starts, after whatever happened to it or the machine.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import {
  amphoraId,
  createScriptedAmphora,
  firstId,
  secondId,
  thirdId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';
import type { LoadBalancerId } from '../../../agent/model/ids';

const textOf = (id: LoadBalancerId): string => `listen ${id}\n bind :${id === firstId ? 80 : 81}\n`;
const put = async (amphora: ScriptedAmphora, id: LoadBalancerId, isStarted = true): Promise<number> => {
  const { loadBalancers } = amphora.core();
  await loadBalancers.upload({
    id,
    text: textOf(id),
    peer: amphoraId,
    owner: 'octavia-v0.1',
  });
  return isStarted ? (await amphora.pass(loadBalancers.start(id))).pid : 0;
};
const pidsOf = (amphora: ScriptedAmphora): readonly number[] =>
  amphora.haproxy.groups().map(({ pid }) => pid);
const signalsOf = (amphora: ScriptedAmphora): readonly string[] =>
  amphora.runner.transcript.filter((line) => line.startsWith('signal'));
const one = async () => {
  const amphora = await createScriptedAmphora();
  return { ...amphora, pid: await put(amphora, firstId) };
};

describe('a restarted agent', () => {
  it('adopts what runs: same pid, no signal, nothing started', async () => {
    const amphora = await one();
    expect(await amphora.restartAgent()).toEqual({ adopted: [firstId], started: [], failed: [] });
    expect(pidsOf(amphora)).toEqual([amphora.pid]);
    expect(signalsOf(amphora)).toEqual([]);
  });

  it('adopts through the master socket a group that it was killed before it could record', async () => {
    const amphora = await one();
    const { process, ...unrecorded } = (await amphora.core().state.read(firstId))!;
    expect(process).toMatchObject({ pid: amphora.pid });
    const text = JSON.stringify({ ...unrecorded, schema: 1 });
    amphora.files.plant(amphora.paths(firstId).state, text);
    expect(await amphora.restartAgent()).toMatchObject({ adopted: [firstId] });
    expect(pidsOf(amphora)).toEqual([amphora.pid]);
  });

  it('goes on reloading and stopping what it adopted', async () => {
    const amphora = await one();
    await amphora.restartAgent();
    const { loadBalancers } = amphora.core();
    expect(await amphora.pass(loadBalancers.reload(firstId))).toEqual({
      pid: amphora.pid,
      started: false,
      applied: 'none',
    });
    await amphora.pass(loadBalancers.stop(firstId));
    expect(pidsOf(amphora)).toEqual([]);
  });

  it('starts what died meanwhile', async () => {
    const amphora = await one();
    amphora.runner.endProcess(amphora.pid);
    expect(await amphora.restartAgent()).toEqual({ adopted: [], started: [firstId], failed: [] });
    expect(pidsOf(amphora)).toHaveLength(1);
  });

  it('starts all that should run after a boot, and leaves strangers with old pids alone', async () => {
    const amphora = await one();
    const argv = ['/usr/sbin/sshd', '-D'];
    amphora.runner.endProcess(amphora.pid);
    amphora.system.set({ bootId: '11111111-8d19-4a7e-8a8b-ea491d87e88f' });
    amphora.runner.addProcess({ pid: amphora.pid, startTicks: String(amphora.pid * 100), argv });
    expect(await amphora.restartAgent()).toMatchObject({ started: [firstId] });
    expect(signalsOf(amphora)).toEqual([]);
    expect(amphora.runner.processes()).toEqual(expect.arrayContaining([expect.objectContaining({ argv })]));
  });

  it.each<[what: string, change: (amphora: ScriptedAmphora, pid: number) => void]>([
    ['a zombie', ({ runner }, pid) => runner.endProcess(pid, {}, 'zombie')],
    [
      'a recycled pid',
      ({ runner }, pid) => {
        runner.endProcess(pid);
        runner.addProcess({ pid, startTicks: '7', argv: ['/bin/other'] });
      },
    ],
    [
      'a process that became another program',
      ({ runner }, pid) => {
        runner.processes().find((process) => process.pid === pid)!.argv = ['/bin/other'];
      },
    ],
  ])('never signals %s and starts anew', async (_what, change) => {
    const amphora = await one();
    change(amphora, amphora.pid);
    expect(await amphora.restartAgent()).toMatchObject({ started: [firstId] });
    expect(signalsOf(amphora)).toEqual([]);
  });

  it('leaves what was stopped stopped', async () => {
    const amphora = await createScriptedAmphora();
    await put(amphora, firstId, false);
    expect(await amphora.restartAgent()).toEqual({ adopted: [], started: [], failed: [] });
    expect(pidsOf(amphora)).toEqual([]);
  });

  it('finishes a stop that it was killed in', async () => {
    const amphora = await one();
    const state = (await amphora.core().state.read(firstId))!;
    await amphora.core().state.write(firstId, { ...state, desired: 'stopped' });
    expect(await amphora.restartAgent()).toEqual({ adopted: [], started: [], failed: [] });
    expect(pidsOf(amphora)).toEqual([]);
  });

  it.each([
    ['before the process was ended', false],
    ['after the configuration was gone', true],
  ])('finishes a removal that it was killed in %s', async (_when, isConfigGone) => {
    const amphora = await one();
    const state = (await amphora.core().state.read(firstId))!;
    await amphora.core().state.write(firstId, { ...state, desired: 'removed' });
    const { config, pidFile } = amphora.paths(firstId);
    if (isConfigGone) for (const path of [config, pidFile]) await amphora.files.remove(path);
    await amphora.restartAgent();
    expect(pidsOf(amphora)).toEqual([]);
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
    expect(await amphora.files.list('/var/lib/octavia')).toEqual([]);
  });

  it('touches nothing that it did not make', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(amphora.paths(firstId).config, 'listen of another agent\n');
    amphora.files.plant('/var/lib/octavia/readme', 'x');
    const before = amphora.files.snapshot();
    expect(await amphora.restartAgent()).toEqual({ adopted: [], started: [], failed: [] });
    expect(amphora.files.snapshot()).toEqual(before);
    expect(amphora.runner.transcript).toEqual([]);
  });

  it('restores the others when some cannot be, and says which and why', async () => {
    const amphora = await one();
    const doomed = await put(amphora, secondId);
    amphora.runner.endProcess(doomed);
    amphora.haproxy.refuse(new RegExp(secondId), 'certificate gone');
    amphora.files.plant(amphora.paths(thirdId).state, '{"schema": 2}');
    expect(await amphora.restartAgent()).toEqual({
      adopted: [firstId],
      started: [],
      failed: [secondId, thirdId],
    });
    const errors = amphora.log.entries.filter((entry) => entry.level === 'error');
    const reasons = new Map(errors.map(({ fields }) => [fields['loadBalancer'], fields]));
    expect(reasons.get(secondId)).toMatchObject({
      error: 'Error starting haproxy',
      detail: 'certificate gone',
    });
    expect(reasons.get(thirdId)?.['error']).toContain(amphora.paths(thirdId).state);
  });

  it('survives what nobody foresaw', async () => {
    const amphora = await one();
    amphora.runner.endProcess(amphora.pid);
    amphora.runner.script({ match: / -c /, result: () => Promise.reject(new TypeError('unforeseen')) });
    expect(await amphora.restartAgent()).toMatchObject({ failed: [firstId] });
    expect(amphora.log.entries.at(-1)?.fields).toMatchObject({ error: 'unforeseen' });
  });

  it('does not start when its base path cannot be read', async () => {
    const amphora = await one();
    amphora.files.failNext('list', new AgentError('unavailable', 'Cannot list a directory'));
    await expect(amphora.restartAgent()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
