// That what happens to load balancers is counted where the agent is wired, over a machine of fakes.

import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../fakes/eventually';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';

const text = (port: number): string => `listen a\n bind :${port}\n`;

async function served() {
  const amphora = await createScriptedAmphora();
  const valuesOf = (name: string): readonly string[] =>
    amphora
      .core()
      .counters.families()
      .filter((family) => family.name === name)
      .flatMap(({ values }) =>
        values.map(({ labels, value }) => [...Object.values(labels), value].join(' ')),
      );
  const put = (port: number): Promise<void> =>
    amphora.core().loadBalancers.upload({ id, text: text(port), peer: amphoraId, owner: 'octavia-v0.1' });
  await put(80);
  await amphora.pass(amphora.core().loadBalancers.start(id));
  return { ...amphora, valuesOf, put };
}

describe('what is counted', () => {
  it('are uploads, starts and reloads; calls that share a reload are one', async () => {
    const { core, pass, put, valuesOf } = await served();
    await put(81);
    const { loadBalancers } = core();
    await pass(Promise.all([loadBalancers.reload(id), loadBalancers.reload(id)]));
    expect(valuesOf('amphorad_uploads_total')).toEqual(['haproxy accepted 2']);
    expect(valuesOf('amphorad_activations_total')).toEqual([
      'haproxy start done 1',
      'haproxy reload done reload 2',
    ]);
    expect(valuesOf('amphorad_load_balancer_reloads_total')).toEqual([`${id} 1`]);
    await pass(loadBalancers.remove(id));
    expect(valuesOf('amphorad_load_balancer_reloads_total')).toEqual([]);
  });

  it('are adoptions by the next agent', async () => {
    const amphora = await served();
    await amphora.restartAgent();
    expect(amphora.valuesOf('amphorad_restores_total')).toEqual(['adopted 1']);
  });

  it('are restarts of what died', async () => {
    const { core, clock, runner, haproxy, valuesOf } = await served();
    core().watcher.start();
    runner.endProcess(haproxy.groups()[0]!.pid);
    await eventually(async () => {
      await clock.advance(1_000);
      expect(valuesOf('amphorad_restarts_total')).toEqual(['haproxy 1']);
    });
    core().watcher.stop();
  });
});
