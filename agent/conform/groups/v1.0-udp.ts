// 1.0: UDP listeners. Running one needs ip_vs in the amphora's kernel. Source: contract/octavia-1.0.md "UDP and SCTP listeners".

import { get, json, put, remove, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { exactly, textLike } from '../shape';
import { udpText } from '../texts';
import { entry } from './v1.0-amphora';
import { etagOf, ok, okWith, someDetails, wholeText } from './words';

export const udp: Group = {
  name: 'UDP listeners',
  dialect: '1.0',
  access: 'changes',
  cases: (scene) => [...configuration(scene), ...running(scene), ...removal(scene)],
};

const noKeepalived = (body: string): string | undefined =>
  /keepalived.*(not found|ENOENT|no such file|not installed)/is.test(body)
    ? 'there is no keepalived on this amphora'
    : undefined;

const noIpvs = (body: string): string | undefined =>
  /ip_?vs/i.test(body) ? 'there is no ip_vs in this amphora’s kernel' : noKeepalived(body);

function configuration({ ids, place, frontends }: Scene): readonly Case[] {
  const at = (id: string): string => `/1.0/listeners/${place.amphoraId}/${id}/udp_listener`;
  const text = udpText(ids.udp, place.namespace, frontends.http.port);
  return [
    {
      name: 'upload',
      says: 'PUT udp_listener → 200 OK, ETag.',
      ask: put(at(ids.udp), text),
      expect: json(200, ok, etagOf(text)),
      excuse: noKeepalived,
    },
    {
      name: 'read back',
      says: 'GET udp_listener → 200 text/plain.',
      ask: get(`/1.0/listeners/${ids.udp}/udp_listener`),
      expect: {
        status: [200],
        text: wholeText(text),
        headers: { 'content-type': textLike(/^text\/plain/) },
      },
    },
    {
      name: 'it is OFFLINE until it runs',
      says: 'GET /1.0/listeners: OFFLINE for a UDP listener that does not run.',
      ask: get('/1.0/listeners'),
      expect: json(200, entry('OFFLINE', ids.udp, 'UDP')),
    },
    {
      name: 'upload of nonsense',
      says: 'PUT udp_listener → 400 [better].',
      better: true,
      ask: put(at(ids.nonsense), 'nonsense {'),
      expect: { status: [400] },
    },
  ];
}

function running({ ids }: Scene): readonly Case[] {
  const act = (action: string) => put(`/1.0/loadbalancer/${ids.udp}/${action}`);
  return [
    {
      name: 'start',
      says: 'start/stop/reload through /loadbalancer/{id}/{action}; needs kernel ip_vs; without it, start answers 500 saying so.',
      ask: act('start'),
      expect: json(202, { message: 'OK' }),
      excuse: noIpvs,
    },
    {
      name: 'stop',
      says: 'Stop of UDP: "keepalivedlvs listener <id> stoped".',
      ask: act('stop'),
      expect: json(202, okWith(`keepalivedlvs listener ${ids.udp} stoped`)),
    },
  ];
}

function removal({ ids }: Scene): readonly Case[] {
  return [
    {
      name: 'delete',
      says: 'DELETE /1.0/listeners/{id} (a load balancer or UDP listener) → 200 {"message":"OK"}.',
      ask: remove(`/1.0/listeners/${ids.udp}`),
      expect: json(200, ok),
    },
    {
      name: 'read what is deleted',
      says: '404 {"message":"UDP Listener Not Found","details":"No UDP listener with UUID: X"}.',
      ask: get(`/1.0/listeners/${ids.udp}/udp_listener`),
      expect: json(404, exactly({ message: 'UDP Listener Not Found', details: textLike() })),
    },
    {
      name: 'start of what is deleted',
      says: '404 {"message":"Loadbalancer Not Found",…}.',
      ask: put(`/1.0/loadbalancer/${ids.udp}/start`),
      expect: json(404, someDetails('Loadbalancer Not Found')),
    },
  ];
}
