// What is plugged, on disk: as Octavia's agent writes it, whole at every moment, and read whatever has become of it.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { AgentError } from '../../../agent/model/errors';
import type { FirewallRule } from '../../../agent/model/network';
import type { InterfaceRecords } from '../../../agent/network/network';
import { createInterfaceRecords } from '../../../agent/network/persist';
import { createMemoryFiles, type MemoryFiles } from '../../fakes/memory-files';
import { address, ip, mac, net, vipMac, vipWanted, wantedInterface } from './wanted';

const list = '/lib/plugged_interfaces';
const portMac = mac('fa:16:3e:00:00:02');
const rules: readonly FirewallRule[] = [
  { protocol: 'TCP', from: null, port: 80 },
  { protocol: 'vrrp', from: net('10.0.0.0/24'), port: 112 },
];

let files: MemoryFiles;
let records: InterfaceRecords;

beforeEach(() => {
  files = createMemoryFiles({ '/lib/': '' });
  records = createInterfaceRecords({
    files,
    basePath: '/lib',
    networkDirectory: '/etc/octavia/interfaces/',
    templates: builtInTemplates,
  });
});

const fileOf = (name: string): string => `/etc/octavia/interfaces/${name}`;
const lines = (): string => files.snapshot()[list] ?? '';

