// v0.1: what is common to all calls, what the amphora tells of itself, and what reads say of the unknown.
// Source: contract/amphora-v0.1.md "Common rules", "Endpoints", "Info and details".

import { get, json, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { anyNumber, anyObject, anyText, arrayOf, exactly, oneOf, textLike, where } from '../shape';
import { refusals } from './words';

const slash = 'A trailing slash never matters.';
const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const uuid = textLike(isUuid, 'UUID in lower case');
const bool = where('true|false', (value) => typeof value === 'boolean');
const fraction = where('0–1', (value) => typeof value === 'number' && value >= 0 && value <= 1);

export const oldTransport: Group = {
  name: 'transport',
  dialect: 'v0.1',
  access: 'read',
  cases: ({ ids }) => [
    ...refusals('v0.1', '/info'),
    {
      name: 'GET an unknown path',
      says: 'Unknown path → 404, JSON.',
      ask: get('/v0.1/nothing'),
      expect: json(404, { message: textLike() }),
    },
    ...['/v0.1/certificate', '/v0.1/plug/network', '/v0.1/vrrp/upload', '/v0.1/vrrp/start'].map((path) => ({
      name: `GET ${path}`,
      says: 'Known path with another method → 405 with Allow, JSON.',
      ask: get(path),
      expect: json(405, { message: textLike() }, { allow: textLike(/\b(PUT|POST)\b/) }),
    })),
    {
      name: 'GET of an action',
      says: 'Known path with another method → 405 with Allow, JSON.',
      ask: get(`/v0.1/listeners/${ids.nobody}/start`),
      expect: json(405, { message: textLike() }, { allow: textLike(/\bPUT\b/) }),
    },
  ],
};

export const oldAmphora: Group = {
  name: 'amphora',
  dialect: 'v0.1',
  access: 'read',
  cases: (scene) => [...infos(scene), ...facts(scene), ...interfaces(scene), ...unknown(scene)],
};

function infos({ place }: Scene): readonly Case[] {
  const info = {
    hostname: textLike(),
    uuid: place.amphoraId,
    haproxy_version: textLike(/^\d+\.\d+/, 'version'),
    api_version: '0.1',
  };
  return ['/info', '/v0.1/info', '/info/'].map((path) => ({
    name: `GET ${path}`,
    says: path.endsWith('/')
      ? slash
      : 'Info: hostname, uuid, haproxy_version, api_version "0.1"; /info also at /v0.1/info.',
    ask: get(path),
    expect: json(200, info),
  }));
}

const numbers = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, anyNumber]));
const memory = numbers(
  ...['total', 'free', 'available', 'buffers', 'cached', 'swap_used', 'shared', 'slab', 'committed_as'],
);

function facts({ place }: Scene): readonly Case[] {
  const listener = { status: oneOf('ACTIVE', 'STOPPED', 'ERROR'), uuid, type: textLike() };
  return [
    {
      name: 'GET /v0.1/details',
      says: 'Details: info’s fields plus networks, active, haproxy_count, cpu (fractions 0–1), memory and disk (kB), load (three numbers), topology, topology_status, listeners, packages.',
      ask: get('/v0.1/details'),
      expect: json(200, {
        hostname: textLike(),
        uuid: place.amphoraId,
        haproxy_version: textLike(),
        api_version: '0.1',
        networks: anyObject,
        active: bool,
        haproxy_count: anyNumber,
        cpu: { total: fraction, user: fraction, system: fraction, soft_irq: fraction },
        memory,
        disk: numbers('used', 'available'),
        load: where('three numbers', (value) => Array.isArray(value) && value.length === 3),
        topology: oneOf('SINGLE', 'ACTIVE-STANDBY', 'ACTIVE-ACTIVE'),
        topology_status: oneOf('OK', 'TOPOLOGY-CHANGE'),
        listeners: arrayOf(uuid),
        packages: arrayOf(anyObject),
      }),
    },
    {
      name: 'GET /v0.1/topology',
      says: 'Object: hostname, uuid, topology, role (ACTIVE | STANDBY), ha_ip ("" unless ACTIVE-STANDBY).',
      ask: get('/v0.1/topology'),
      expect: json(200, {
        hostname: textLike(),
        uuid: place.amphoraId,
        topology: oneOf('SINGLE', 'ACTIVE-STANDBY', 'ACTIVE-ACTIVE'),
        role: oneOf('ACTIVE', 'STANDBY'),
        ha_ip: anyText,
      }),
    },
    ...['/v0.1/listeners', '/v0.1/listeners/'].map((path) => ({
      name: `GET ${path}`,
      says: path.endsWith('/') ? slash : '200 array of {status,uuid,type}.',
      ask: get(path),
      expect: json(200, arrayOf(listener)),
    })),
  ];
}

function interfaces({ strangeIp }: Scene): readonly Case[] {
  return [
    {
      name: 'GET /v0.1/interface/127.0.0.1',
      says: '200 {"message":"OK","interface":"eth1"}.',
      ask: get('/v0.1/interface/127.0.0.1'),
      expect: json(200, exactly({ message: 'OK', interface: 'lo' })),
    },
    {
      name: 'GET /v0.1/interface/{ip of nobody}',
      says: '404 "Error interface not found for IP address".',
      ask: get(`/v0.1/interface/${strangeIp}`),
      expect: json(404, { message: 'Error interface not found for IP address' }),
    },
    {
      name: 'GET /v0.1/interface/nonsense',
      says: '400 "Bad IP address version".',
      ask: get('/v0.1/interface/nonsense'),
      expect: json(400, { message: 'Bad IP address version' }),
    },
  ];
}

function unknown({ ids }: Scene): readonly Case[] {
  const missing = json(
    404,
    exactly({ message: 'Listener Not Found', details: `No listener with UUID: ${ids.nobody}` }),
  );
  const says = '404: {"message":"Listener Not Found","details":"No listener with UUID: <uuid>"}.';
  const badName =
    'Letters, digits, ., -, _ only, must end in .pem, no leading dot → else 400 "Filename has wrong format".';
  return [
    ...['', '/haproxy', '/certificates/web.pem'].map((more) => ({
      name: `GET /v0.1/listeners/{unknown}${more}`,
      says,
      ask: get(`/v0.1/listeners/${ids.nobody}${more}`),
      expect: missing,
    })),
    {
      name: 'GET /v0.1/listeners/{UNKNOWN}',
      says: 'UUIDs (any case, stored lower case).',
      ask: get(`/v0.1/listeners/${ids.nobody.toUpperCase()}`),
      expect: missing,
    },
    {
      name: 'GET /v0.1/listeners/{no UUID}',
      says: 'Anything else → 400 {"message":"Invalid request","details":"…"}.',
      ask: get('/v0.1/listeners/nonsense'),
      expect: json(400, { message: 'Invalid request', details: textLike() }),
    },
    {
      name: 'GET /v0.1/listeners/{unknown}/certificates/web.txt',
      says: badName,
      ask: get(`/v0.1/listeners/${ids.nobody}/certificates/web.txt`),
      expect: json(400, { message: 'Filename has wrong format' }),
    },
  ];
}
