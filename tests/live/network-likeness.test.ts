// The scripted network beside the real one: the same plugs, changes and refusals, so that the fake cannot lie. And the
// interface files beside Octavia's own: each side reads what the other writes. Needs root, or python3-octavia.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../agent/boot/built-in-templates';
import type { ProcessRunner } from '../../agent/host/process';
import { readActual } from '../../agent/network/actual';
import { createIpCommand } from '../../agent/network/ip';
import { createNetwork } from '../../agent/network/plug';
import { readInterfaceFile, viewOf } from '../../agent/network/interface-file';
import { renderInterfaceFile } from '../../agent/network/render';
import { createRecordedLog } from '../fakes/recorded-log';
import { createScriptedNetwork } from '../fakes/scripted-network';
import { createScriptedRunner } from '../fakes/scripted-runner';
import { ipIn, makeStage, tryAbilities, vipMac, vipWanted, type Stage } from './network/stage';

const { canWork } = tryAbilities('like');
const python = '/usr/bin/python3';
const isOctaviaThere = spawnSync(python, ['-c', 'import octavia.amphorae']).status === 0;
if (!isOctaviaThere) process.stderr.write('skipped: no python3-octavia to read interface files\n');

const twice = (line: string): readonly string[] => [line, line];

let stage: Stage;

beforeAll(() => {
  if (canWork) stage = makeStage('like');
});

afterAll(async () => {
  if (canWork) await stage.end();
});

(canWork ? describe : describe.skip)('the scripted network', () => {
  const port = { name: 'vipport', mac: vipMac, mtu: 1400, isUp: true, addresses: ['192.0.2.77/24'] };

  /** A fake machine whose namespaces are called as the real ones are. */
  function scripted(): ProcessRunner {
    const machine = createScriptedNetwork();
    machine.addLink(port);
    return createScriptedRunner([machine.rule]);
  }

  /** What the agent sees of the namespace, without what the kernel adds by itself. */
  async function seen(runner: ProcessRunner): Promise<unknown> {
    const { interfaces, routes, rules } = await readActual(createIpCommand(runner, stage.names.inside));
    const eth1 = interfaces.find(({ name }) => name === 'eth1');
    const addresses = eth1?.addresses
      .filter(({ isForeign }) => !isForeign)
      .map(({ ip, prefix }) => `${ip.text}/${prefix}`);
    const ours = routes.filter(({ protocol }) => protocol === 4).map((route) => JSON.stringify(route));
    return { mtu: eth1?.mtu, isUp: eth1?.isUp, addresses: addresses?.sort(), routes: ours.sort(), rules };
  }

  it('is left as the kernel is by a plug, a change and an undo', async () => {
    ipIn(stage.names.outside, `addr add ${port.addresses[0] ?? ''} dev vipport`);
    ipIn(stage.names.outside, `link set dev vipport mtu ${port.mtu} up`);
    const states = async (runner: ProcessRunner): Promise<readonly unknown[]> => {
      const network = createNetwork({
        runner,
        log: createRecordedLog(),
        namespace: stage.names.inside,
        ownPid: stage.ownPid,
        templates: builtInTemplates,
      });
      await network.ensureNamespace();
      const { undo } = await network.plug(vipMac, vipWanted([]));
      const plugged = await seen(runner);
      const { addresses, routes } = vipWanted([]);
      await network.configure({
        ...vipWanted([]),
        addresses: addresses.slice(0, 3),
        routes: routes.slice(0, 4),
        rules: [],
      });
      const changed = await seen(runner);
      await undo();
      return [plugged, changed, await seen(runner)];
    };
    expect(await states(scripted())).toEqual(await states(stage.runner));
  });

  it.each([
    ['link set dev nope up'],
    ['addr add 10.0.0.1/24 dev nope'],
    [...twice('addr add 10.0.0.1/24 dev vipport'), ...twice('addr del 10.0.0.1/24 dev vipport')],
    [...twice('addr add 2001:db8::1/64 dev vipport nodad'), ...twice('addr del 2001:db8::1/64 dev vipport')],
    [
      ...twice('-4 route add 10.9.0.0/24 dev vipport scope link table 1 proto static'),
      ...twice('-4 route del 10.9.0.0/24 dev vipport table 1 proto static'),
    ],
    [
      ...twice('-6 rule add from 2001:db8::1/128 table 1 protocol static'),
      ...twice('-6 rule del from 2001:db8::1/128 table 1 protocol static'),
      '-6 rule del from 2001:db8::1/128 table 1 protocol static',
    ],
    ['-n amph-nowhere addr show'],
  ])('refuses in the words of iproute2: %s', async (...lines) => {
    const words = async (runner: ProcessRunner): Promise<readonly string[]> => {
      const results = [];
      for (const line of lines) results.push(await runner.run(['ip', '-j', ...line.split(' ')]));
      return results.map(({ code, stderr }) => (code === 0 ? 'done' : stderr));
    };
    expect(await words(scripted())).toEqual(await words(stage.runner));
  });
});

(isOctaviaThere ? describe : describe.skip)('an interface file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'amph-files-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const runPython = (code: string): string =>
    execFileSync(
      python,
      ['-c', `import json\nfrom octavia.amphorae.backends.utils import interface_file as f\n${code}`],
      {
        encoding: 'utf8',
      },
    );

  it("of ours is read by Octavia's agent", () => {
    const path = join(directory, 'eth1.json');
    writeFileSync(path, renderInterfaceFile(builtInTemplates['interface.json'], viewOf(vipWanted([4, 6]))));
    const read = runPython(
      `i=f.InterfaceFile.from_file('${path}')\nprint(json.dumps([i.name,i.mtu,len(i.addresses),len(i.routes),len(i.rules),len(i.scripts['up'])]))`,
    );
    expect(JSON.parse(read)).toEqual(['eth1', 1450, 4, 9, 2, 2]);
  });

  it("of Octavia's agent is read whole by ours", () => {
    const text = runPython(`
f.InterfaceFile.get_directory = classmethod(lambda cls: '${directory}')
vips = [{'ip_address': '10.31.0.10', 'ip_version': 4, 'gateway': '10.31.0.1', 'host_routes': [{'destination': '198.51.100.9/24', 'nexthop': '10.31.0.9'}], 'prefixlen': 24},
  {'ip_address': '2001:0db8:0031:0000:0000:0000:0000:0010', 'ip_version': 6, 'gateway': '2001:db8:31::1', 'host_routes': [], 'prefixlen': 64}]
vrrp = {'ip': '10.31.0.4', 'ip_version': 4, 'gateway': '10.31.0.1', 'host_routes': [], 'prefixlen': 24}
f.VIPInterfaceFile('eth1', 1450, vips, vrrp, [], 'SINGLE').write()
print(open('${directory}/eth1.json').read())`);
    const read = readInterfaceFile('eth1', text);
    expect(read?.problems).toEqual([]);
    const { addresses, rules, masquerade, mtu, routes } = read?.wanted ?? vipWanted([]);
    expect(addresses.map(({ ip, prefix }) => `${ip.text}/${prefix}`)).toEqual([
      '10.31.0.4/24',
      '10.31.0.10/32',
      '2001:db8:31::10/128',
    ]);
    expect(rules.map(({ from }) => from.text)).toEqual(['10.31.0.10', '2001:db8:31::10']);
    expect([mtu, masquerade, routes.length]).toEqual([1450, [4, 6], 10]);
    expect(
      routes.filter(({ isOptional }) => isOptional).map(({ destination }) => destination.network),
    ).toEqual(['198.51.100.0', '198.51.100.0']);
  });
});
