// Plugs over a scripted machine: what they leave, and that a plug that fails leaves nothing.

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  address,
  ip,
  mac,
  namespace,
  net,
  scriptedNetwork,
  vipMac,
  vipPlugged as whole,
  vipWanted,
  wantedInterface,
} from './wanted';

type Scene = ReturnType<typeof scriptedNetwork>;
let scene: Scene;

beforeEach(async () => {
  scene = scriptedNetwork();
  await scene.network.ensureNamespace();
});

const bareInside = ['lo mtu 65536 up'];
const portOutside = ['lo mtu 65536 down', 'ens7 mtu 1400 up 192.0.2.7/24'];

describe('a plug', () => {
  it('moves the interface in and makes it what is wanted', async () => {
    expect((await scene.network.plug(vipMac, vipWanted())).warnings).toEqual([]);
    expect(scene.machine.show(namespace)).toEqual(whole);
    expect(scene.machine.show()).toEqual(['lo mtu 65536 down']);
  });

  it('writes these lines, the move first', async () => {
    const before = scene.changes().length;
    await scene.network.plug(vipMac, vipWanted());
    expect(scene.changes().slice(before)).toEqual([
      'link set dev ens7 netns amphora-haproxy name eth1',
      'link set dev eth1 mtu 1450',
      'link set dev eth1 up',
      'addr add 10.0.0.4/24 dev eth1',
      'addr add 10.0.0.10/32 dev eth1',
      'addr add 2001:db8::10/128 dev eth1 nodad',
      '-4 route add 0.0.0.0/0 via 10.0.0.1 dev eth1 onlink table 254 proto static',
      '-4 route add 0.0.0.0/0 via 10.0.0.1 dev eth1 onlink table 1 proto static',
      '-4 route add 10.0.0.0/24 dev eth1 scope link src 10.0.0.10 table 1 proto static',
      '-4 route add 192.0.2.0/24 via 10.0.0.9 dev eth1 onlink table 254 proto static',
      '-6 route add ::/0 via 2001:db8::1 dev eth1 onlink table 254 proto static',
      '-4 rule add from 10.0.0.10/32 table 1 protocol static',
      '-6 rule add from 2001:db8::10/128 table 1 protocol static',
    ]);
  });

  it('accepts no router advertisements, from before it is up', async () => {
    await scene.network.plug(vipMac, vipWanted());
    const lines = scene.runner.transcript;
    const refuses = lines.findIndex((line) => line.includes('net.ipv6.conf.eth1.accept_ra=0'));
    expect(refuses).toBeGreaterThan(lines.findIndex((line) => line.includes('name eth1')));
    expect(refuses).toBeLessThan(lines.findIndex((line) => line.endsWith('link set dev eth1 up')));
  });

  it.each([
    ['the MTU', /set dev eth1 mtu/],
    ['coming up', /set dev eth1 up/],
    ['an address', /addr add 10\.0\.0\.4/],
    ['the last address', /addr add 2001:db8::10/],
    ['a route', /route add 0\.0\.0\.0\/0 .* table 1/],
    ['the last route', /-6 route add/],
    ['a rule', /-4 rule add/],
    ['the last rule', /-6 rule add/],
    ['masquerading', /nft -f -/],
    ['looking at what came of it', /addr show/],
  ])('leaves everything as it was when %s is refused, and says why', async (_, match) => {
    const inside = new RegExp(`${namespace} .*${match.source}`);
    let isMoved = false;
    scene.runner.script({
      match: /name eth1$/,
      result: (argv, options) => {
        if (!isMoved) scene.machine.failNext(inside, 'RTNETLINK answers: Operation not permitted');
        isMoved = true;
        const { result } = scene.machine.rule;
        return typeof result === 'function' ? result(argv, options) : {};
      },
    });
    await expect(scene.network.plug(vipMac, vipWanted())).rejects.toMatchObject({
      kind: 'unavailable',
      detail: 'RTNETLINK answers: Operation not permitted',
    });
    expect(scene.machine.show(namespace)).toEqual(bareInside);
    expect(scene.machine.show()).toEqual(portOutside);
  });

  it('says what could not be put back, too', async () => {
    scene.machine.failNext(/addr add/, 'no memory');
    scene.machine.failNext(/netns 77/, 'no way back');
    await expect(scene.network.plug(vipMac, vipWanted())).rejects.toMatchObject({
      detail: 'no memory; it could not be put back as it was: no way back',
    });
  });

  it('is put back by the caller when the record fails', async () => {
    const { undo } = await scene.network.plug(vipMac, vipWanted());
    await undo();
    expect([scene.machine.show(namespace), scene.machine.show()]).toEqual([bareInside, portOutside]);
  });

  it('of a second port that is put back leaves the VIPs their rules', async () => {
    await scene.network.plug(vipMac, vipWanted());
    const second = mac('fa:16:3e:00:00:02');
    scene.machine.addLink({ name: 'ens8', mac: second });
    const { undo } = await scene.network.plug(second, wantedInterface({ name: 'eth2' }));
    await undo();
    expect(scene.machine.show(namespace)).toEqual(whole);
  });

  it('finds nothing to move when the interface is gone, before or during the move', async () => {
    const missing = { kind: 'not-found', subject: { what: 'network interface' } };
    await expect(scene.network.plug(mac('fa:16:3e:00:00:09'), vipWanted())).rejects.toMatchObject(missing);
    scene.machine.failNext(/netns amphora-haproxy name/, 'Cannot find device "ens7"');
    await expect(scene.network.plug(vipMac, vipWanted())).rejects.toMatchObject({
      ...missing,
      detail: 'Cannot find device "ens7"',
    });
  });

  it('ends as not found when the interface vanishes after the move', async () => {
    scene.runner.script({
      match: /set dev eth1 up/,
      result: () => {
        scene.machine.removeLink('eth1', namespace);
        return { code: 1, stderr: 'Cannot find device "eth1"\n' };
      },
    });
    await expect(scene.network.plug(vipMac, vipWanted())).rejects.toMatchObject({ kind: 'not-found' });
    expect(scene.machine.show(namespace)).toEqual(bareInside);
  });

  it('is refused what is inside, a name that is taken, and an address that another interface has', async () => {
    scene.machine.addLink({ name: 'eth2', mac: 'fa:16:3e:00:00:02', addresses: ['10.0.0.10/24'] }, namespace);
    const inside = mac('fa:16:3e:00:00:02');
    await expect(scene.network.plug(inside, vipWanted())).rejects.toMatchObject({ kind: 'already-exists' });
    const taken = wantedInterface({ name: 'eth2' });
    await expect(scene.network.plug(vipMac, taken)).rejects.toMatchObject({ kind: 'conflict' });
    await expect(scene.network.plug(vipMac, vipWanted())).rejects.toMatchObject({
      kind: 'conflict',
      detail: 'eth2 of the namespace has the address 10.0.0.10',
    });
    const moving = wantedInterface({ movingAddresses: [address('10.0.0.10/32')] });
    await expect(scene.network.plug(vipMac, moving)).rejects.toMatchObject({ kind: 'conflict' });
    expect(scene.machine.show()).toEqual(portOutside);
  });

  it.each([
    ['an IPv4-mapped address', { addresses: [address('::ffff:10.0.0.1/128')] }],
    ['a multicast address', { addresses: [address('224.0.0.18/32')] }],
    ['the loopback address', { addresses: [address('127.0.0.1/8')] }],
    ['no address', { movingAddresses: [address('0.0.0.0/8')] }],
    ['a zone', { addresses: [{ ip: ip('fe80::1%eth0'), prefix: 64 }] }],
    ['a prefix of nothing', { addresses: [{ ip: ip('10.0.0.1'), prefix: 33 }] }],
    [
      'a gateway of the other family',
      { routes: [{ destination: net('::/0'), gateway: ip('10.0.0.1'), table: 1 as const }] },
    ],
    ['an MTU that no frame has', { mtu: 67 }],
    ['an MTU too small for IPv6', { mtu: 1279, addresses: [address('2001:db8::1/64')] }],
    ['a name that is no ethN', { name: '../eth1' }],
  ])('refuses %s before anything is touched', async (_, some) => {
    const before = scene.runner.transcript.length;
    await expect(scene.network.plug(vipMac, wantedInterface(some))).rejects.toMatchObject({
      kind: 'invalid-input',
    });
    expect(scene.runner.transcript).toHaveLength(before);
  });

  it('is refused without a namespace', async () => {
    const { network } = scriptedNetwork('');
    await expect(network.plug(vipMac, vipWanted())).rejects.toMatchObject({ kind: 'precondition' });
    await expect(network.configure(vipWanted())).rejects.toMatchObject({ kind: 'precondition' });
    await expect(network.ensureNamespace()).rejects.toMatchObject({ kind: 'precondition' });
  });
});
