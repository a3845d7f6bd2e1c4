// 1.0: certificate files, and a listener that ends TLS with one. Source: contract/octavia-1.0.md "Endpoints", "haproxy
// configuration" (certificate names).

import { createHash } from 'node:crypto';
import { get, json, put, remove, type Case, type Group } from '../case';
import { commonName, type Scene } from '../scene';
import { exactly, textLike } from '../shape';
import { combinedText } from '../texts';
import { entry } from './v1.0-amphora';
import { etagOf, ok, okWith } from './words';

const file = `${commonName}.pem`;
const at = (id: string, name: string): string => `/1.0/loadbalancer/${id}/certificates/${name}`;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const stored = 'PUT certificates/{name} → 200 {"message":"OK"}, ETag md5.';
const names =
  'Certificate names: ^[A-Za-z0-9_-][A-Za-z0-9_.-]*\\.pem$; else 400 "Filename has wrong format".';

export const certificates: Group = {
  name: 'certificates',
  dialect: '1.0',
  access: 'changes',
  cases: (scene) => [...files(scene), ...badNames(scene), ...listener(scene), ...removal(scene)],
};

function files({ ids, pems, place }: Scene): readonly Case[] {
  const list = `${place.certDirectory}/${ids.tls}/${file}\n`;
  const upload = (name: string, as: string, body: string): Case => ({
    name,
    says: `${stored} Contents are not inspected at upload.`,
    ask: put(at(ids.tls, as), body),
    expect: json(200, ok, etagOf(body)),
  });
  return [
    {
      ...upload('a bundle, before there is a configuration', file, pems.web),
      says: 'Upload creates the load balancer’s certificate directory.',
    },
    {
      name: 'its digest',
      says: 'GET → 200 {"md5sum":…}, ETag.',
      ask: get(at(ids.tls, file)),
      expect: json(200, exactly({ md5sum: textLike(/^[0-9a-f]{32}$/) }), {
        etag: textLike(/^[0-9a-f]{32}$/),
      }),
    },
    upload('a CA', 'ca.pem', pems.authority),
    upload('a crt-list', 'list.pem', list),
    upload('what is no PEM', 'odd.pem', 'no PEM at all\n'),
    {
      name: 'the digest of what is no PEM',
      says: 'GET → 200 {"md5sum":…}.',
      ask: get(at(ids.tls, 'odd.pem')),
      expect: json(200, exactly({ md5sum: md5('no PEM at all\n') })),
    },
  ];
}

function badNames({ ids, pems }: Scene): readonly Case[] {
  const wrong = json(400, { message: 'Filename has wrong format' });
  return [
    ...['web.txt', '.pem'].flatMap((name) => [
      { name: `PUT ${name}`, says: names, ask: put(at(ids.tls, name), pems.web), expect: wrong },
      { name: `GET ${name}`, says: names, ask: get(at(ids.tls, name)), expect: wrong },
      { name: `DELETE ${name}`, says: names, ask: remove(at(ids.tls, name)), expect: wrong },
    ]),
    { name: 'PUT web.pem.bak', says: names, ask: put(at(ids.tls, 'web.pem.bak'), pems.web), expect: wrong },
  ];
}

function listener({ ids, frontends, pems, place }: Scene): readonly Case[] {
  const crtList = ` ssl crt-list ${place.certDirectory}/${ids.tls}/list.pem`;
  const text = combinedText({
    id: ids.tls,
    basePath: place.basePath,
    frontends: [{ ...frontends.tls, tls: crtList }],
  });
  return [
    {
      name: 'a configuration that names a crt-list',
      says: 'PUT haproxy → 202 {"message":"OK"}.',
      ask: put(`/1.0/loadbalancer/${place.amphoraId}/${ids.tls}/haproxy`, text),
      expect: json(202, ok, etagOf(text)),
    },
    {
      name: 'start with it',
      says: 'PUT start → 202.',
      ask: put(`/1.0/loadbalancer/${ids.tls}/start`),
      expect: json(202, { message: 'OK' }),
    },
    {
      name: 'its listener',
      says: 'Listener types: TERMINATED_HTTPS (bind with ssl crt-list).',
      ask: get('/1.0/listeners'),
      expect: json(200, entry('ACTIVE', frontends.tls.listener, 'TERMINATED_HTTPS')),
    },
    {
      name: 'the same name renewed',
      says: stored,
      ask: put(at(ids.tls, file), pems.renewed),
      expect: json(200, ok, etagOf(pems.renewed)),
    },
    {
      name: 'reload for the renewed one',
      says: 'Reload "Listener <id> reloaded".',
      ask: put(`/1.0/loadbalancer/${ids.tls}/reload`),
      expect: json(202, okWith(`Listener ${ids.tls} reloaded`)),
    },
    {
      name: 'delete the load balancer',
      says: 'DELETE → 200 {"message":"OK"}.',
      ask: remove(`/1.0/listeners/${ids.tls}`),
      expect: json(200, ok),
    },
  ];
}

function removal({ ids, pems }: Scene): readonly Case[] {
  const path = at(ids.fresh, file);
  const done = json(200, ok);
  return [
    { name: 'one more', says: stored, ask: put(path, pems.web), expect: json(200, ok, etagOf(pems.web)) },
    { name: 'DELETE', says: 'DELETE → 200 OK.', ask: remove(path), expect: done },
    { name: 'DELETE again', says: 'DELETE → 200 OK, also when absent.', ask: remove(path), expect: done },
    {
      name: 'GET of what is deleted',
      says: '404 {"message":"Certificate Not Found","details":"No certificate with filename: X"}.',
      ask: get(path),
      expect: json(
        404,
        exactly({ message: 'Certificate Not Found', details: `No certificate with filename: ${file}` }),
      ),
    },
  ];
}
