// The screen of `amphorad status`, line by line.

import { describe, expect, it } from '@jest/globals';
import { drawStatus } from '../../../agent/cli/status-screen';
import type { AmphoraStatus, LoadBalancerPicture } from '../../../agent/model/status';

const id = '3c9f0a51-7d5e-4b1f-9c55-2f6f0d7c8e21';
const well: AmphoraStatus = {
  agent: {
    version: '0.1.0',
    pid: 77,
    amphoraId: '128b6628-b6af-4309-af46-4d4f86e185c9',
    hostname: 'vm',
    stage: 'running',
    startedAt: '2026-01-15T00:00:00.000Z',
    uptimeS: 59,
  },
  topology: { topology: 'SINGLE', isActive: true, inTransition: false, vrrp: null, haIp: '' },
  heartbeats: { intervalS: 10, withheld: false, controllers: [] },
  loadBalancers: [],
  udpListeners: [],
  interfaces: [],
  findings: { errors: 0, warnings: 0 },
};
const balancer: LoadBalancerPicture = {
  id,
  state: 'running',
  owner: 'octavia-v1.0',
  desired: 'running',
  pid: 500,
  uptimeS: 12_000,
  reloads: 1,
  isOlder: false,
  oldWorkers: [],
  listeners: [{ id: 'web', type: 'HTTP', addresses: ['192.0.2.1:80'], state: 'OPEN', sessions: 3 }],
  pools: [
    {
      id: 'pool',
      state: 'UP',
      sessions: 2,
      members: [{ id: 'one', address: '198.51.100.1:80', state: 'UP', sessions: 1234567 }],
    },
  ],
};
const draw = (more: Partial<AmphoraStatus> = {}): readonly string[] =>
  drawStatus({ ...well, ...more }, { color: false }).split('\n');
const drawOne = (more: Partial<LoadBalancerPicture>): readonly string[] =>
  draw({ loadBalancers: [{ ...balancer, ...more }] });

