// v0.1: certificates of listeners, which are looked at when they come. Source: contract/amphora-v0.1.md "Certificates".

import { createHash } from 'node:crypto';
import { get, json, put, remove, type Case, type Group } from '../case';
import { commonName, type Scene } from '../scene';
import { exactly } from '../shape';
import { singleText } from '../texts';
import { ok } from './words';

const file = `${commonName}.pem`;
const at = (id: string, name = file): string => `/v0.1/listeners/${id}/certificates/${name}`;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const oldCertificates: Group = {
  name: 'certificates',
  dialect: 'v0.1',
  access: 'changes',
  cases: (scene) => [...storing(scene), ...refusals(scene), ...listener(scene), ...removal(scene)],
};

function storing({ ids, pems }: Scene): readonly Case[] {
  return [
    {
      name: 'PUT before there is a configuration',
      says: '201 OK; PUT works before the listener has a configuration.',
      ask: put(at(ids.tls), pems.web),
      expect: json(201, ok),
    },
    {
      name: 'its digest',
      says: '200 {"md5sum":…} over the raw bytes stored.',
      ask: get(at(ids.tls)),
      expect: json(200, exactly({ md5sum: md5(pems.web) })),
    },
  ];
}

function refusals({ ids, pems }: Scene): readonly Case[] {
  const checked =
    'Checked in this order: No certificate found; No RSA key found; Certificate and key do not match.';
  const wrongName =
    'File name ends in .pem, no leading dot → else 400 {"message":"Filename has wrong format"}.';
  return [
    ...[
      ['nothing', '', 'No certificate found'],
      ['no key', pems.withoutKey, 'No RSA key found'],
      ['an encrypted key', pems.encryptedKey, 'No RSA key found'],
      ['the key of another', pems.keyOfAnother, 'Certificate and key do not match'],
    ].map(([name = '', body = '', message = '']) => ({
      name: `PUT with ${name}`,
      says: `400 ${message}. ${checked}`,
      ask: put(at(ids.tls), body),
      expect: json(400, { message }),
    })),
    {
      name: 'a refused one leaves what was there',
      says: 'A refused change leaves no trace but its error message.',
      ask: get(at(ids.tls)),
      expect: json(200, { md5sum: md5(pems.web) }),
    },
    ...['web.txt', '.web.pem', 'a%20b.pem'].map((name) => ({
      name: `PUT ${name}`,
      says: wrongName,
      ask: put(at(ids.tls, name), pems.web),
      expect: json(400, { message: 'Filename has wrong format' }),
    })),
  ];
}

function listener({ ids, pems, place, frontends }: Scene): readonly Case[] {
  const text = singleText({
    ...frontends.tls,
    listener: ids.tls,
    tls: ` ssl crt ${place.certDirectory}/${ids.tls}/${file}`,
  });
  const act = (action: string) => put(`/v0.1/listeners/${ids.tls}/${action}`);
  return [
    {
      name: 'a configuration that names it',
      says: '201 OK.',
      ask: put(`/v0.1/listeners/${place.amphoraId}/${ids.tls}/haproxy`, text),
      expect: json(201, ok),
    },
    {
      name: 'start with it',
      says: '202 means that it serves.',
      ask: act('start'),
      expect: json(202, { message: 'OK' }),
    },
    {
      name: 'its type',
      says: 'type: TERMINATED_HTTPS when a bind line has ssl.',
      ask: get(`/v0.1/listeners/${ids.tls}`),
      expect: json(200, { status: 'ACTIVE', uuid: ids.tls, type: 'TERMINATED_HTTPS' }),
    },
    {
      name: 'PUT a renewed one',
      says: '201 OK.',
      ask: put(at(ids.tls), pems.renewed),
      expect: json(201, ok),
    },
    {
      name: 'reload for the renewed one',
      says: 'A new certificate takes effect at the next reload.',
      ask: act('reload'),
      expect: json(202, { message: 'OK', details: `Listener ${ids.tls} reloaded` }),
    },
  ];
}

function removal({ ids }: Scene): readonly Case[] {
  const missing = json(
    404,
    exactly({ message: 'Certificate Not Found', details: `No certificate with file name: ${file}` }),
  );
  const says = 'GET and DELETE: 404 Listener Not Found, else 404 {"message":"Certificate Not Found",…}.';
  return [
    {
      name: 'stop what names it',
      says: '202.',
      ask: put(`/v0.1/listeners/${ids.tls}/stop`),
      expect: json(202, { message: 'OK' }),
    },
    { name: 'DELETE', says: '200 OK.', ask: remove(at(ids.tls)), expect: json(200, ok) },
    { name: 'DELETE again', says, ask: remove(at(ids.tls)), expect: missing },
    { name: 'GET of what is deleted', says, ask: get(at(ids.tls)), expect: missing },
    {
      name: 'DELETE of nobody',
      says,
      ask: remove(at(ids.nobody)),
      expect: json(404, { message: 'Listener Not Found' }),
    },
    {
      name: 'delete the listener',
      says: '200 OK.',
      ask: remove(`/v0.1/listeners/${ids.tls}`),
      expect: json(200, ok),
    },
  ];
}
