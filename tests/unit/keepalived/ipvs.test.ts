// The kernel's and ipvsadm's text, as a kernel with ip_vs prints it, and what it means for listeners.

import { describe, expect, it } from '@jest/globals';
import { parseKernelTable, parseServiceTraffic } from '../../../agent/keepalived/ipvs';
import { createKernelLvs, leftovers } from '../../../agent/keepalived/kernel';
import { readLvsConfig } from '../../../agent/keepalived/lvs-config';
import { lvsListenerSample, lvsPoolSample } from '../../../agent/keepalived/lvs-health';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { memberIds, udpListener } from './udp-listener';

const kernelText = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A000005:0035 wrr
  -> 0A00000A:0035      Masq    9      9          9
UDP  0A000005:0035 wrr ops
  -> 0A00000B:0035      Masq    0      1          2
  -> 0A00000A:0035      Masq    1      3          0
UDP  [2001:0db8:0000:0000:0000:0000:0000:0005]:0035 wrr
  -> [2001:0db8:0000:0000:0000:0000:0000:0010]:14E9      Masq    1      4          0
FWM  00000001 wlc
  -> 0A000063:0035      Masq    1      7          0
SCTP 0A000006:0016 sh
`;

const ipvsadmText = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.0.0.5:53                         9        9        9        9        9
UDP  10.0.0.5:53                        12       30       20     3000123456789     2000
  -> 10.0.0.10:53                       12       30       20     3000     2000
UDP  [2001:db8::5]:53                    1        2        3        4        5
  -> [2001:db8::10]:5353                 1        2        3        4        5
`;

const pair = `virtual_server_group a {
    10.0.0.5 53
}
virtual_server group a {
    protocol UDP
    # Configuration for Pool p
    # Configuration for Member m1
    real_server 10.0.0.10 53 {
        TCP_CHECK {
        }
    }
    # Configuration for Member m2
    real_server 10.0.0.11 53 {
    }
    # Configuration for Member m3
    real_server 10.0.0.12 53 {
    }
    # Member m4 is disabled
}
virtual_server_group b {
    2001:db8::5 53
}
virtual_server group b {
    protocol UDP
    # Configuration for Pool p
    # Configuration for Member m5
    real_server 2001:DB8:0::10 5353 {
    }
}
`;

describe('the kernel’s table', () => {
  it('has members and weights of each service, IPv6 too, UDP apart from TCP', () => {
    const table = parseKernelTable(kernelText);
    expect([...table.keys()]).toEqual([
      'TCP 10.0.0.5:53',
      'UDP 10.0.0.5:53',
      'UDP [2001:db8::5]:53',
      'SCTP 10.0.0.6:22',
    ]);
    expect([...(table.get('UDP 10.0.0.5:53') ?? [])]).toEqual([
      ['10.0.0.11:53', { weight: 0, active: 1 }],
      ['10.0.0.10:53', { weight: 1, active: 3 }],
    ]);
    expect([...(table.get('UDP [2001:db8::5]:53')?.keys() ?? [])]).toEqual(['[2001:db8::10]:5353']);
  });

  it.each(['', 'garbage\n', '  -> 0A00000A:0035      Masq    1      3          0\n'])(
    'of %j is empty',
    (text) => {
      expect(parseKernelTable(text).size).toBe(0);
    },
  );
});

describe('a listener with an IPv4 and an IPv6 address', () => {
  const config = readLvsConfig(pair);
  const table = parseKernelTable(kernelText);

  it('has the traffic of both, and not that of TCP beside it', () => {
    expect(lvsListenerSample({ config, table }, parseServiceTraffic(ipvsadmText))).toEqual({
      status: 'OPEN',
      current: 8,
      counters: { bytesIn: 3000123456793, bytesOut: 2005, connections: 13, requestErrors: 0 },
    });
  });

  it.each([
    [false, 'DOWN'],
    [true, 'RESTARTING'],
  ])(
    'has members up, draining, disabled, and what the table lacks (upload waiting: %s) %s',
    (isRestarting, word) => {
      expect(lvsPoolSample({ config, table, isRestarting })).toEqual({
        status: 'UP',
        members: new Map([
          ['m1', 'UP'],
          ['m2', 'DRAIN'],
          ['m3', word],
          ['m4', 'MAINT'],
          ['m5', 'UP'],
        ]),
      });
    },
  );

  it('has its pool down when keepalived has taken out every member', () => {
    const pool = lvsPoolSample({ config, table: new Map(), isRestarting: false });
    expect(pool?.status).toBe('DOWN');
    expect(pool?.members.get('m1')).toBe('DOWN');
    expect(pool?.members.get('m4')).toBe('MAINT');
  });
});