describe('the record of plugged interfaces', () => {
  it('gives back what was stored', async () => {
    const moving = wantedInterface({ name: 'eth2', movingAddresses: [address('2001:db8::10/128')] });
    await records.save({ mac: vipMac, wanted: vipWanted() });
    await records.save({ mac: portMac, wanted: moving });
    const { interfaces, problems } = await records.read();
    expect(problems).toEqual([]);
    expect(interfaces.map((each) => each.mac)).toEqual([vipMac, portMac]);
    const { routes, ...others } = vipWanted();
    expect(interfaces[0]?.wanted).toMatchObject(others);
    expect(interfaces[0]?.wanted.routes).toEqual(
      routes.map((route) => ({ isOnLink: false, isOptional: false, ...route })),
    );
    expect(interfaces[1]?.wanted).toEqual(moving);
  });

  it("is in the form of Octavia's agent", async () => {
    await records.save({
      mac: vipMac,
      wanted: { ...vipWanted(), movingAddresses: [address('10.0.0.11/32')] },
    });
    expect(lines()).toBe(`${vipMac} eth1\n`);
    expect(JSON.parse(files.snapshot()[fileOf('eth1.json')] ?? '')).toEqual({
      name: 'eth1',
      mtu: 1450,
      addresses: [
        { address: '10.0.0.4', prefixlen: 24, octavia_owned: true },
        { address: '10.0.0.10', prefixlen: 32, octavia_owned: true },
        { address: '2001:db8::10', prefixlen: 128, octavia_owned: true },
        { address: '10.0.0.11', prefixlen: 32, octavia_owned: false },
      ],
      routes: [
        { dst: '0.0.0.0/0', gateway: '10.0.0.1', flags: ['onlink'] },
        { dst: '10.0.0.0/24', scope: 'link' },
        { dst: '0.0.0.0/0', gateway: '10.0.0.1', flags: ['onlink'], table: 1 },
        { dst: '10.0.0.0/24', scope: 'link', prefsrc: '10.0.0.10', table: 1 },
        { dst: '192.0.2.0/24', gateway: '10.0.0.9', flags: ['onlink'] },
        { dst: '::/0', gateway: '2001:db8::1', flags: ['onlink'] },
      ],
      rules: [
        { src: '10.0.0.10', src_len: 32, table: 1 },
        { src: '2001:db8::10', src_len: 128, table: 1 },
      ],
      scripts: {
        up: [
          { command: 'octavia-agent-lvs-masquerade add ipv4 eth1' },
          { command: 'octavia-agent-lvs-masquerade add ipv6 eth1' },
        ],
        down: [
          { command: 'octavia-agent-lvs-masquerade delete ipv4 eth1' },
          { command: 'octavia-agent-lvs-masquerade delete ipv6 eth1' },
        ],
      },
    });
  });

  it('names an interface only once its file is whole', async () => {
    files.failNext('writeAtomic', new AgentError('no-space', 'full'), /eth1\.json$/);
    await expect(records.save({ mac: vipMac, wanted: vipWanted() })).rejects.toMatchObject({
      kind: 'no-space',
    });
    expect(lines()).toBe('');
  });

  it('has one line for a MAC and for a name, and no rules of who had the name before', async () => {
    await records.save({ mac: vipMac, wanted: vipWanted() });
    await records.saveRules('eth1', rules);
    await records.save({ mac: vipMac, wanted: vipWanted() });
    expect(await records.readRules('eth1')).toEqual(rules);
    await records.save({ mac: portMac, wanted: wantedInterface() });
    expect(await records.readRules('eth1')).toBeUndefined();
    await records.save({ mac: portMac, wanted: wantedInterface({ name: 'eth2' }) });
    expect(lines()).toBe(`${portMac} eth2\n`);
    expect(Object.keys(files.snapshot())).toEqual([list, fileOf('eth2.json')]);
  });

  it('names an interface that admits nobody yet only once that is stored', async () => {
    files.failNext('writeAtomic', new AgentError('no-space', 'full'), /plugged_interfaces$/);
    await expect(records.save({ mac: vipMac, wanted: vipWanted() }, [])).rejects.toThrow();
    expect(await records.readRules('eth1')).toEqual([]);
    await records.save({ mac: vipMac, wanted: vipWanted() }, []);
    expect(await records.readRules('eth1')).toEqual([]);
  });

  it('gives no interface the rules that were left for its name', async () => {
    await records.saveRules('eth1', rules);
    await records.save({ mac: vipMac, wanted: vipWanted() });
    expect(await records.readRules('eth1')).toBeUndefined();
  });

  it('forgets an interface with its rules', async () => {
    await records.save({ mac: vipMac, wanted: vipWanted() });
    await records.saveRules('eth1', rules);
    await records.remove(portMac);
    await records.remove(vipMac);
    expect(files.snapshot()).toEqual({ [list]: '' });
    expect(await records.read()).toEqual({ interfaces: [], problems: [] });
  });

  it('is empty on a new machine', async () => {
    expect(await records.read()).toEqual({ interfaces: [], problems: [] });
  });

  it('leaves out what it cannot understand, and names it', async () => {
    files.plant(
      list,
      `${vipMac} eth1\n\nnonsense\n${portMac} ../x\n02:00:00:00:00:05 eth5\n02:00:00:00:00:06 eth6\n02:00:00:00:00:07 eth7\n`,
    );
    files.plant(
      fileOf('eth1.json'),
      JSON.stringify({
        name: 'eth9',
        addresses: [
          { dhcp: true },
          { address: '10.0.0.4', prefixlen: 24 },
          'x',
          { address: 'x', prefixlen: 1 },
        ],
        routes: [
          { dst: '10.1.2.3/16', gateway: '10.0.0.1', flags: ['onlink'] },
          { dst: 'x' },
          { dst: '::/0', gateway: 'x' },
        ],
        rules: [
          { src: '10.0.0.10', src_len: 24, table: 1 },
          { src: '10.0.0.4', src_len: 32, table: 9 },
        ],
        scripts: { up: [{ command: 'rm -rf / ipv4' }, { command: 7 }] },
      }),
    );
    files.plant(fileOf('eth5.json'), '[');
    files.plantLink(fileOf('eth6.json'), '/etc/passwd');
    files.plant(fileOf('eth7.json'), '{"addresses":[{"address":"::ffff:10.0.0.1","prefixlen":128}]}');
    const { interfaces, problems } = await records.read();
    expect(interfaces).toEqual([
      {
        mac: vipMac,
        wanted: {
          ...wantedInterface({ addresses: [address('10.0.0.4/24')], masquerade: [4] }),
          routes: [
            {
              destination: net('10.1.0.0/16'),
              gateway: ip('10.0.0.1'),
              isOnLink: true,
              isOptional: true,
              table: 'main',
            },
          ],
        },
      },
    ]);
    expect(problems).toEqual([
      'plugged_interfaces: not understood: "nonsense"',
      `plugged_interfaces: not understood: "${portMac} ../x"`,
      'eth1: not understood in addresses: {"dhcp":true}',
      'eth1: not understood in addresses: {"address":"x","prefixlen":1}',
      'eth1: not understood in routes: {"dst":"x"}',
      'eth1: not understood in routes: {"dst":"::/0","gateway":"x"}',
      'eth1: not understood in rules: {"src":"10.0.0.10","src_len":24,"table":1}',
      'eth1: not understood in rules: {"src":"10.0.0.4","src_len":32,"table":9}',
      '/etc/octavia/interfaces/eth5.json is no JSON object',
      expect.stringContaining('/etc/octavia/interfaces/eth6.json'),
      expect.stringContaining('::ffff:10.0.0.1 is an IPv4 address in IPv6 form'),
    ]);
  });
});

describe('stored firewall rules', () => {
  it('come back as they were, readable by root alone', async () => {
    await records.saveRules('eth1', rules);
    expect(await records.readRules('eth1')).toEqual(rules);
    expect((await files.stat(fileOf('eth1.rules')))?.mode).toBe(0o600);
    expect(await records.readRules('eth2')).toBeUndefined();
  });

  it('of a port that admits nobody yet are an empty list', async () => {
    await records.saveRules('eth1', []);
    expect(await records.readRules('eth1')).toEqual([]);
  });

  it.each([
    '',
    '{}',
    '[1]',
    '[{"protocol":"ICMP","cidr":null,"port":1}]',
    '[{"protocol":"TCP","cidr":"x","port":1}]',
    '[{"protocol":"TCP","port":1}]',
    '[{"protocol":"TCP","cidr":null,"port":0}]',
  ])('are refused when they are spoiled: %s', async (text) => {
    files.plant(fileOf('eth1.rules'), text);
    await expect(records.readRules('eth1')).rejects.toMatchObject({ kind: 'precondition' });
  });
});
