// v0.1: what topology, plug and VRRP calls refuse, which changes nothing; and, where a spare port was given, what a plug does.
// Source: contract/amphora-v0.1.md "Topology", "Plug VIP", "Plug network", "VRRP".

import { get, json, post, put, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { exactly, textLike, where } from '../shape';
import { noNamespace, okWith, someDetails } from './words';

const vipPath = '/v0.1/plug/vip/192.0.2.5';
const networkPath = '/v0.1/plug/network';

export const oldNetworkRefusals: Group = {
  name: 'network refusals',
  dialect: 'v0.1',
  access: 'changes',
  cases: (scene) => [...topology(), ...vip(scene), ...port(scene), ...vrrp()],
};

const invalid = (pattern: RegExp) => json(400, { message: 'Invalid request', details: textLike(pattern) });

function topology(): readonly Case[] {
  const path = '/v0.1/topology';
  return [
    {
      name: 'an unknown topology',
      says: '{"message":"Invalid request","details":"Unknown topology: BAD_TEST_DATA"}.',
      ask: post(path, { topology: 'BAD_TEST_DATA' }),
      expect: invalid(/Unknown topology: BAD_TEST_DATA/),
    },
    {
      name: 'a pair without what it needs',
      says: 'role, ha_ip, secret required for ACTIVE-STANDBY; all failing parameters are listed, not just the first.',
      ask: post(path, { topology: 'ACTIVE-STANDBY' }),
      expect: json(400, {
        message: 'Invalid request',
        details: where('text with role, ha_ip and secret', (value) =>
          ['role', 'ha_ip', 'secret'].every((name) => String(value).includes(name)),
        ),
      }),
    },
    {
      name: 'what is no JSON',
      says: '400 carries in details which parameter failed and why.',
      ask: post(path, '{'),
      expect: json(400, someDetails('Invalid request')),
    },
  ];
}

function vip({ strangeMac }: Scene): readonly Case[] {
  const body = { subnet_cidr: '192.0.2.0/24', gateway: '192.0.2.1', mac_address: strangeMac };
  return [
    {
      name: 'plug what is no address',
      says: '400 {"message":"Invalid VIP"}.',
      ask: post('/v0.1/plug/vip/300.0.2.5', body),
      expect: json(400, { message: 'Invalid VIP' }),
    },
    ...['{', {}, { ...body, subnet_cidr: undefined }].map((sent, index) => ({
      name: `plug a VIP with ${['what is no JSON', 'nothing', 'no subnet'][index] ?? ''}`,
      says: '400 {"message":"Invalid subnet information"}; subnet_cidr, gateway, mac_address required.',
      ask: post(vipPath, sent),
      expect: json(400, { message: 'Invalid subnet information' }),
    })),
    {
      name: 'plug a VIP on a port that is not there',
      says: '404 {"message":"No suitable network interface found"}.',
      ask: post(vipPath, body),
      expect: json(404, { message: 'No suitable network interface found' }),
      excuse: noNamespace,
    },
  ];
}

function port({ strangeMac }: Scene): readonly Case[] {
  return [
    {
      name: 'plug a network with what is no JSON',
      says: 'Errors as above.',
      ask: post(networkPath, '{'),
      expect: json(400, { message: 'Invalid subnet information' }),
    },
    {
      name: 'plug a network on a port that is not there',
      says: '404 {"message":"No suitable network interface found"}.',
      ask: post(networkPath, { mac_address: strangeMac }),
      expect: json(404, { message: 'No suitable network interface found' }),
      excuse: noNamespace,
    },
  ];
}

function vrrp(): readonly Case[] {
  return [
    {
      name: 'unknown VRRP action',
      says: '400 {"message":"Invalid Request","details":"Unknown action: X"}.',
      ask: put('/v0.1/vrrp/jump'),
      expect: json(400, exactly({ message: 'Invalid Request', details: 'Unknown action: jump' })),
    },
  ];
}

/** What a spare port makes possible. No call unplugs it again. */
export const oldNetwork: Group = {
  name: 'network',
  dialect: 'v0.1',
  access: 'network',
  cases: ({ place, strangeIp }) => [
    {
      name: 'plug the spare port',
      says: '202 {"message":"OK","details":"Plugged interface <interface>"}.',
      ask: post(networkPath, {
        mac_address: place.sparePort,
        fixed_ips: [{ ip_address: strangeIp, subnet_cidr: '192.0.2.0/24', host_routes: [] }],
      }),
      expect: json(202, okWith(textLike(/^Plugged interface eth\d+/))),
    },
    {
      name: 'its address is found',
      says: '200 {"message":"OK","interface":"eth1"}.',
      ask: get(`/v0.1/interface/${strangeIp}`),
      expect: json(200, exactly({ message: 'OK', interface: textLike(/^eth\d+$/) })),
    },
  ],
};
