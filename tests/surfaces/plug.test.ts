// Requests that plug ports, in both dialects, as far as they go without a namespace to plug into: what is wrong with
// them, and that this profile plugs nothing. Ports themselves: tests/live/plug.test.ts.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, temporaryDirectory, type TestAgent } from './kit/agent';

let amphora: TestAgent;
const interfaces = temporaryDirectory();
beforeAll(async () => {
  amphora = await startTestAgent({ amphoraAgent: `agent_server_network_dir = ${interfaces}` });
});
afterAll(async () => {
  await amphora.stop();
  rmSync(interfaces, { recursive: true, force: true });
});

const mac_address = 'fa:16:3e:00:00:01';
const subnet = { subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1' };
const vip = { ...subnet, mac_address };
const jsonType = { 'Content-Type': 'application/json' };

async function call(method: string, path: string, body: unknown, headers: Record<string, string> = jsonType) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await amphora.client.call(method, path, { body: text, headers });
  return [answer.status, answer.json()];
}

const framework = (description: string): unknown => [
  400,
  { error: `400 Bad Request: ${description}`, http_code: 400 },
];
const containing = (details: string): unknown => expect.stringContaining(details);
const without = (members: readonly string[]): object =>
  Object.fromEntries(Object.entries(vip).filter(([name]) => !members.includes(name)));
const noNamespace = containing('no network namespace is configured');

describe('POST /1.0/plug/vip/{ip}', () => {
  const path = '/1.0/plug/vip/10.0.0.5';

  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['no object', [vip]],
    ['null', 'null'],
    ['no subnet_cidr', without(['subnet_cidr'])],
    ['no gateway', without(['gateway'])],
    ['no mac_address', without(['mac_address'])],
  ])('400 of the framework: %s', async (_what, body) => {
    expect(await call('POST', path, body)).toEqual(framework('Invalid subnet information'));
  });

  it('400 of the framework: JSON under another content type, or under none', async () => {
    for (const headers of [{ 'Content-Type': 'text/plain' }, {}]) {
      expect(await call('POST', path, vip, headers)).toEqual(framework('Invalid subnet information'));
    }
  });

  it.each([
    ['300.0.0.5', vip, 'Invalid VIP: '],
    ['x', vip, 'Invalid VIP: '],
    ['::ffff:10.0.0.5', vip, 'Invalid VIP: '],
    ['10.0.0.5', { ...vip, subnet_cidr: '10.0.0.5/24' }, 'Invalid VIP: '],
    ['10.0.0.5', { ...vip, vrrp_ip: '10.0.0.900' }, 'Invalid VRRP Address: '],
    ['10.0.0.5', { ...vip, vrrp_ip: '::ffff:10.0.0.9' }, 'Invalid VRRP Address: '],
  ])('400: %s with %j', async (ip, body, message) => {
    expect(await call('POST', `/1.0/plug/vip/${ip}`, body)).toEqual([400, { message: containing(message) }]);
  });

  it.each([
    ['mtu', { mtu: 'big' }],
    ['gateway', { gateway: 'router' }],
    ['host_routes', { host_routes: [{ destination: 'all', nexthop: '10.0.0.1' }] }],
    ['additional_vips', { additional_vips: [{ ip_address: '10.0.0.6' }] }],
    ['is_sriov', { is_sriov: 1 }],
  ])('400: a malformed %s, named in the details', async (member, more) => {
    expect(await call('POST', path, { ...vip, ...more })).toEqual([
      400,
      { message: 'Invalid subnet information', details: containing(member) },
    ]);
  });

  it('500 in a profile without a namespace, which it says', async () => {
    expect(await call('POST', path, vip)).toEqual([
      500,
      { message: 'Error plugging VIP', details: noNamespace },
    ]);
  });
});

describe('POST /1.0/plug/network', () => {
  const path = '/1.0/plug/network';

  it.each([
    ['no JSON', '{'],
    ['no object', '"x"'],
    ['no mac_address', { fixed_ips: [] }],
  ])('400 of the framework: %s', async (_what, body) => {
    expect(await call('POST', path, body)).toEqual(framework('Invalid port information'));
  });

  it('400: an address that is none', async () => {
    const fixed_ips = [{ ip_address: '10.0.0.500', subnet_cidr: '10.0.0.0/24' }];
    expect(await call('POST', path, { mac_address, fixed_ips })).toEqual([
      400,
      { message: 'Invalid network port' },
    ]);
  });

  it('400: a malformed member, named in the details', async () => {
    expect(await call('POST', path, { mac_address, mtu: -1 })).toEqual([
      400,
      { message: 'Invalid port information', details: containing('mtu') },
    ]);
  });

  it('500 in a profile without a namespace, which it says', async () => {
    expect(await call('POST', path, { mac_address })).toEqual([
      500,
      { message: 'Error plugging network', details: noNamespace },
    ]);
  });
});

