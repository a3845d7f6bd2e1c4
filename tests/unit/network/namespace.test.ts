// The namespace, interfaces by MAC, and announcements, over a scripted machine.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { ip, mac, namespace, scriptedNetwork, vipMac, wantedInterface } from './wanted';

let scene: ReturnType<typeof scriptedNetwork>;

beforeEach(() => {
  scene = scriptedNetwork();
});

const portMac = mac('fa:16:3e:00:00:02');

describe('the namespace', () => {
  it('is made once, with lo up', async () => {
    await scene.network.ensureNamespace();
    await scene.network.ensureNamespace();
    expect(scene.machine.show(namespace)).toEqual(['lo mtu 65536 up']);
    expect(scene.changes().filter((line) => line.startsWith('netns add'))).toHaveLength(1);
    expect(scene.runner.transcript.at(-1)).toMatch(
      /^ip netns exec amphora-haproxy sysctl -q -w net\.ipv4\.ip_nonlocal_bind=1 /,
    );
  });

  it('is there without the settings that this kernel lacks, and the log says which', async () => {
    const stderr = 'sysctl: cannot stat /proc/sys/net/ipv4/vs/conntrack: No such file or directory\n';
    scene.runner.script({ match: /sysctl -q -w/, result: { code: 255, stderr } });
    await scene.network.ensureNamespace();
    expect(JSON.stringify(scene.log.entries)).toContain('vs/conntrack');
  });

  it('is made anew when only its name is left', async () => {
    scene.machine.failNext(
      /link set dev lo up/,
      `setting the network namespace "${namespace}" failed: Invalid argument`,
    );
    await scene.network.ensureNamespace();
    expect(scene.runner.transcript).toEqual(
      expect.arrayContaining([`ip -j netns delete ${namespace}`, `ip -j netns add ${namespace}`]),
    );
    expect(scene.machine.show(namespace)).toEqual(['lo mtu 65536 up']);
  });

  it.each(['Cannot open network namespace', 'spoiled'])(
    'is made by the unit that does it, never here: %s',
    async (how) => {
      const { machine, network, runner } = scriptedNetwork(namespace, 'amphora-setup.service');
      const make = machine.rule.result;
      if (how === 'spoiled') {
        const words = `setting the network namespace "${namespace}" failed: Invalid argument`;
        machine.failNext(/link set dev lo up/, words);
      }
      runner.script({
        match: /^systemctl --no-ask-password restart amphora-setup\.service$/,
        result: () => (typeof make === 'function' ? make(['ip', '-j', 'netns', 'add', namespace], {}) : {}),
      });
      await network.ensureNamespace();
      expect(runner.transcript.filter((line) => line.startsWith('systemctl'))).toHaveLength(1);
      expect(runner.transcript.filter((line) => /^ip .*netns (add|delete)/.test(line))).toEqual([]);
    },
  );

  it('is not there when the unit that makes it fails, in its words', async () => {
    const { network, runner } = scriptedNetwork(namespace, 'amphora-setup.service');
    const stderr = 'Job for amphora-setup.service failed.';
    runner.script({ match: /^systemctl/, result: { code: 1, stderr } });
    await expect(network.ensureNamespace()).rejects.toMatchObject({ kind: 'unavailable', detail: stderr });
  });

  it('is not there when ip cannot make it', async () => {
    scene.machine.failNext(/netns add/, 'mkdir /run/netns failed: Read-only file system');
    await expect(scene.network.ensureNamespace()).rejects.toMatchObject({
      kind: 'unavailable',
      detail: 'mkdir /run/netns failed: Read-only file system',
    });
  });
});

describe('an interface', () => {
  it('is found before there is a namespace, and inside once it is plugged', async () => {
    expect(await scene.network.find(vipMac)).toEqual({ name: 'ens7', isInside: false });
    await scene.network.ensureNamespace();
    await scene.network.plug(vipMac, wantedInterface());
    expect(await scene.network.find(vipMac)).toEqual({ name: 'eth1', isInside: true });
  });

  it('that is nowhere is looked for on the PCI bus', async () => {
    expect(await scene.network.find(portMac)).toBeUndefined();
    expect(scene.runner.transcript.at(-1)).toBe('tee /sys/bus/pci/rescan');
  });

  it.each([
    ['refused', { result: { code: 1, stderr: 'Read-only file system' } }],
    ['impossible', { cannotStart: 'ENOENT' }],
  ])('is not found, without more ado, where a rescan is %s', async (_, outcome) => {
    scene.runner.script({ match: /^tee/, ...outcome });
    expect(await scene.network.find(portMac)).toBeUndefined();
  });

  it('gets the first free name, never that of the VIPs', async () => {
    expect(await scene.network.freeName([])).toBe('eth2');
    await scene.network.ensureNamespace();
    scene.machine.addLink({ name: 'eth3', mac: portMac }, namespace);
    expect(await scene.network.freeName(['eth2'])).toBe('eth4');
  });

  it('is not looked for when ip fails', async () => {
    scene.machine.failNext(/addr show/, 'RTNETLINK answers: Cannot allocate memory');
    await expect(scene.network.find(vipMac)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('an announcement', () => {
  beforeEach(() => scene.network.ensureNamespace());

  it('goes out for each address in the way of its family', async () => {
    expect(await scene.network.announce('eth1', [ip('10.0.0.10'), ip('2001:db8::10')])).toEqual([]);
    expect(scene.runner.transcript.slice(-2)).toEqual([
      'ip netns exec amphora-haproxy arping -q -U -c 1 -w 2 -I eth1 10.0.0.10',
      'ip netns exec amphora-haproxy ndptool -t na -U -i eth1 -T 2001:db8::10 send',
    ]);
  });

  it('that fails is told and keeps no other back', async () => {
    scene.runner.script({
      match: /arping/,
      result: { code: 255, stderr: 'exec of "arping" failed: No such file or directory\n' },
    });
    scene.runner.script({ match: /ndptool .*::11 /, cannotStart: 'EMFILE' });
    const told = await scene.network.announce('eth1', ['10.0.0.10', '2001:db8::10', '2001:db8::11'].map(ip));
    expect(told).toEqual([
      '10.0.0.10 was not announced on eth1: exec of "arping" failed: No such file or directory',
      expect.stringMatching(/^2001:db8::11 was not announced on eth1: /),
    ]);
  });
});
