// The body of POST /v0.1/topology: what is taken, and every fault of what is not.

import { describe, expect, it } from '@jest/globals';
import { isAgentError } from '../../../../agent/model/errors';
import { readTopologyRequest } from '../../../../agent/surfaces/octavia-v0.1/topology-request';

const pair = {
  topology: 'ACTIVE-STANDBY',
  role: 'ACTIVE',
  ha_ip: ' 192.168.50.10',
  secret: 'KeepAlive123!',
};
const read = (body: unknown) => readTopologyRequest(Buffer.from(JSON.stringify(body)));
const faultsOf = (body: unknown): string => {
  try {
    read(body);
  } catch (thrown) {
    if (isAgentError(thrown, 'invalid-input')) return thrown.detail ?? '';
    throw thrown;
  }
  return 'none';
};

describe('a topology that is wanted', () => {
  it('may be a single amphora, whose other parameters are ignored when well-formed', () => {
    expect(read({ topology: 'SINGLE' })).toEqual({ topology: 'SINGLE' });
    expect(read({ ...pair, topology: 'ACTIVE-ACTIVE', peers: null })).toEqual({ topology: 'ACTIVE-ACTIVE' });
    expect(read({ hostname: 'a', uuid: 'b', topology: 'SINGLE', role: 'ACTIVE', ha_ip: '' })).toEqual({
      topology: 'SINGLE',
    });
  });

  it('may be half of a pair, with the blanks of the document’s example around its address', () => {
    expect(read(pair)).toEqual({
      topology: 'ACTIVE-STANDBY',
      role: 'ACTIVE',
      haIp: '192.168.50.10',
      secret: 'KeepAlive123!',
    });
  });

  it('may say how VRRP is to be spoken', () => {
    const more = {
      virtual_router_id: 7,
      priority: 120,
      advert_interval: 0.3,
      peers: ['2001:DB8::0:2'],
      interface: 'eth1',
    };
    expect(read({ ...pair, ha_ip: '2001:db8::10', ...more })).toMatchObject({
      haIp: '2001:db8::10',
      virtualRouterId: 7,
      priority: 120,
      advertIntervalS: 0.3,
      peers: ['2001:db8::2'],
      interface: 'eth1',
    });
  });
});

describe('what is refused', () => {
  it.each([
    [{}, 'topology: required, one of SINGLE, ACTIVE-STANDBY, ACTIVE-ACTIVE'],
    [{ topology: 'BAD_TEST_DATA' }, 'Unknown topology: BAD_TEST_DATA'],
    [{ topology: ['x'] }, 'Unknown topology: "[\\"x\\"]"'],
    [
      { topology: 'ACTIVE-STANDBY' },
      'role: required for ACTIVE-STANDBY; ha_ip: required for ACTIVE-STANDBY; secret: required for ACTIVE-STANDBY',
    ],
    [{ topology: 'SINGLE', role: 'MASTER' }, 'role: expected ACTIVE or STANDBY, got "MASTER"'],
    [{ ...pair, secret: '' }, 'secret: required for ACTIVE-STANDBY'],
    [{ ...pair, secret: 5 }, 'secret: expected 1 to 255 bytes of text, got no text'],
    [{ ...pair, virtual_router_id: 0 }, 'virtual_router_id: expected an integer from 1 to 255, got "0"'],
    [{ ...pair, virtual_router_id: 256 }, 'virtual_router_id: expected an integer from 1 to 255, got "256"'],
    [{ ...pair, priority: 255 }, 'priority: expected an integer from 1 to 254, got "255"'],
    [{ ...pair, priority: 1.5 }, 'priority: expected an integer from 1 to 254, got "1.5"'],
    [{ ...pair, advert_interval: 41 }, 'advert_interval: expected 0.1 to 40 seconds, got "41"'],
    [{ ...pair, interface: 'eth0 up' }, 'interface: expected the name of an interface, got "eth0 up"'],
    [{ ...pair, peers: ['192.168.50.10'] }, 'peers: the other half has an address of its own, not ha_ip'],
    [{ ...pair, peers: ['2001:db8::1'] }, 'peers: expected the family of ha_ip'],
    [
      { topology: 'x', role: 'y', ha_ip: 'z' },
      'Unknown topology: x; role: expected ACTIVE or STANDBY, got "y"; ha_ip: expected an IP address that can move, got "z"',
    ],
  ])('%j: every fault is named', (body, faults) => {
    expect(faultsOf(body)).toBe(faults);
  });

  it.each(['0.0.0.0', '127.0.0.1', '224.0.0.18', '255.255.255.255', '::', '::1', 'ff02::12', 'fe80::1%eth0'])(
    'an address that cannot move: %s',
    (address) => {
      expect(faultsOf({ ...pair, ha_ip: address })).toContain('ha_ip: expected an IP address that can move');
    },
  );

  it('an IPv4 address in the disguise of IPv6', () => {
    expect(faultsOf({ ...pair, ha_ip: '::ffff:192.0.2.1' })).toContain('ha_ip: expected');
  });

  it.each([{ peers: [] }, { peers: ['192.0.2.1', '192.0.2.1'] }, { peers: ['x'] }, { peers: '192.0.2.1' }])(
    'peers that are no list of addresses: %j',
    ({ peers }) => {
      expect(faultsOf({ ...pair, peers })).toMatch(
        /^peers: expected a list of 1 to 16 different IP addresses/,
      );
    },
  );

  it('never with the secret', () => {
    const secret = `hush${'x'.repeat(252)}`;
    expect(faultsOf({ ...pair, secret, role: 'none' })).not.toContain('hush');
  });

  it('a parameter that is nested without end', () => {
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const body of [`{"topology":${nested}}`, `{"topology":"SINGLE","peers":${nested}}`]) {
      expect(() => readTopologyRequest(Buffer.from(body))).toThrow('Invalid request');
    }
  });

  it.each(['', 'x', '[]', 'null', '"SINGLE"'])('a body that is no object: %j', (body) => {
    expect(() => readTopologyRequest(Buffer.from(body))).toThrow('Invalid request');
  });
});
