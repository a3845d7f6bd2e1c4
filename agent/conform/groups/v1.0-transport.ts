// 1.0: what is common to all calls. Source: contract/octavia-1.0.md "Transport".

import { ask, get, json, type Case, type Group } from '../case';
import { exactly, textLike, where } from '../shape';
import type { Scene } from '../scene';
import { framework, noBody, refusals } from './words';

const notFound = framework(404, 'Not Found');
const notAllowed = framework(405, 'Method Not Allowed');

export const transport: Group = {
  name: 'transport',
  dialect: '1.0',
  access: 'read',
  cases: (scene) => [...refusals('1.0', '/1.0/info'), plain, ...discovery, ...paths, ...methods(scene)],
};

const plain: Case = {
  name: 'plain HTTP to the port',
  says: 'Plain HTTP to the port: connection closed.',
  ask: get('/1.0/info', { plain: true }),
  expect: { status: [400], mayEnd: true },
};

const version = exactly({ api_version: '1.0' });
const discovery: readonly Case[] = [
  {
    name: 'GET /',
    says: 'GET / → 200 {"api_version":"1.0"}; JSON is application/json without charset.',
    ask: get('/'),
    expect: json(200, version),
  },
  {
    name: 'compact JSON',
    says: 'JSON is compact (no spaces).',
    ask: get('/'),
    expect: { status: [200], text: textLike(/^\{"api_version":"1.0"\}\n?$/) },
  },
  {
    name: 'GET //',
    says: 'Version discovery comes as GET //; a leading // is as /.',
    ask: get('//'),
    expect: json(200, version),
  },
  {
    name: 'GET //1.0/info',
    says: 'A leading // is as /.',
    ask: get('//1.0/info'),
    expect: json(200, { api_version: '1.0' }),
  },
  {
    name: 'GET / with a query',
    says: 'Query strings are ignored.',
    ask: get('/?verbose=1'),
    expect: json(200, version),
  },
  {
    name: 'HEAD /1.0/info',
    says: 'HEAD as GET.',
    ask: ask('HEAD', '/1.0/info'),
    expect: { status: [200], text: noBody, headers: { 'content-type': 'application/json' } },
  },
  {
    name: 'OPTIONS /1.0/info',
    says: 'OPTIONS: 200 with Allow, empty body.',
    ask: ask('OPTIONS', '/1.0/info'),
    expect: { status: [200], text: noBody, headers: { allow: textLike(/\bGET\b/) } },
  },
];

const paths: readonly Case[] = [
  ...['/favicon.ico', '/1.0', '/1.0/', '/1.0/nothing', '/1.0/Info', '/2.0/info'].map((path) => ({
    name: `GET ${path}`,
    says: 'A 404 must be application/json: controllers treat any other 404 as "agent not ready" and retry for minutes.',
    ask: get(path),
    expect: notFound,
  })),
  ...['/1.0/info/', '/1.0/listeners/'].map((path) => ({
    name: `GET ${path}`,
    says: 'Trailing slashes are not forgiven: 404 JSON.',
    ask: get(path),
    expect: notFound,
  })),
  {
    name: 'GET /1.0//info',
    says: 'Double slashes are not forgiven except a leading one: 308 to the clean path is what the real one does; ours: 404 JSON.',
    ask: get('/1.0//info'),
    expect: { status: [308, 404] },
  },
];

function methods({ ids }: Scene): readonly Case[] {
  const rows = [
    '/1.0/certificate',
    '/1.0/config',
    '/1.0/plug/network',
    '/1.0/vrrp/upload',
    '/1.0/vrrp/start',
    `/1.0/listeners/${ids.nobody}`,
    `/1.0/loadbalancer/${ids.nobody}/start`,
  ];
  return [
    ...rows.map((path) => ({
      name: `GET ${path.replace(ids.nobody, '{id}')}`,
      says: 'Framework errors: {"error":"405 Method Not Allowed: …","http_code":405}.',
      ask: get(path),
      expect: notAllowed,
    })),
    {
      name: 'Allow in a 405',
      says: '405 for a wrong method (with Allow).',
      ask: get('/1.0/config'),
      expect: {
        status: [405],
        headers: { allow: where('PUT among others', (value) => /\bPUT\b/.test(String(value))) },
      },
    },
    {
      name: 'OPTIONS /1.0/config',
      says: 'OPTIONS: 200 with Allow, empty body.',
      ask: ask('OPTIONS', '/1.0/config'),
      expect: { status: [200], text: noBody, headers: { allow: textLike(/\bPUT\b/) } },
    },
  ];
}
