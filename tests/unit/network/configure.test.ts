// Changes of interfaces that are in the namespace already, over a scripted machine.

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  address,
  ip,
  namespace,
  net,
  scriptedNetwork,
  vipMac,
  vipPlugged,
  vipWanted,
  wantedInterface,
} from './wanted';

let scene: ReturnType<typeof scriptedNetwork>;

/** Lines and their words without their order: what is put back comes last. */
const unordered = (lines: readonly string[] | undefined): readonly string[] =>
  (lines ?? []).map((line) => line.split(' ').sort().join(' ')).sort();

describe('a change of an interface that is inside', () => {
  beforeEach(async () => {
    scene = scriptedNetwork();
    await scene.network.ensureNamespace();
    await scene.network.plug(vipMac, vipWanted());
  });

  it('changes nothing when it is what is wanted', async () => {
    const before = scene.changes().length;
    await scene.network.configure(vipWanted());
    expect(scene.changes()).toHaveLength(before);
  });

  it('takes away what is no longer wanted', async () => {
    await scene.network.configure(wantedInterface({ addresses: [address('10.0.0.5/24')] }));
    expect(scene.machine.show(namespace)).toEqual(['lo mtu 65536 up', 'eth1 mtu 1450 up 10.0.0.5/24']);
  });

  it.each([[/addr add/], [/route replace/], [/route del/], [/addr del/], [/rule del/], [/nft -f -/]])(
    'is undone when %s is refused',
    async (match) => {
      scene.machine.failNext(match, 'no');
      const routes = [
        { destination: net('0.0.0.0/0'), gateway: ip('10.0.0.2'), isOnLink: true, table: 1 as const },
      ];
      const wanted = wantedInterface({ addresses: [address('10.0.0.5/24')], routes, mtu: 1300 });
      await expect(scene.network.configure(wanted)).rejects.toMatchObject({ detail: 'no' });
      expect(unordered(scene.machine.show(namespace))).toEqual(unordered(vipPlugged));
    },
  );

  it('does without an optional route, and does not try it again and again', async () => {
    const bad = {
      destination: net('198.51.100.0/24'),
      gateway: ip('10.0.0.4'),
      isOnLink: true,
      table: 'main' as const,
    };
    scene.runner.script({
      match: /route add 198/,
      result: { code: 2, stderr: 'Error: Nexthop has invalid gateway.\n' },
    });
    const routes = [...vipWanted().routes, { ...bad, isOptional: true }];
    const { warnings } = await scene.network.configure({ ...vipWanted(), routes });
    expect(warnings).toEqual([expect.stringContaining('198.51.100.0/24 via 10.0.0.4')]);
    expect(scene.changes().filter((line) => line.includes('198.51.100.0'))).toHaveLength(1);
  });

  it.each([
    [/addr del/, 'Error: ipv4: Address not found.'],
    [/addr del/, 'RTNETLINK answers: Cannot assign requested address'],
    [/route del/, 'RTNETLINK answers: No such process'],
    [/route del/, 'Error: FIB table does not exist.'],
    [/rule del/, 'RTNETLINK answers: No such file or directory'],
  ])('goes on when what %s shall take away is gone: %s', async (match, words) => {
    scene.machine.failNext(match, words);
    await scene.network.configure(wantedInterface({ addresses: [address('10.0.0.5/24')] }));
    expect(scene.machine.show(namespace)).toEqual(['lo mtu 65536 up', 'eth1 mtu 1450 up 10.0.0.5/24']);
  });

  it('that is undone leaves a VIP to keepalived, wherever it is by then', async () => {
    const change = (verb: string) =>
      scene.runner.run(['ip', '-j', '-n', namespace, 'addr', verb, '10.0.0.20/32', 'dev', 'eth1']);
    await change('add');
    const wanted = { ...vipWanted(), movingAddresses: [address('10.0.0.20/32')], mtu: 1300 };
    const ready = async (): Promise<void> => {
      await change('del');
    };
    scene.machine.failNext(/nft -f -/, 'no');
    await expect(scene.network.configure(wanted, { ready })).rejects.toMatchObject({ detail: 'no' });
    expect(unordered(scene.machine.show(namespace))).toEqual(unordered(vipPlugged));
  });

  it('gives up on a kernel that keeps undoing it', async () => {
    scene.runner.script({ match: /mtu 1300/, result: {} });
    const wanted = { ...vipWanted(), mtu: 1300 };
    await expect(scene.network.configure(wanted)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('finds no interface that is not there', async () => {
    const wanted = wantedInterface({ name: 'eth7' });
    await expect(scene.network.configure(wanted)).rejects.toMatchObject({ kind: 'not-found' });
  });
});
