// The described schema of `POST /v0.1/topology` against the reader that decides: what the one admits the other takes. What
// only the reader can tell, and where a client is told to be stricter than the reader, is listed.

import { describe, expect, it } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { topologyRequestSchema } from '../../../../agent/surfaces/octavia-v0.1/operations/vrrp';
import { readTopologyRequest } from '../../../../agent/surfaces/octavia-v0.1/topology-request';

const ajv = new Ajv2020({ strictTypes: false });
addFormats(ajv);
const admits = ajv.compile(topologyRequestSchema);

function takes(body: unknown): boolean {
  try {
    readTopologyRequest(Buffer.from(JSON.stringify(body)));
    return true;
  } catch {
    return false;
  }
}

const pair = { topology: 'ACTIVE-STANDBY', role: 'ACTIVE', ha_ip: '192.0.2.10', secret: 'x' };
const peers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_each, index) => `192.0.2.${index + 20}`);

const good: readonly object[] = [
  { topology: 'SINGLE' },
  { topology: 'ACTIVE-ACTIVE', role: 'STANDBY' },
  { topology: 'SINGLE', role: '', ha_ip: '', secret: null, peers: null, priority: '' },
  { topology: 'SINGLE', hostname: 'vm', uuid: 'x' },
  pair,
  { ...pair, role: 'STANDBY', ha_ip: '2001:db8::10', peers: ['2001:db8::11'] },
  { ...pair, secret: 'x'.repeat(255) },
  { ...pair, virtual_router_id: 1, priority: 254, advert_interval: 0.1, interface: 'eth1' },
  { ...pair, virtual_router_id: 255, priority: 1, advert_interval: 40, interface: 'a.b-c_d' },
  { ...pair, peers: peers(16) },
  { ...pair, interface: '', peers: '' },
];

const bad: readonly unknown[] = [
  null,
  [],
  'SINGLE',
  {},
  { topology: '' },
  { topology: 'single' },
  { topology: 'ACTIVE_STANDBY' },
  { topology: 'SINGLE', role: 'X' },
  { topology: 'SINGLE', ha_ip: 'x' },
  ...['role', 'ha_ip', 'secret'].flatMap((name) => [
    { ...pair, [name]: undefined },
    { ...pair, [name]: '' },
    { ...pair, [name]: null },
    { ...pair, [name]: 7 },
  ]),
  { ...pair, ha_ip: '192.0.2.10/24' },
  { ...pair, secret: 'x'.repeat(256) },
  ...[0, 256, 1.5, '9', true].map((virtual_router_id) => ({ ...pair, virtual_router_id })),
  ...[0, 255, 1.5, '9'].map((priority) => ({ ...pair, priority })),
  ...[0, 0.05, 41, '1'].map((advert_interval) => ({ ...pair, advert_interval })),
  ...[[], peers(17), ['x'], ['192.0.2.20', '192.0.2.20'], '192.0.2.20', [7]].map((each) => ({
    ...pair,
    peers: each,
  })),
  ...['-x', 'x'.repeat(16), 'a b', 7].map((each) => ({ ...pair, interface: each })),
];

describe('the schema of a posted topology', () => {
  it.each(good)('admits what the reader takes: %j', (body) => {
    expect([takes(body), admits(body)]).toEqual([true, true]);
  });

  it.each(bad.map((body) => [body]))('refuses what the reader refuses: %j', (body) => {
    expect([takes(body), admits(JSON.parse(JSON.stringify(body)))]).toEqual([false, false]);
  });

  it.each([
    ['an address that cannot move', { ...pair, ha_ip: '127.0.0.1' }],
    ['a group’s address', { ...pair, ha_ip: '224.0.0.18' }],
    ['an IPv4 address in IPv6', { ...pair, ha_ip: '::ffff:192.0.2.10' }],
    ['a secret too long in bytes', { ...pair, secret: 'ä'.repeat(200) }],
    ['a peer of another family', { ...pair, peers: ['2001:db8::11'] }],
    ['the VIP as a peer', { ...pair, peers: ['192.0.2.10'] }],
  ])('leaves to the reader: %s', (_what, body) => {
    expect([takes(body), admits(body)]).toEqual([false, true]);
  });

  it('asks for addresses without the blanks that the reader forgives', () => {
    const body = { ...pair, ha_ip: ' 192.0.2.10' };
    expect([takes(body), admits(body)]).toEqual([true, false]);
  });
});
