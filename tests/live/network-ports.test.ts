// A second interface beside the one of the VIPs, plugs that fail, and the firewall, in real namespaces. Needs root.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../agent/boot/built-in-templates';
import type { Cidr } from '../../agent/model/cidr';
import type { FirewallRule } from '../../agent/model/network';
import { createNamespaceCommand } from '../../agent/network/in-namespace';
import type { Firewall } from '../../agent/network/network';
import { createFirewall } from '../../agent/network/nft';
import { eventually } from '../fakes/eventually';
import {
  ip,
  ipIn,
  mac,
  makeStage,
  net,
  portMac,
  portWanted,
  reach,
  tcpServer,
  tryAbilities,
  vipMac,
  vipWanted,
  within,
  type Stage,
} from './network/stage';

const { canWork, canFilter, canTranslate } = tryAbilities('port');
const masquerade = canTranslate ? ([4, 6] as const) : [];
const vip = vipWanted(masquerade);
const port = portWanted(canTranslate ? [4] : []);
const thirdMac = mac('02:00:00:00:a0:03');
const rule = (protocol: FirewallRule['protocol'], from: Cidr | null, number: number): FirewallRule => ({
  protocol,
  from,
  port: number,
});
let stage: Stage;
let outside: string;
let inside: string;
let client: string;
let member: string;

beforeAll(async () => {
  if (!canWork) return;
  stage = makeStage('port');
  ({ outside, inside, client, member } = stage.names);
  await stage.network.ensureNamespace();
  await stage.network.plug(vipMac, vip);
  stage.start(inside, ...tcpServer('0.0.0.0'));
  stage.start(inside, ...tcpServer('::'));
});

afterAll(async () => {
  if (canWork) await stage.end();
});

(canWork ? describe : describe.skip)('a second interface', () => {
  it('gets the next free name and reaches its members', async () => {
    expect(await stage.network.freeName([])).toBe('eth2');
    expect(await stage.network.freeName(['eth2'])).toBe('eth3');
    await stage.network.plug(portMac, port);
    expect(await stage.network.freeName([])).toBe('eth3');
    stage.start(member, ...tcpServer('0.0.0.0'));
    await eventually(() => expect(reach(inside, '10.32.0.9')).toBe('10.32.0.4'));
    expect(ipIn(inside, 'rule')).toContain('from 10.31.0.10 lookup 1');
  });

  (canTranslate ? it : it.skip)(
    'hides clients of LVS behind its own address, TCP is left alone',
    async () => {
      ipIn(client, 'route add 10.32.0.0/24 via 10.31.0.4');
      ipIn(member, 'route add 10.31.0.0/24 via 10.32.0.4');
      const echo =
        "const s=require('dgram').createSocket('udp4');s.on('message',(m,r)=>s.send(r.address,r.port,r.address));s.bind(53)";
      stage.start(member, process.execPath, '-e', echo);
      const ask =
        "const s=require('dgram').createSocket('udp4');s.on('message',(m)=>{console.log(String(m));process.exit()});s.send('x',53,'10.32.0.9');setTimeout(()=>process.exit(),700)";
      await eventually(() => expect(within(client, process.execPath, '-e', ask).trim()).toBe('10.32.0.4'));
      expect(reach(client, '10.32.0.9')).toBe('10.31.0.1');
    },
  );

  it('is refused an address that another interface has', async () => {
    stage.makePort('third', thirdMac, member, 'm1');
    const twice = { ...port, name: 'eth3', addresses: vip.addresses.slice(1, 2) };
    await expect(stage.network.plug(thirdMac, twice)).rejects.toMatchObject({
      kind: 'conflict',
      detail: 'eth1 of the namespace has the address 10.31.0.10',
    });
    expect(ipIn(outside, 'link show third')).toContain('third');
  });

  it('goes back as it was when it cannot be made what is wanted', async () => {
    ipIn(outside, 'link set dev third mtu 1333 up');
    ipIn(outside, 'addr add 192.0.2.88/24 dev third');
    ipIn(outside, 'route add 100.66.0.0/16 via 192.0.2.1 dev third');
    const own = { ip: ip('10.33.0.4'), prefix: 24 };
    const bad = {
      destination: net('100.65.0.0/16'),
      gateway: own.ip,
      isOnLink: true,
      table: 'main',
    } as const;
    const wanted = { ...port, name: 'eth3', mtu: 1400, addresses: [own], routes: [bad] };
    await expect(stage.network.plug(thirdMac, wanted)).rejects.toMatchObject({
      kind: 'unavailable',
      detail: expect.stringMatching(/invalid gateway/i),
    });
    expect(ipIn(outside, 'addr show third')).toMatch(/UP.* mtu 1333 [^]*192\.0\.2\.88\/24/);
    expect(ipIn(outside, 'route show dev third')).toContain('100.66.0.0/16 via 192.0.2.1');
    expect(() => ipIn(inside, 'link show eth3')).toThrow('does not exist');
  });

  it('goes back when the caller says so', async () => {
    const { undo } = await stage.network.plug(thirdMac, { ...port, name: 'eth3', addresses: [] });
    await undo();
    expect(ipIn(outside, 'addr show third')).toContain('192.0.2.88/24');
  });

  it('is not found when it vanishes between look-up and move', async () => {
    stage.onCommand((line) => {
      if (line.includes('dev third netns')) ipIn(outside, 'link del dev third');
    });
    await expect(
      stage.network.plug(thirdMac, { ...port, name: 'eth3', addresses: [] }),
    ).rejects.toMatchObject({ kind: 'not-found', detail: 'Cannot find device "third"' });
    stage.onCommand(() => undefined);
  });
});

