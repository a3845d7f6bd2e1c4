// The core as the daemon wires it: the few facts of configuration and machine that reach haproxy.

import { describe, expect, it } from '@jest/globals';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';
import type { ScriptedAmphora } from '../../fakes/scripted-amphora';

const overlayOf = async (amphora: ScriptedAmphora): Promise<string> => {
  const { loadBalancers } = amphora.core();
  await loadBalancers.upload({ id, text: 'listen a\n bind :80\n', peer: amphoraId, owner: 'octavia-v0.1' });
  await amphora.pass(loadBalancers.start(id));
  return amphora.haproxy.groups()[0]?.serves[1] ?? '';
};

describe('the wired core', () => {
  it('runs haproxy as nobody, with its own log where no log socket is', async () => {
    const overlay = await overlayOf(await createScriptedAmphora());
    expect(overlay).toContain('    user nobody\n    group nogroup\n    log stdout format iso local0\n');
  });

  it.each([
    ['the journal’s link', (amphora: ScriptedAmphora) => amphora.files.plantLink('/dev/log', '/run/journal')],
    ['a socket', (amphora: ScriptedAmphora) => amphora.files.plantOther('/dev/log', 'socket')],
  ])('logs to /dev/log when it is %s', async (_what, plant) => {
    const amphora = await createScriptedAmphora();
    plant(amphora);
    expect(await overlayOf(amphora)).toContain('log /dev/log local0\n    log /dev/log local1 notice\n');
  });

  it('prefers the socket of Octavia’s images, and no plain file is a log socket', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant('/dev/log', '');
    amphora.files.plantOther('/run/rsyslog/octavia/log', 'socket');
    expect(await overlayOf(amphora)).toContain('log /run/rsyslog/octavia/log local0\n');
  });

  it('counts what runs among what exists', async () => {
    const amphora = await createScriptedAmphora();
    await overlayOf(amphora);
    expect(await amphora.core().details.info()).toMatchObject({
      amphoraId,
      haproxyVersion: '2.6.12-1+deb12u4',
    });
    const details = await amphora.core().details.details();
    expect([details.loadBalancers, details.haproxyCount]).toEqual([[id], 1]);
    expect((await amphora.core().topology.state()).topology).toBe('SINGLE');
  });

  it.each([
    ['of the machine', '10.0.0.5', 'eth0'],
    ['of nobody', '10.0.0.6', undefined],
    ['that is none', 'localhost', undefined],
  ])('finds the interface of an address %s', async (_what, ip, name) => {
    const amphora = await createScriptedAmphora();
    const addr = [{ ifname: 'eth0', addr_info: [{ family: 'inet', local: '10.0.0.5', prefixlen: 24 }] }];
    amphora.runner.script({ match: /^ip .*addr/, result: { stdout: JSON.stringify(addr) } });
    expect(await amphora.core().interfaceOf(ip)).toBe(name);
  });

  it('reads traffic inside the namespace when there is one', async () => {
    const amphora = await createScriptedAmphora({ local: '[amphorad]\nnetwork_namespace = ns\n' });
    amphora.runner.script({ match: /^ip .*-n ns/, result: { stdout: '[]' } });
    const stop = new AbortController();
    amphora.core().rates.start(stop.signal);
    await amphora.clock.advance(10);
    stop.abort();
    expect(amphora.runner.transcript.some((line) => line.includes('-n ns'))).toBe(true);
  });
});
