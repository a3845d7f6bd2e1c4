// 1.0: what plug, rules and VRRP calls refuse, which changes nothing; and, where a spare port was given, what they do.
// Source: contract/octavia-1.0.md "Plugging", "Details of success answers".

import { get, json, post, put, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { exactly, textLike } from '../shape';
import { framework, noNamespace, okWith } from './words';

const vipPath = '/1.0/plug/vip/192.0.2.5';
const networkPath = '/1.0/plug/network';
const required =
  'Framework body "Invalid subnet information": not JSON, not an object, a required key missing; a JSON body with another type is 400.';

export const networkRefusals: Group = {
  name: 'network refusals',
  dialect: '1.0',
  access: 'changes',
  cases: (scene) => [...vip(scene), ...port(scene), ...rules(scene), ...vrrp()],
};

function vipBody({ strangeMac }: Scene): Readonly<Record<string, unknown>> {
  return {
    subnet_cidr: '192.0.2.0/24',
    gateway: '192.0.2.1',
    mac_address: strangeMac,
    vrrp_ip: '192.0.2.9',
    host_routes: [],
  };
}

function without(body: Readonly<Record<string, unknown>>, name: string): object {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
}

function vip(scene: Scene): readonly Case[] {
  const body = vipBody(scene);
  const refused = framework(400, 'Bad Request: Invalid subnet information');
  const refusedBodies = { 'what is no JSON': '{', nothing: '', 'an array': [body] };
  const malformed = { mtu: 'big', host_routes: [{}], additional_vips: [{}] };
  return [
    ...Object.entries(refusedBodies).map(([name, sent]) => ({
      name: `plug a VIP with ${name}`,
      says: required,
      ask: post(vipPath, sent),
      expect: refused,
    })),
    {
      name: 'plug a VIP as text',
      says: required,
      ask: post(vipPath, body, 'text/plain'),
      expect: refused,
    },
    ...['subnet_cidr', 'gateway', 'mac_address'].map((name) => ({
      name: `plug a VIP without ${name}`,
      says: required,
      ask: post(vipPath, without(body, name)),
      expect: refused,
    })),
    {
      name: 'plug what is no address',
      says: '{"message":"Invalid VIP: …"}.',
      ask: post('/1.0/plug/vip/300.0.2.5', body),
      expect: json(400, { message: textLike(/^Invalid VIP/) }),
    },
    {
      name: 'plug a VIP on a port that is not there',
      says: '404 body is {"details":"No suitable network interface found"}: the text matters, controllers retry on it.',
      ask: post(vipPath, body),
      expect: json(404, { details: 'No suitable network interface found' }),
      excuse: noNamespace,
    },
    ...Object.entries(malformed).map(([name, value]) => ({
      name: `plug a VIP with malformed ${name}`,
      says: 'Malformed optional members → 400 [better].',
      better: true as const,
      ask: post(vipPath, { ...body, [name]: value }),
      expect: { status: [400] },
    })),
  ];
}

function port(scene: Scene): readonly Case[] {
  const { strangeMac } = scene;
  const refused = framework(400, 'Bad Request: Invalid port information');
  return [
    ...Object.entries({ 'what is no JSON': '{', 'no mac_address': {} }).map(([name, sent]) => ({
      name: `plug a network with ${name}`,
      says: '400 framework body "Invalid port information".',
      ask: post(networkPath, sent),
      expect: refused,
    })),
    {
      name: 'plug a network on a port that is not there',
      says: '404 body is {"details":"No suitable network interface found"}.',
      ask: post(networkPath, { mac_address: strangeMac }),
      expect: json(404, { details: 'No suitable network interface found' }),
      excuse: noNamespace,
    },
  ];
}

function rules({ strangeIp }: Scene): readonly Case[] {
  return [
    {
      name: 'rules for an address of nobody',
      says: 'PUT /1.0/interface/{ip}/rules: 404.',
      ask: put(`/1.0/interface/${strangeIp}/rules`, '[]', {
        headers: { 'Content-Type': 'application/json' },
      }),
      expect: json(404, exactly({ message: 'Error interface not found for IP address' })),
    },
  ];
}

function vrrp(): readonly Case[] {
  return [
    {
      name: 'unknown VRRP action',
      says: '400 Unknown action.',
      ask: put('/1.0/vrrp/jump'),
      expect: json(400, { message: 'Invalid Request', details: textLike(/^Unknown action: jump/) }),
    },
  ];
}

/** What a spare port makes possible. No call unplugs it again. */
export const network: Group = {
  name: 'network',
  dialect: '1.0',
  access: 'network',
  cases: ({ place, strangeIp }) => {
    const body = {
      mac_address: place.sparePort,
      fixed_ips: [{ ip_address: strangeIp, subnet_cidr: '192.0.2.0/24', host_routes: [] }],
    };
    return [
      {
        name: 'plug the spare port',
        says: '202 "Plugged on interface eth2", or "Updated existing interface eth2" where it was plugged before.',
        ask: post(networkPath, body),
        expect: json(202, okWith(textLike(/^(Plugged on|Updated existing) interface eth\d+/))),
      },
      {
        name: 'plug it again',
        says: 'POST /1.0/plug/network, again with the same MAC: 202 "Updated existing interface eth2".',
        ask: post(networkPath, body),
        expect: json(202, okWith(textLike(/^Updated existing interface eth\d+/))),
      },
      {
        name: 'its address is found',
        says: 'GET /1.0/interface/{ip} → 200 {"message":"OK","interface":"eth1"}.',
        ask: get(`/1.0/interface/${strangeIp}`),
        expect: json(200, exactly({ message: 'OK', interface: textLike(/^eth\d+$/) })),
      },
    ];
  },
};