(canFilter ? describe : describe.skip)('the firewall of an interface', () => {
  let firewall: Firewall;
  beforeAll(() => {
    firewall = createFirewall(createNamespaceCommand(stage.runner, inside), builtInTemplates);
  });
  const both = (address: string): readonly string[] =>
    [80, 81].map((number) => reach(client, address, number));

  it('admits what the rules list and drops the rest', async () => {
    await firewall.admit('eth1', [
      rule('TCP', null, 80),
      rule('vrrp', null, 112),
      rule('SCTP', net('::/0'), 9),
    ]);
    expect(both('10.31.0.10')).toEqual(['10.31.0.1', 'silence']);
    expect(both('2001:db8:31::10')).toEqual([expect.stringMatching(/^2001/), 'silence']);
    expect(reach(inside, '10.32.0.9')).toBe('10.32.0.4');
  });

  it('lets haproxy connect out by the same interface', async () => {
    stage.start(client, ...tcpServer('0.0.0.0'));
    await eventually(() => expect(reach(inside, '10.31.0.99')).toBe('10.31.0.4'));
  });

  it('replaces all rules at once, by source in both families', async () => {
    await firewall.admit('eth1', [
      rule('TCP', net('192.0.2.0/24'), 80),
      rule('TCP', net('10.31.0.0/24'), 81),
    ]);
    expect(both('10.31.0.10')).toEqual(['silence', '10.31.0.1']);
    expect(both('2001:db8:31::10')).toEqual(['silence', 'silence']);
    await firewall.admit('eth1', [
      rule('TCP', net('2001:db8:31::/64'), 81),
      rule('UDP', net('0.0.0.0/0'), 53),
    ]);
    expect(both('2001:db8:31::10')).toEqual(['silence', expect.stringMatching(/^2001/)]);
  });

  it('admits nobody without rules, and everybody when it is lifted', async () => {
    await firewall.admit('eth1', []);
    expect(both('10.31.0.10')).toEqual(['silence', 'silence']);
    await firewall.lift('eth1');
    await firewall.lift('eth1');
    expect(both('10.31.0.10')).toEqual(['10.31.0.1', '10.31.0.1']);
  });
});