describe('PUT /1.0/interface/{ip}/rules', () => {
  it('400: no address', async () => {
    expect(await call('PUT', '/1.0/interface/x/rules', [])).toEqual([400, { message: 'Invalid IP address' }]);
  });

  it('404: an address of no plugged interface, whatever the body', async () => {
    for (const body of ['x', []]) {
      expect(await call('PUT', '/1.0/interface/127.0.0.1/rules', body)).toEqual([
        404,
        { message: 'Error interface not found for IP address' },
      ]);
    }
  });

  describe('of a port that is on record', () => {
    const path = '/1.0/interface/10.0.0.5/rules';
    const rule = { protocol: 'TCP', cidr: '10.0.0.0/24', port: 80 };

    beforeAll(() => {
      const addresses = [{ address: '10.0.0.5', prefixlen: 32, octavia_owned: false }];
      writeFileSync(join(interfaces, 'eth1.json'), JSON.stringify({ name: 'eth1', addresses }));
      writeFileSync(join(amphora.basePath, 'plugged_interfaces'), `${mac_address} eth1\n`);
    });

    it.each([
      ['no JSON', 'x'],
      ['no array', rule],
      ['a rule that is none', [null]],
      ['no protocol', [{ cidr: null, port: 80 }]],
      ['no cidr', [{ protocol: 'TCP', port: 80 }]],
      ['no port', [{ protocol: 'TCP', cidr: null }]],
      ['a member more', [{ ...rule, comment: 'x' }]],
      ['another protocol', [{ ...rule, protocol: 'ICMP' }]],
      ['a protocol in lower case', [{ ...rule, protocol: 'tcp' }]],
      ['VRRP in upper case', [{ ...rule, protocol: 'VRRP' }]],
      ['a port of 0', [{ ...rule, port: 0 }]],
      ['a port above 65535', [{ ...rule, port: 65_536 }]],
      ['a port as text', [{ ...rule, port: '80' }]],
      ['a malformed cidr', [{ ...rule, cidr: '10.0.0.0/33' }]],
      ['an IPv4-mapped cidr', [{ ...rule, cidr: '::ffff:10.0.0.0/104' }]],
      ['one bad rule among good ones', [rule, { ...rule, port: -1 }]],
    ])('400 of the framework: %s', async (_what, body) => {
      expect(await call('PUT', path, body)).toEqual(framework('Invalid rules information'));
    });

    it('400 of the framework: JSON under another content type', async () => {
      expect(await call('PUT', path, [rule], {})).toEqual(framework('Invalid rules information'));
    });

    it('200: an empty list, which changes nothing', async () => {
      expect(await call('PUT', path, [])).toEqual([200, { message: 'OK' }]);
    });

    it('500 in a profile without a namespace, which it says', async () => {
      expect(await call('PUT', path, [rule])).toEqual([
        500,
        { message: 'Error loading interface rules', details: noNamespace },
      ]);
    });
  });
});

describe('POST /v0.1/plug/vip/:ip', () => {
  const path = '/v0.1/plug/vip/10.0.0.5';

  it('400: no VIP', async () => {
    for (const ip of ['x', '::ffff:10.0.0.5', '10.0.0.0.5']) {
      expect(await call('POST', `/v0.1/plug/vip/${ip}`, vip)).toEqual([
        400,
        { message: 'Invalid VIP', details: containing('vip: expected') },
      ]);
    }
  });

  it.each([
    ['no JSON', 'hello', 'expected a JSON object with subnet_cidr, gateway, mac_address'],
    ['no gateway', without(['gateway']), 'expected a JSON object with'],
    ['a malformed MAC', { ...vip, mac_address: 'x' }, 'mac_address: expected'],
    ['a malformed own address', { ...vip, vrrp_ip: 'x' }, 'vrrp_ip: expected'],
    ['two malformed members', { ...vip, mtu: 'x', host_routes: 'y' }, 'host_routes: must be array'],
  ])('400: %s, with what was expected', async (_what, body, details) => {
    expect(await call('POST', path, body, {})).toEqual([
      400,
      { message: 'Invalid subnet information', details: containing(details) },
    ]);
  });

  it('500 in a profile without a namespace, which it says', async () => {
    expect(await call('POST', path, vip)).toEqual([
      500,
      { message: 'Error plugging VIP', details: noNamespace },
    ]);
  });
});

describe('POST /v0.1/plug/network', () => {
  it.each([
    ['no JSON', '', 'expected a JSON object with mac_address'],
    [
      'a malformed address',
      { mac_address, fixed_ips: [{ ip_address: 'x', subnet_cidr: '10.0.0.0/8' }] },
      'fixed_ips[0].ip_address',
    ],
    ['a malformed member', { mac_address, mtu: 1.5 }, 'mtu: must be integer'],
  ])('400: %s, with what was expected', async (_what, body, details) => {
    expect(await call('POST', '/v0.1/plug/network', body)).toEqual([
      400,
      { message: 'Invalid subnet information', details: containing(details) },
    ]);
  });

  it('500 in a profile without a namespace, which it says', async () => {
    expect(await call('POST', '/v0.1/plug/network', { mac_address })).toEqual([
      500,
      { message: 'Error plugging Port', details: noNamespace },
    ]);
  });
});
