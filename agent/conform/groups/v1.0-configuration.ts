// 1.0: the configuration of a load balancer, uploaded and read back. Nothing is started here.
// Source: contract/octavia-1.0.md "Endpoints", "haproxy configuration".

import { randomUUID } from 'node:crypto';
import { ask, get, json, put, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { textLike } from '../shape';
import { broken, combinedText, withGroupLine } from '../texts';
import { plainFrontends } from './heartbeat';
import { etagOf, framework, ok, someDetails, wholeText } from './words';

const whole = 'PUT haproxy → 202 {"message":"OK"}, ETag: <md5 of the bytes received> (unquoted hex).';
const anyType =
  'The client sends uploads with no Content-Type (sometimes chunked, sometimes form-urlencoded): never parse them by type.';

export const configuration: Group = {
  name: 'configuration',
  dialect: '1.0',
  access: 'changes',
  cases: (scene) => [...uploads(scene), ...refusals(scene), ...methods(scene)],
};

function textOf({ ids, place, ...scene }: Scene): string {
  return combinedText({
    id: ids.one,
    basePath: place.basePath,
    frontends: plainFrontends({ ids, place, ...scene }),
  });
}

/** A configuration of another load balancer, with a listener that no other one has. */
function strangeText({ place, frontends }: Scene, id: string): string {
  const { tls } = frontends;
  return combinedText({ id, basePath: place.basePath, frontends: [{ ...tls, listener: randomUUID() }] });
}

function uploads(scene: Scene): readonly Case[] {
  const { ids, place } = scene;
  const [path, back] = [
    `/1.0/loadbalancer/${place.amphoraId}/${ids.one}/haproxy`,
    `/1.0/loadbalancer/${ids.one}/haproxy`,
  ];
  const text = textOf(scene);
  const grouped = withGroupLine(text);
  const stored = (says: string, name: string): Case => ({
    name,
    says,
    ask: get(back),
    expect: {
      status: [200],
      text: wholeText(text),
      headers: { 'content-type': textLike(/^text\/plain; charset=utf-8$/i), ...etagOf(text) },
    },
  });
  const expect = json(202, ok, etagOf(text));
  return [
    { name: 'upload without a type', says: whole, ask: put(path, text), expect },
    stored('GET haproxy → 200 text/plain; charset=UTF-8, ETag = md5 of the text as stored.', 'read back'),
    { name: 'upload again', says: whole, ask: put(path, text), expect },
    ...['application/x-www-form-urlencoded', 'application/octet-stream', 'application/json'].map((type) => ({
      name: `upload as ${type}`,
      says: anyType,
      ask: put(path, text, { headers: { 'Content-Type': type } }),
      expect,
    })),
    { name: 'upload in chunks', says: anyType, ask: put(path, text, { chunked: true }), expect },
    {
      name: 'upload that waits for 100',
      says: 'Expect: 100-continue works.',
      ask: put(path, text, { headers: { Expect: '100-continue' } }),
      expect,
    },
    {
      name: 'upload with a group line',
      says: 'Every group … line is removed before checking (older controllers send one); the ETag is of the bytes received.',
      ask: put(path, grouped),
      expect: json(202, ok, etagOf(grouped)),
    },
    stored('Group lines removed, so it may differ from the PUT’s.', 'read back without the group line'),
  ];
}

function refusals(scene: Scene): readonly Case[] {
  const { ids, place } = scene;
  const at = (id: string): string => `/1.0/loadbalancer/${place.amphoraId}/${id}/haproxy`;
  const text = textOf(scene);
  const expect = json(400, someDetails('Invalid request'));
  return [
    {
      name: 'upload that haproxy refuses',
      says: '400 {"message":"Invalid request","details":<haproxy output>}.',
      ask: put(at(ids.one), broken(text)),
      expect,
    },
    {
      name: 'a refused upload leaves what was there',
      says: 'A refused change leaves no trace but its error message.',
      ask: get(`/1.0/loadbalancer/${ids.one}/haproxy`),
      expect: { status: [200], text: wholeText(text) },
    },
    {
      name: 'first upload that haproxy refuses',
      says: '400 {"message":"Invalid request","details":<haproxy output>}.',
      ask: put(at(ids.fresh), broken(strangeText(scene, ids.fresh))),
      expect,
    },
    {
      name: 'a refused first upload leaves nothing',
      says: 'A refused change leaves no trace but its error message.',
      ask: get(`/1.0/loadbalancer/${ids.fresh}/haproxy`),
      expect: json(404, { message: 'Loadbalancer Not Found' }),
    },
    {
      name: 'an upload after a refused first one',
      says: whole,
      ask: put(at(ids.fresh), strangeText(scene, ids.fresh)),
      expect: json(202, ok),
    },
    {
      name: 'upload that is not UTF-8',
      says: 'Not UTF-8 → 400 [better].',
      better: true,
      ask: put(at(ids.one), Buffer.from([0x23, 0xff, 0xfe, 0x0a])),
      expect: { status: [400] },
    },
    {
      name: 'upload under a hidden id',
      says: 'For writes we accept [A-Za-z0-9_.-]{1,64}, no leading dot, else 400 [better].',
      better: true,
      ask: put(at(ids.odd), strangeText(scene, ids.odd)),
      expect: { status: [400] },
    },
  ];
}

function methods({ ids, place }: Scene): readonly Case[] {
  const path = `/1.0/loadbalancer/${place.amphoraId}/${ids.one}/haproxy`;
  return ['POST', 'DELETE'].map((method) => ({
    name: `${method} of a configuration`,
    says: '405 for a wrong method.',
    ask: ask(method, path),
    expect: framework(405, 'Method Not Allowed'),
  }));
}
