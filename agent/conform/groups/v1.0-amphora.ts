// 1.0: what the amphora tells of itself, and what reads say of the unknown. Source: contract/octavia-1.0.md "Endpoints", "details".

import { get, json, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { anyNumber, anyObject, anyText, arrayOf, exactly, having, oneOf, textLike } from '../shape';
import { listenerTypes } from './words';

const version = textLike(/^\d+\.\d+/, 'version');
const jiffies = textLike(/^\d+$/, 'digits');

export const amphora: Group = {
  name: 'amphora',
  dialect: '1.0',
  access: 'read',
  cases: (scene) => [...facts, ...interfaces(scene), ...unknown(scene)],
};

const memory = Object.fromEntries(
  ['total', 'free', 'buffers', 'cached', 'swap_used', 'shared', 'slab'].map((name) => [name, anyNumber]),
);

const facts: readonly Case[] = [
  {
    name: 'GET /1.0/info',
    says: 'hostname, haproxy_version, api_version "1.0", keepalived_version, ipvsadm_version (package versions; clients split at dots).',
    ask: get('/1.0/info'),
    expect: json(200, {
      hostname: textLike(),
      haproxy_version: version,
      api_version: '1.0',
      keepalived_version: anyText,
      ipvsadm_version: anyText,
    }),
  },
  {
    name: 'GET /1.0/details',
    says: 'details: networks in total bytes, cpu.total a number and the other jiffies strings, memory in kB, disk in bytes, load three strings, topology "SINGLE".',
    ask: get('/1.0/details'),
    expect: json(200, {
      hostname: textLike(),
      haproxy_version: version,
      api_version: '1.0',
      networks: anyObject,
      active: true,
      haproxy_count: anyNumber,
      cpu: { total: anyNumber, user: jiffies, system: jiffies, soft_irq: jiffies },
      memory,
      disk: { used: anyNumber, available: anyNumber },
      load: arrayOf(textLike(/^\d+\.\d+$/)),
      topology: 'SINGLE',
      topology_status: 'OK',
      listeners: arrayOf(textLike()),
      packages: anyObject,
      lvs_listener_process_count: anyNumber,
      keepalived_version: anyText,
      ipvsadm_version: anyText,
    }),
  },
  {
    name: 'GET /1.0/details: cpu_count',
    says: 'Controllers compute haproxy’s SSL cache and thread map from cpu_count and memory; active_tuned_profiles "".',
    ask: get('/1.0/details'),
    expect: json(200, { cpu_count: anyNumber, active_tuned_profiles: anyText }),
  },
  {
    name: 'GET /1.0/listeners',
    says: '200 [{"status","uuid","type"}]: ACTIVE, or OFFLINE for a UDP listener that does not run.',
    ask: get('/1.0/listeners'),
    expect: json(
      200,
      arrayOf({ status: oneOf('ACTIVE', 'OFFLINE', 'ERROR'), uuid: textLike(), type: listenerTypes }),
    ),
  },
];

function interfaces({ strangeIp }: Scene): readonly Case[] {
  return [
    {
      name: 'GET /1.0/interface/127.0.0.1',
      says: '200 {"message":"OK","interface":"eth1"} (lo too).',
      ask: get('/1.0/interface/127.0.0.1'),
      expect: json(200, exactly({ message: 'OK', interface: 'lo' })),
    },
    {
      name: 'GET /1.0/interface/{ip of nobody}',
      says: '404 {"message":"Error interface not found for IP address"}.',
      ask: get(`/1.0/interface/${strangeIp}`),
      expect: json(404, exactly({ message: 'Error interface not found for IP address' })),
    },
    ...['nonsense', '300.1.1.1'].map((ip) => ({
      name: `GET /1.0/interface/${ip}`,
      says: '400 {"message":"Invalid IP address"}.',
      ask: get(`/1.0/interface/${ip}`),
      expect: json(400, exactly({ message: 'Invalid IP address' })),
    })),
  ];
}

function unknown({ ids }: Scene): readonly Case[] {
  return [
    ...[ids.nobody, 'nobody'].map((id) => ({
      name: `GET /1.0/loadbalancer/{${id === 'nobody' ? 'no UUID' : 'unknown'}}/haproxy`,
      says: 'Ids in paths need not be UUIDs for reads (unknown → 404 of that handler).',
      ask: get(`/1.0/loadbalancer/${id}/haproxy`),
      expect: json(
        404,
        exactly({ message: 'Loadbalancer Not Found', details: `No loadbalancer with UUID: ${id}` }),
      ),
    })),
    {
      name: 'GET /1.0/loadbalancer/{unknown}/certificates/{name}',
      says: '404 {"message":"Certificate Not Found","details":"No certificate with filename: X"}.',
      ask: get(`/1.0/loadbalancer/${ids.nobody}/certificates/web.pem`),
      expect: json(
        404,
        exactly({ message: 'Certificate Not Found', details: 'No certificate with filename: web.pem' }),
      ),
    },
    {
      name: 'GET /1.0/loadbalancer/{unknown}/certificates/web.txt',
      says: '400 {"message":"Filename has wrong format"}.',
      ask: get(`/1.0/loadbalancer/${ids.nobody}/certificates/web.txt`),
      expect: json(400, { message: 'Filename has wrong format' }),
    },
    {
      name: 'GET /1.0/listeners/{unknown}/udp_listener',
      says: '404 {"message":"UDP Listener Not Found","details":"No UDP listener with UUID: X"}.',
      ask: get(`/1.0/listeners/${ids.nobody}/udp_listener`),
      expect: json(
        404,
        exactly({ message: 'UDP Listener Not Found', details: `No UDP listener with UUID: ${ids.nobody}` }),
      ),
    },
  ];
}

/** An entry of `GET /1.0/listeners`. */
export function entry(status: string, uuid: string, type: string): ReturnType<typeof having> {
  return having(exactly({ status, uuid, type }));
}