describe('a pool', () => {
  it('without a monitor is up, and its members are not checked', () => {
    const config = readLvsConfig(udpListener({ checks: false }));
    for (const table of [parseKernelTable(kernelText), new Map()]) {
      const pool = lvsPoolSample({ config, table, isRestarting: false });
      expect([pool?.status, pool?.members.get(memberIds[0]!)]).toEqual(['UP', 'no check']);
    }
  });

  it('without members is up', () => {
    const config = readLvsConfig(udpListener({ members: [] }));
    expect(lvsPoolSample({ config, table: new Map(), isRestarting: false })).toEqual({
      status: 'UP',
      members: new Map(),
    });
  });

  it('that a listener does not have is not reported', () => {
    const config = readLvsConfig('# Configuration for Listener x\n');
    expect(lvsPoolSample({ config, table: new Map(), isRestarting: false })).toBeUndefined();
  });
});

describe('a configuration', () => {
  it('says its protocol, and whether its controller has switched it off', () => {
    expect(readLvsConfig(udpListener({ protocol: 'SCTP' })).protocol).toBe('SCTP');
    expect(readLvsConfig('# Listener 1 is disabled\n')).toMatchObject({ isDisabled: true, services: [] });
  });

  it('has the addresses of a group once, however often it is named', () => {
    const addresses = Array.from({ length: 200 }, (_, n) => `10.0.0.${n + 1} 53\n`).join('');
    const again = 'virtual_server group g {\n    real_server 10.1.0.1 53 {\n    }\n}\n'.repeat(200);
    expect(readLvsConfig(`virtual_server_group g {\n${addresses}}\n${again}`).services).toHaveLength(200);
  });

  it('may name its address without a group', () => {
    const { services } = readLvsConfig('virtual_server 10.0.0.5 53 {\n real_server 10.0.0.9 1 {\n }\n}\n');
    expect(services.map(({ ip, port, members }) => [ip.text, port, members.length])).toEqual([
      ['10.0.0.5', 53, 1],
    ]);
  });
});

describe('what a killed keepalived has left', () => {
  const before = readLvsConfig(udpListener());

  it('is the service with all its members, when nothing follows', () => {
    expect(leftovers(before, undefined)).toEqual([['-D', '-u', '10.0.0.5:53']]);
  });

  it('is the members that the next configuration does not have', () => {
    expect(leftovers(before, readLvsConfig(udpListener({ members: ['10.0.0.11', '10.0.0.12'] })))).toEqual([
      ['-d', '-u', '10.0.0.5:53', '-r', '10.0.0.10:53'],
    ]);
  });

  it('is the old address, when the next one has another', () => {
    const sctp = readLvsConfig(udpListener({ protocol: 'SCTP' }));
    expect(leftovers(sctp, readLvsConfig(udpListener({ protocol: 'SCTP', port: 54 })))).toEqual([
      ['-D', '--sctp-service', '10.0.0.5:53'],
    ]);
  });
});

describe('the kernel, asked in a namespace', () => {
  it('is read as the process sees it, and ipvsadm is run inside', async () => {
    const runner = createScriptedRunner([{ match: /ipvsadm/, result: { stdout: ipvsadmText } }]);
    const files = createMemoryFiles({ '/proc/12/net/ip_vs': kernelText });
    const kernel = createKernelLvs({ files, runner, through: ['ip', 'netns', 'exec', 'ns'] });
    expect((await kernel.table(12))?.size).toBe(4);
    expect(await kernel.table(13)).toBeUndefined();
    expect((await kernel.traffic()).get('UDP [2001:db8::5]:53')).toEqual({
      connections: 1,
      bytesIn: 4,
      bytesOut: 5,
    });
    expect(runner.transcript).toEqual(['ip netns exec ns ipvsadm -Ln --stats --exact']);
  });
});
