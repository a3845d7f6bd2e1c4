// Who listens where, from what ss of iproute2 6.1 prints about haproxy 2.6 and others.

import { describe, expect, it } from '@jest/globals';
import { createListListening, parseListening } from '../../../agent/network/listening';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const printed = `LISTEN 0      4096              0.0.0.0:18081 0.0.0.0:* users:(("haproxy",pid=10188,fd=13))
LISTEN 0      128               0.0.0.0:2024  0.0.0.0:*                                    
LISTEN 0      4096            127.0.0.1:18080 0.0.0.0:* users:(("haproxy",pid=10188,fd=12))
LISTEN 0      4096         127.0.0.1%lo:18088 0.0.0.0:* users:(("haproxy",pid=10188,fd=15))
LISTEN 0      4096                 [::]:18083    [::]:* users:(("haproxy",pid=10188,fd=7)) 
LISTEN 0      4096                    *:18082       *:* users:(("haproxy",pid=10188,fd=6)) 
LISTEN 0      4096   [::ffff:127.0.0.1]:18089       *:* users:(("haproxy",pid=10188,fd=11))
LISTEN 0      4096             [::1]%lo:18087    [::]:* users:(("haproxy",pid=10188,fd=9)) 
LISTEN 0      4096                [::1]:18085    [::]:* users:(("haproxy",pid=10188,fd=8)) 
`;

describe('a listening socket', () => {
  it.each<[what: string, port: number, address: string, v6only: boolean]>([
    ['of all IPv4', 18081, '*', false],
    ['of an address', 18080, '127.0.0.1', false],
    ['of an address on one interface', 18088, '127.0.0.1', false],
    ['of all IPv6 without IPv4', 18083, '::', true],
    ['of all IPv6 with IPv4', 18082, '::', false],
    ['of an IPv4 address by way of IPv6', 18089, '127.0.0.1', false],
    ['of an IPv6 address on one interface', 18087, '::1', false],
    ['of an IPv6 address', 18085, '::1', false],
  ])('%s is told with its process', (_what, port, address, v6only) => {
    expect(parseListening(printed).find((socket) => socket.port === port)).toEqual({
      address,
      port,
      v6only,
      pids: [10188],
    });
  });

  it('whose process may not be seen is told without one', () => {
    expect(parseListening(printed).find(({ port }) => port === 2024)).toMatchObject({ pids: [] });
  });

  it('that several processes have open is told with each of them, once', () => {
    const users = 'users:(("haproxy",pid=12,fd=5),("haproxy",pid=11,fd=5),("haproxy",pid=12,fd=6))';
    expect(parseListening(`LISTEN 0 128 0.0.0.0:80 0.0.0.0:* ${users}\n`)).toMatchObject([
      { pids: [12, 11] },
    ]);
  });

  it.each(['', '\n\n', 'ss: something else\n'])('is not made out of %j', (text) => {
    expect(parseListening(text)).toEqual([]);
  });
});

describe('the list of listening sockets', () => {
  it.each([
    ['', 'ss -H -l -t -n -p'],
    ['amphora-haproxy', 'ip netns exec amphora-haproxy ss -H -l -t -n -p'],
  ])('is asked for in the namespace %j', async (namespace, line) => {
    const runner = createScriptedRunner([{ match: /ss/, result: { stdout: printed } }]);
    expect(await createListListening(runner, namespace)()).toHaveLength(9);
    expect(runner.transcript).toEqual([line]);
  });

  it.each([
    [
      'fails',
      { result: { code: 255, stderr: 'Cannot open netlink socket\n' } },
      'Cannot open netlink socket',
    ],
    ['is not installed', { cannotStart: 'ENOENT' }, undefined],
  ])('is unavailable when ss %s', async (_what, rule, detail) => {
    const runner = createScriptedRunner([{ match: /ss/, ...rule }]);
    await expect(createListListening(runner, '')()).rejects.toMatchObject({ kind: 'unavailable', detail });
  });
});
