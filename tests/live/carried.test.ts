// Single addresses of the real kernel, in a network namespace of the test's own.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeProcessRunner } from '../../agent/host/node/process';
import { parseIp } from '../../agent/model/ip';
import { createCarriedAddresses } from '../../agent/network/carried';
import { createNamespaceCommand } from '../../agent/network/in-namespace';
import { createIpCommand } from '../../agent/network/ip';

const namespace = `amph-${process.pid}-carried`;
const ip = (...args: readonly string[]): number | null => spawnSync('ip', args).status;
const canWork = process.geteuid?.() === 0 && ip('netns', 'add', namespace) === 0;
if (!canWork) process.stderr.write('skipped: no root, so no network namespaces for addresses\n');
const inside = (...args: readonly string[]): void => expect(ip('-n', namespace, ...args)).toBe(0);

beforeAll(() => {
  if (!canWork) return;
  // Its name is that of a VLAN's interface: sysctl reads dots its own way.
  inside('link', 'add', 'eth1.5', 'type', 'veth', 'peer', 'name', 'far');
  for (const name of ['eth1.5', 'far']) inside('link', 'set', name, 'up');
});

afterAll(() => {
  if (canWork) ip('netns', 'del', namespace);
});

(canWork ? describe : describe.skip)('an address that is taken off', () => {
  it('leaves the others of its subnet, though it was the first', async () => {
    const runner = createNodeProcessRunner({ env: process.env });
    const carried = createCarriedAddresses(
      createIpCommand(runner, namespace),
      createNamespaceCommand(runner, namespace),
    );
    const [vip, own] = ['192.168.50.10', '192.168.50.11'];
    for (const each of [vip, own]) inside('addr', 'add', `${each}/24`, 'dev', 'eth1.5');
    inside('route', 'add', 'default', 'via', '192.168.50.1');
    const address = parseIp(vip);
    if (address === undefined) throw new Error('no address');
    await carried.remove([{ ip: address, prefixLength: 24, interfaceName: 'eth1.5' }]);
    const left = (await carried.list()).filter((each) => each.ip.family === 4);
    expect(left.map((each) => each.ip.text)).toEqual([own]);
    const routes = spawnSync('ip', ['-n', namespace, 'route'], { encoding: 'utf8' }).stdout;
    expect(routes).toContain('default via 192.168.50.1');
  });
});
