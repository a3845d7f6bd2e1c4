// 1.0: the life of a load balancer with two listeners, from its upload to its deletion.
// Source: contract/octavia-1.0.md "Endpoints" and "Details of success answers".

import { get, json, put, remove, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { anyNumber, exactly, having, lacking, type Shape } from '../shape';
import { combinedText } from '../texts';
import { heartbeatOf, heartbeatWithout, plainFrontends } from './heartbeat';
import { ok, okWith, someDetails } from './words';

const startWords =
  'Start, and a reload that had to start: "Configuration file is valid\\nhaproxy daemon for <id> started".';
const listed =
  'GET /1.0/listeners → [{"status","uuid","type"}]; listeners of a haproxy group that does not run are left out.';

export const life: Group = {
  name: 'life cycle',
  dialect: '1.0',
  access: 'changes',
  cases: (scene) => [
    ...before(scene),
    ...unknown(scene),
    ...running(scene),
    ...stopping(scene),
    ...deletion(scene),
  ],
};

const act = (id: string, action: string) => put(`/1.0/loadbalancer/${id}/${action}`);

function upload(scene: Scene, connections: number): Case {
  const { ids, place } = scene;
  const frontends = plainFrontends(scene);
  return {
    name: connections === 50 ? 'upload' : 'changed upload',
    says: 'PUT haproxy → 202 {"message":"OK"}.',
    ask: put(
      `/1.0/loadbalancer/${place.amphoraId}/${ids.one}/haproxy`,
      combinedText({ id: ids.one, basePath: place.basePath, frontends, connections }),
    ),
    expect: json(202, ok),
  };
}

function before(scene: Scene): readonly Case[] {
  const { http, tcp } = scene.frontends;
  return [
    upload(scene, 50),
    {
      name: 'listeners before the start',
      says: listed,
      ask: get('/1.0/listeners'),
      expect: json(200, lacking(http.listener, tcp.listener)),
    },
  ];
}

function unknown({ ids }: Scene): readonly Case[] {
  return [
    ...[ids.one, ids.nobody].map((id) => ({
      name: `unknown action${id === ids.nobody ? ' of nobody' : ''}`,
      says: '400 {"message":"Invalid Request","details":"Unknown action: x"} (checked before existence).',
      ask: act(id, 'jump'),
      expect: json(400, exactly({ message: 'Invalid Request', details: 'Unknown action: jump' })),
    })),
    ...['start', 'stop', 'reload'].map((action) => ({
      name: `${action} of nobody`,
      says: '404 {"message":"Loadbalancer Not Found","details":"No loadbalancer with UUID: X"}.',
      ask: act(ids.nobody, action),
      expect: json(404, {
        message: 'Loadbalancer Not Found',
        details: `No loadbalancer with UUID: ${ids.nobody}`,
      }),
    })),
  ];
}

function started(id: string): Shape {
  return okWith(`Configuration file is valid\nhaproxy daemon for ${id} started`);
}

function running(scene: Scene): readonly Case[] {
  const { ids, frontends } = scene;
  const { http, tcp } = frontends;
  const reloaded = json(202, okWith(`Listener ${ids.one} reloaded`));
  return [
    { name: 'start', says: startWords, ask: act(ids.one, 'start'), expect: json(202, started(ids.one)) },
    {
      name: 'start of what runs',
      says: 'Start of what runs: 202.',
      ask: act(ids.one, 'start'),
      expect: json(202, { message: 'OK' }),
    },
    {
      name: 'listeners of what runs',
      says: listed,
      ask: get('/1.0/listeners'),
      expect: json(
        200,
        having(
          exactly({ status: 'ACTIVE', uuid: http.listener, type: 'HTTP' }),
          exactly({ status: 'ACTIVE', uuid: tcp.listener, type: 'TCP' }),
        ),
      ),
    },
    {
      name: 'details of what runs',
      says: 'haproxy_count; listeners [ids].',
      ask: get('/1.0/details'),
      expect: json(200, {
        haproxy_count: anyNumber,
        listeners: having(http.listener, tcp.listener),
        lvs_listener_process_count: anyNumber,
      }),
    },
    ...heartbeatOf(plainFrontends(scene), ({ pool, listener }) => `${pool}:${listener}`),
    ...['reload', 'RELOAD'].map((action) => ({
      name: action === 'reload' ? 'reload' : 'reload in capital letters',
      says: 'PUT {start|stop|reload} (any letter case) → 202 "Listener <id> reloaded".',
      ask: act(ids.one, action),
      expect: reloaded,
    })),
    upload(scene, 60),
    {
      name: 'reload of what changed',
      says: 'PUT reload → 202 "Listener <id> reloaded".',
      ask: act(ids.one, 'reload'),
      expect: reloaded,
    },
  ];
}

function stopping(scene: Scene): readonly Case[] {
  const { ids, frontends } = scene;
  const { http, tcp } = frontends;
  const stopped = json(202, okWith(`Listener ${ids.one} stoped`));
  return [
    {
      name: 'stop',
      says: 'Stop "Listener <id> stoped" (spelling as is).',
      ask: act(ids.one, 'stop'),
      expect: stopped,
    },
    {
      name: 'stop of what is stopped',
      says: 'Stop of what is stopped: 202.',
      ask: act(ids.one, 'stop'),
      expect: json(202, { message: 'OK' }),
    },
    {
      name: 'listeners of what is stopped',
      says: listed,
      ask: get('/1.0/listeners'),
      expect: json(200, lacking(http.listener, tcp.listener)),
    },
    ...heartbeatWithout(plainFrontends(scene)),
    {
      name: 'reload of what is stopped',
      says: startWords,
      ask: act(ids.one, 'reload'),
      expect: json(202, started(ids.one)),
    },
  ];
}

function deletion({ ids, frontends }: Scene): readonly Case[] {
  const { http, tcp } = frontends;
  const gone = json(404, someDetails('Loadbalancer Not Found'));
  const removal = remove(`/1.0/listeners/${ids.one}`);
  return [
    {
      name: 'delete what runs',
      says: 'DELETE /1.0/listeners/{id} → 200 {"message":"OK"}.',
      ask: removal,
      expect: json(200, ok),
    },
    {
      name: 'delete it again',
      says: 'DELETE → 200 {"message":"OK"}, also when unknown.',
      ask: removal,
      expect: json(200, ok),
    },
    {
      name: 'configuration of what is deleted',
      says: '404 {"message":"Loadbalancer Not Found",…}.',
      ask: get(`/1.0/loadbalancer/${ids.one}/haproxy`),
      expect: gone,
    },
    {
      name: 'start of what is deleted',
      says: '404 {"message":"Loadbalancer Not Found",…}.',
      ask: act(ids.one, 'start'),
      expect: gone,
    },
    {
      name: 'listeners of what is deleted',
      says: listed,
      ask: get('/1.0/listeners'),
      expect: json(200, lacking(http.listener, tcp.listener)),
    },
  ];
}
