// What the doctor says of a network that is as it was plugged, and of one that is not.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { createReadTemplates } from '../../../agent/boot/templates';
import { networkChecks } from '../../../agent/cli/doctor/network';
import { loadConfig } from '../../../agent/config/load';
import { parseNetworkPlug, parseVipPlug } from '../../../agent/core/plug-request';
import { createScriptedLocalHttp } from '../../fakes/scripted-local-http';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';
import { createPlugScene, memberBody, namespace, vipBody } from '../core/plug-scene';

let scene: Awaited<ReturnType<typeof createPlugScene>>;
let settings: Record<string, string>;
beforeEach(async () => {
  settings = {};
  scene = await createPlugScene([
    { match: /^(nft|sysctl|arping|ndptool|ip -V)/ },
    {
      match: /sysctl -n /,
      result: (argv) => ({ stdout: `${settings[argv.at(-1) ?? ''] ?? '1'}\n` }),
    },
  ]);
  scene.files.plant('/proc/self/status', 'Name:\tnode\nCapEff:\t000001ffffffffff\n');
  scene.files.plant(`/run/netns/${namespace}`, '');
  await scene.parts.plug.vip(parseVipPlug('10.0.0.5', vipBody()));
  await scene.parts.plug.network(parseNetworkPlug(memberBody()));
});

async function examine(local = ''): Promise<readonly string[]> {
  scene.files.plant('/etc/local.conf', local);
  const loaded = await loadConfig(
    {
      configFiles: ['/etc/agent.conf'],
      configDirs: [],
      localFiles: [{ path: '/etc/local.conf', required: true }],
      environment: {},
    },
    scene.files,
  );
  if (!loaded.ok) throw new Error('not loaded');
  const host = {
    ...scene,
    localServers: createScriptedLocalServers(),
    localHttp: createScriptedLocalHttp(),
    readTemplates: createReadTemplates(scene.files),
  };
  const patient = { config: loaded.config, host, agent: undefined };
  const found = await Promise.all(networkChecks.map(({ look }) => look(patient)));
  return found.flat().map(({ check, severity, what }) => `${severity} ${check}: ${what}`);
}

describe('the doctor on the network', () => {
  it('finds nothing where all is as plugged', async () => {
    expect(await examine()).toEqual([]);
  });

  it('has nothing against what keepalived puts on an interface', async () => {
    await scene.runner.run(['ip', '-j', '-n', namespace, 'addr', 'add', '10.2.0.50/32', 'dev', 'eth2']);
    expect(await examine()).toEqual([]);
  });

  it('names an interface that is not there, and how far another one is from what it was', async () => {
    scene.machine.removeLink('eth2', namespace);
    await scene.runner.run(['ip', '-j', '-n', namespace, 'addr', 'del', '10.0.0.5/32', 'dev', 'eth1']);
    const found = await examine();
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^error interfaces: eth1 .* steps away: .*addr add 10\.0\.0\.5\/32 dev eth1/);
    expect(found[1]).toMatch(/^warning interfaces: eth2 \(fa:16:3e:00:00:02\) is not in the namespace/);
  });

  it('names lo that is down, and settings that are off', async () => {
    await scene.runner.run(['ip', '-j', '-n', namespace, 'link', 'set', 'dev', 'lo', 'down']);
    settings['net.ipv4.ip_forward'] = '0';
    const found = await examine();
    expect(found).toEqual([
      'error interfaces: lo is down in the namespace',
      'warning network-settings: In the namespace: net.ipv4.ip_forward = 0',
    ]);
  });

  it('names a file that is spoiled', async () => {
    scene.files.plant('/etc/octavia/interfaces/eth1.json', 'x');
    expect(await examine()).toEqual([expect.stringMatching(/^error interfaces: .*eth1\.json/)]);
  });

  it('names the capabilities that the agent lacks', async () => {
    scene.files.plant('/proc/self/status', 'CapEff:\t0000000000200000\n');
    expect(await examine()).toEqual(['error network-rights: The agent has no CAP_NET_ADMIN']);
  });

  it('says of a profile without a namespace that it plugs nothing, where something was plugged', async () => {
    expect(await examine('[amphorad]\nnetwork_namespace =\n')).toEqual([
      'warning interfaces: 2 interfaces are on record, and network_namespace is empty',
    ]);
  });
});
