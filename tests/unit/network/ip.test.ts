// The lines that reach iproute2 and what is made of its answers; the JSON is iproute2 6.1's own.

import { describe, expect, it } from '@jest/globals';

import { parseIp } from '../../../agent/model/ip';
import { createAddresses } from '../../../agent/network/addresses';
import { createIpCommand } from '../../../agent/network/ip';
import { readNamespaceTraffic } from '../../../agent/network/traffic';
import type { RunnerRule } from '../../fakes/scripted-runner';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const namespace = 'amphora-haproxy';
const missingNamespace = `Cannot open network namespace "${namespace}": No such file or directory\n`;

const addresses = JSON.stringify([
  {
    ifindex: 1,
    ifname: 'lo',
    addr_info: [
      { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo' },
      { family: 'inet6', local: '::1', prefixlen: 128, scope: 'host' },
    ],
  },
  {},
  {
    ifindex: 4,
    link_index: 3,
    ifname: 'eth1',
    addr_info: [
      { family: 'inet', local: '192.0.2.2', address: '192.0.2.9', prefixlen: 32, scope: 'global' },
      { family: 'inet6', local: '2001:db8::2', prefixlen: 64, scope: 'global', nodad: true },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
    ],
  },
  {
    ifindex: 5,
    ifname: 'eth2',
    addr_info: [{ family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' }],
  },
  { ifindex: 6, ifname: 'eth3', addr_info: [] },
]);

const statistics = JSON.stringify([
  { ifname: 'lo', stats64: { rx: { bytes: 3193, packets: 29 }, tx: { bytes: 3193, packets: 29 } } },
  {
    ifname: 'eth1',
    stats64: { rx: { bytes: 179129950, packets: 6389 }, tx: { bytes: 784227, packets: 4452 } },
  },
  { ifname: 'bare' },
  {},
]);

const commandOn = (result: NonNullable<RunnerRule['result']>, inNamespace = namespace) => {
  const runner = createScriptedRunner([{ match: /^ip -j/, result }]);
  return { runner, command: createIpCommand(runner, inNamespace) };
};

describe('createIpCommand', () => {
  it('asks in the namespace, as JSON', async () => {
    const { runner, command } = commandOn({ stdout: '[{"ifname":"lo"}]' });
    expect(await command.run(['link'])).toEqual([{ ifname: 'lo' }]);
    expect(runner.transcript).toEqual(['ip -j -n amphora-haproxy link']);
  });

  it('asks without a namespace when none is configured', async () => {
    const { runner, command } = commandOn({ stdout: '[]' }, '');
    await command.run(['-s', 'link']);
    expect(runner.transcript).toEqual(['ip -j -s link']);
  });

  it('gives nothing for a command that prints nothing', async () => {
    expect(await commandOn({ stdout: '\n' }).command.run(['link', 'set', 'lo', 'up'])).toEqual([]);
  });

  it('hands on what the tool said when it fails', async () => {
    const { command } = commandOn({ code: 2, stderr: 'RTNETLINK answers: Operation not permitted\n' });
    await expect(command.run(['link'])).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'ip -j -n amphora-haproxy link ended with code 2',
      detail: 'RTNETLINK answers: Operation not permitted',
    });
  });

  it.each([
    ['unavailable', 'a signal', { code: null, signal: 'SIGKILL' }],
    ['timeout', 'silence', { code: null, signal: 'SIGTERM', timedOut: true }],
    ['unavailable', 'more output than is kept', { stdout: '[{"ifname":"l', truncated: true }],
    ['unavailable', 'half a list', { stdout: '[{"ifname":"l' }],
    ['unavailable', 'something that is no list', { stdout: '{"ifname":"lo"}' }],
  ])('reports %s on %s', async (kind, _what, result) => {
    await expect(commandOn(result).command.run(['link'])).rejects.toMatchObject({ kind });
  });
});

describe('interfaceOf', () => {
  const find = (text: string, result: Parameters<typeof commandOn>[0] = { stdout: addresses }) => {
    const ip = parseIp(text);
    if (ip === undefined) throw new Error(`not an address: ${text}`);
    return createAddresses(commandOn(result).command).interfaceOf(ip);
  };

  it.each([
    ['192.0.2.2', 'eth1'],
    ['127.0.0.1', 'lo'],
    ['2001:DB8:0:0::2', 'eth1'],
    ['fe80::1', 'eth1'],
    ['fe80::1%eth2', 'eth2'],
  ])('finds the interface of %s: %s', async (text, name) => {
    expect(await find(text)).toBe(name);
  });

  it.each(['192.0.2.9', '192.0.2.3', '2001:db8::3', '::ffff:192.0.2.2', '192.0.2.22', 'fe80::1%eth3'])(
    'finds none for %s',
    async (text) => {
      expect(await find(text)).toBeUndefined();
    },
  );

  it('finds none while the namespace has not been made', async () => {
    expect(await find('192.0.2.2', { code: 255, stderr: missingNamespace })).toBeUndefined();
  });

  it('says so when the tool fails otherwise', async () => {
    await expect(find('192.0.2.2', { code: 1, stderr: 'Cannot send dump request' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});

describe('readNamespaceTraffic', () => {
  it('gives bytes both ways of every interface that counts', async () => {
    const { runner, command } = commandOn({ stdout: statistics });
    expect(await readNamespaceTraffic(command)).toEqual([
      { name: 'lo', received: 3193, sent: 3193 },
      { name: 'eth1', received: 179129950, sent: 784227 },
    ]);
    expect(runner.transcript).toEqual(['ip -j -n amphora-haproxy -s link']);
  });

  it('gives none while the namespace has not been made, and fails on anything else', async () => {
    const missing = commandOn({ code: 255, stderr: missingNamespace });
    expect(await readNamespaceTraffic(missing.command)).toEqual([]);
    const refused = commandOn({
      code: 255,
      stderr: 'Cannot open network namespace "amphora-haproxy": Permission denied',
    });
    await expect(readNamespaceTraffic(refused.command)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