describe('the screen', () => {
  it('shows who the amphora is, and each load balancer with what is in it', () => {
    expect(draw({ loadBalancers: [balancer] })).toEqual([
      'amphora    128b6628-b6af-4309-af46-4d4f86e185c9  on vm',
      'agent      0.1.0  pid 77  up 59s',
      'topology   SINGLE  active',
      'heartbeats none: no controllers are configured',
      '',
      `load balancer ${id} running`,
      '  octavia-v1.0, pid 500, up 3h20m, 1 reload',
      '  listener web                        192.0.2.1:80           OPEN              3',
      '  pool     pool                       1 member               UP                2',
      '    member one                        198.51.100.1:80        UP          1234567',
      '',
      '1 load balancer; no findings',
      '',
    ]);
  });

  it('shows the half of a pair that stands by, its transition, and heartbeats with what became of them', () => {
    const lines = draw({
      topology: {
        topology: 'ACTIVE-STANDBY',
        isActive: false,
        inTransition: true,
        vrrp: 'FAULT',
        haIp: '192.0.2.9',
      },
      heartbeats: {
        intervalS: 5,
        withheld: true,
        controllers: [
          { name: '192.0.2.1:5555', sent: 12, lastSentS: 3.2, error: null },
          { name: '[2001:db8::1]:5555', sent: 0, lastSentS: null, error: 'no datagram: ENETUNREACH' },
        ],
      },
    });
    expect(lines.slice(2, 6)).toEqual([
      'topology   ACTIVE-STANDBY  standby  vrrp FAULT  address 192.0.2.9  in transition',
      'heartbeats every 5 s  withheld: keepalived is down',
      '  192.0.2.1:5555            last 3s ago, 12 sent',
      '  [2001:db8::1]:5555        none sent                 no datagram: ENETUNREACH',
    ]);
  });

  it('shows interfaces with their VIPs, UDP listeners with their members, and how many findings there are', () => {
    const lines = draw({
      interfaces: [
        { name: 'eth1', mac: 'fa:16:3e:00:00:01', vips: ['192.0.2.9'], addresses: ['192.0.2.4/24'] },
      ],
      udpListeners: [
        {
          id,
          type: 'SCTP',
          isRunning: false,
          addresses: ['192.0.2.9:53'],
          state: null,
          members: [{ id: 'one', address: '198.51.100.1:53', state: null, sessions: null }],
        },
      ],
      findings: { errors: 1, warnings: 2 },
    });
    expect(lines.slice(4)).toEqual([
      'interface  eth1   fa:16:3e:00:00:01  VIP 192.0.2.9  192.0.2.4/24',
      '',
      '  SCTP     3c9f0a51-7d5..2f6f0d7c8e21 192.0.2.9:53           DOWN',
      '    member one                        198.51.100.1:53        -',
      '',
      '0 load balancers, 1 UDP listener; 1 error, 2 warnings: amphorad doctor',
      '',
    ]);
  });

  it('shows every address of an interface whole, on as many lines as it takes, the VIPs first', () => {
    const vips = ['192.0.2.9', '2001:db8:77::1234:5678:9abc'];
    const addresses = ['192.0.2.4/24', '192.0.2.9/32', '2001:db8:77::1234:5678:9abc/128'];
    const lines = draw({ interfaces: [{ name: 'eth1', mac: 'fa:16:3e:00:00:01', vips, addresses }] });
    expect(lines.slice(4, 7)).toEqual([
      'interface  eth1   fa:16:3e:00:00:01  VIP 192.0.2.9',
      '           VIP 2001:db8:77::1234:5678:9abc  192.0.2.4/24  192.0.2.9/32',
      '           2001:db8:77::1234:5678:9abc/128',
    ]);
  });

  it('shows old workers, an older configuration, and a dash for what haproxy does not tell', () => {
    const lines = drawOne({
      isOlder: true,
      oldWorkers: [
        { pid: 400, ageS: 90, sessions: 1 },
        { pid: 401, ageS: 30, sessions: null },
      ],
      listeners: [{ id: 'web', type: 'HTTP', addresses: [], state: null, sessions: null }],
      pools: [],
    });
    expect(lines.slice(7, 11)).toEqual([
      '  an older configuration runs: the stored one did not come up',
      '  old worker pid 400, 1m30s old, 1 session',
      '  old worker pid 401, 30s old, does not answer',
      '  listener web                                               -',
    ]);
  });

  it('shows the first of several addresses and how many more there are, not two that run into each other', () => {
    const shown = (...addresses: readonly string[]): string => {
      const [listener = ''] = drawOne({
        listeners: [{ id: 'web', type: 'HTTP', addresses, state: 'OPEN', sessions: 0 }],
      }).filter((line) => line.includes('listener'));
      return listener.slice(38, 60).trimEnd();
    };
    expect(shown('192.0.2.1:80', '192.0.2.1:81', '192.0.2.1:82')).toBe('192.0.2.1:80 +2');
    expect(shown('[2001:db8:1234:5678:9abc:def0:1:2]:443', '192.0.2.1:81')).toBe('[2001:db8..1:2]:443 +1');
  });

  it('is 80 columns wide, and obeys nothing that a name or an address holds', () => {
    const evil = `\u001b[2J\u009b31m\u202e\r\n${'x'.repeat(200)}`;
    const all = drawStatus(
      {
        agent: { ...well.agent, version: '1\u001b[2J', hostname: evil },
        topology: { ...well.topology, haIp: '\u001b[2J' },
        heartbeats: {
          ...well.heartbeats,
          controllers: [{ name: evil, sent: 1, lastSentS: 1, error: evil }],
        },
        interfaces: [{ name: evil, mac: 'fa:16:3e:00:00:01', vips: [evil], addresses: [evil] }],
        udpListeners: [
          {
            id: evil,
            type: 'UDP',
            isRunning: true,
            addresses: [evil],
            state: evil,
            members: [{ id: evil, address: evil, state: evil, sessions: null }],
          },
        ],
        loadBalancers: [
          {
            ...balancer,
            owner: '\u001b[2J',
            listeners: [{ id: evil, type: 'TCP', addresses: [evil, evil], state: evil, sessions: 1 }],
            pools: [
              {
                id: evil,
                state: evil,
                sessions: 1,
                members: [{ id: evil, address: evil, state: evil, sessions: 1 }],
              },
            ],
          },
        ],
        findings: well.findings,
      },
      { color: false },
    );
    expect(all.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    expect(all.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(all.split('\n')).toHaveLength(20);
  });

  it('has colours only where they are wanted', () => {
    const status = { ...well, loadBalancers: [balancer] };
    expect(drawStatus(status, { color: false })).not.toContain('\u001b');
    expect(drawStatus(status, { color: true })).toContain('\u001b[32mrunning\u001b[0m');
  });
});
