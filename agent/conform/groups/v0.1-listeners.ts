// v0.1: the life of two listeners, which are two haproxies. Source: contract/amphora-v0.1.md "Listeners", "haproxy configuration".

import { get, json, put, remove, type CallCase, type Case, type Group } from '../case';
import type { Scene } from '../scene';
import { exactly, having, lacking, oneOf, textLike, where } from '../shape';
import { broken, singleText, type Frontend } from '../texts';
import { heartbeatOf, heartbeatWithout } from './heartbeat';
import { ok, okWith, someDetails, wholeText } from './words';

export const oldLife: Group = {
  name: 'life cycle',
  dialect: 'v0.1',
  access: 'changes',
  cases: (scene) => [
    ...uploads(scene),
    ...actions(scene),
    ...second(scene),
    ...stopping(scene),
    ...deletion(scene),
  ],
};

const at = (id: string, more = ''): string => `/v0.1/listeners/${id}${more}`;
const act = (id: string, action: string) => put(at(id, `/${action}`));
const upload = ({ place }: Scene, id: string, text: string) =>
  put(`/v0.1/listeners/${place.amphoraId}/${id}/haproxy`, text);
const started = (id: string) =>
  okWith(
    where(`Configuration file is valid\\nhaproxy daemon for ${id} started (pid N)`, (value) =>
      new RegExp(`^Configuration file is valid\nhaproxy daemon for ${id} started \\(pid \\d+\\)$`, 'i').test(
        String(value),
      ),
    ),
  );
const startWords =
  'Start details: "Configuration file is valid\\nhaproxy daemon for <uuid> started (pid N)"; reload of a listener that is not running starts it.';

/** In v0.1 the listener's UUID names the load balancer: frontends have it too, as heartbeats tell of them by name. */
function frontendOf({ frontends, ids }: Scene, which: 'one' | 'two'): Frontend {
  return { ...frontends[which === 'one' ? 'http' : 'tcp'], listener: ids[which] };
}

function uploads(scene: Scene): readonly Case[] {
  const { ids } = scene;
  const text = singleText(frontendOf(scene, 'one'));
  const any = 'Body: the complete configuration, any content type; 201 OK.';
  const back: Omit<CallCase, 'name'> = {
    says: 'GET haproxy → 200 text/plain, the raw file.',
    ask: get(at(ids.one, '/haproxy')),
    expect: {
      status: [200],
      text: wholeText(text),
      headers: { 'content-type': textLike(/^text\/plain/) },
    },
  };
  const stopped = { status: 'STOPPED', uuid: ids.one, type: 'HTTP' };
  return [
    { name: 'upload', says: any, ask: upload(scene, ids.one, text), expect: json(201, ok) },
    {
      name: 'upload as JSON',
      says: '415 never for configuration uploads: clients send them with any or no content type.',
      ask: { ...upload(scene, ids.one, text), headers: { 'Content-Type': 'application/json' } },
      expect: json(201, ok),
    },
    { name: 'read back', ...back },
    {
      name: 'upload that haproxy refuses',
      says: '400 {"message":"Invalid request","details":<haproxy’s own output>}.',
      ask: upload(scene, ids.one, broken(text)),
      expect: json(400, someDetails('Invalid request')),
    },
    { name: 'a refused upload leaves what was there', ...back },
    {
      name: 'upload under no UUID',
      says: 'Anything else → 400 {"message":"Invalid request","details":"…"}.',
      ask: upload(scene, ids.odd, text),
      expect: json(400, someDetails('Invalid request')),
    },
    {
      name: 'it is STOPPED until it runs',
      says: 'STOPPED (not meant to run); upload alone never touches the running process.',
      ask: get('/v0.1/listeners'),
      expect: json(200, having(exactly(stopped))),
    },
  ];
}

function actions(scene: Scene): readonly Case[] {
  const { ids } = scene;
  const { pool, member } = scene.frontends.http;
  const up = oneOf('UP', 'DOWN', 'DEGRADED');
  return [
    {
      name: 'unknown action',
      says: '400 {"message":"Invalid Request","details":"Unknown action: X"}.',
      ask: act(ids.one, 'jump'),
      expect: json(400, exactly({ message: 'Invalid Request', details: 'Unknown action: jump' })),
    },
    ...['start', 'stop', 'reload'].map((action) => ({
      name: `${action} of nobody`,
      says: '404: {"message":"Listener Not Found",…}.',
      ask: act(ids.nobody, action),
      expect: json(404, someDetails('Listener Not Found')),
    })),
    { name: 'start', says: startWords, ask: act(ids.one, 'start'), expect: json(202, started(ids.one)) },
    {
      name: 'it is ACTIVE',
      says: 'ACTIVE (its haproxy answers).',
      ask: get('/v0.1/listeners'),
      expect: json(200, having(exactly({ status: 'ACTIVE', uuid: ids.one, type: 'HTTP' }))),
    },
    {
      name: 'its pool and member',
      says: 'pools: array of {uuid, status: UP|DOWN|DEGRADED, members: [{<member uuid>: UP|DOWN}]}.',
      ask: get(at(ids.one)),
      expect: json(200, {
        status: 'ACTIVE',
        uuid: ids.one,
        type: 'HTTP',
        pools: having({ uuid: pool, status: up, members: having({ [member]: oneOf('UP', 'DOWN') }) }),
      }),
    },
    {
      name: 'details name it',
      says: 'haproxy_count (running process groups); listeners (UUID array).',
      ask: get('/v0.1/details'),
      expect: json(200, {
        haproxy_count: where('1 or more', (value) => typeof value === 'number' && value >= 1),
        listeners: having(ids.one),
      }),
    },
    ...heartbeatOf([frontendOf(scene, 'one')], (frontend) => frontend.pool),
    {
      name: 'reload',
      says: 'Success details: Listener <uuid> reloaded.',
      ask: act(ids.one, 'reload'),
      expect: json(202, okWith(`Listener ${ids.one} reloaded`)),
    },
  ];
}

function second(scene: Scene): readonly Case[] {
  const { ids } = scene;
  const own = frontendOf(scene, 'two');
  const others = { ...own, port: frontendOf(scene, 'one').port };
  return [
    {
      name: 'a second one on the same port',
      says: 'Uploads are not refused: ports move from one to the other in two steps.',
      ask: upload(scene, ids.two, singleText(others)),
      expect: json(201, ok),
    },
    {
      name: 'start on a port that the first one has',
      says: 'start/reload refused by the listener registry: 500 "Error starting haproxy" naming the other listener.',
      ask: act(ids.two, 'start'),
      expect: json(500, {
        message: 'Error starting haproxy',
        details: where(`text with ${ids.one}`, (value) => String(value).includes(ids.one)),
      }),
    },
    {
      name: 'the second one on a port of its own',
      says: '201 OK.',
      ask: upload(scene, ids.two, singleText(own)),
      expect: json(201, ok),
    },
    {
      name: 'reload of what does not run',
      says: startWords,
      ask: act(ids.two, 'reload'),
      expect: json(202, started(ids.two)),
    },
    {
      name: 'both are ACTIVE',
      says: 'One haproxy process group per listener.',
      ask: get('/v0.1/listeners'),
      expect: json(
        200,
        having({ status: 'ACTIVE', uuid: ids.one }, { status: 'ACTIVE', uuid: ids.two, type: 'TCP' }),
      ),
    },
  ];
}

function stopping({ ids }: Scene): readonly Case[] {
  const stopped = json(202, okWith(`Listener ${ids.one} stopped`));
  return [
    {
      name: 'stop',
      says: 'Success details: Listener <uuid> stopped.',
      ask: act(ids.one, 'stop'),
      expect: stopped,
    },
    {
      name: 'stop again',
      says: 'Stopping what is already stopped is 202.',
      ask: act(ids.one, 'stop'),
      expect: json(202, { message: 'OK' }),
    },
    {
      name: 'it is STOPPED',
      says: 'STOPPED (not meant to run).',
      ask: get(at(ids.one)),
      expect: json(200, { status: 'STOPPED', uuid: ids.one }),
    },
  ];
}

function deletion(scene: Scene): readonly Case[] {
  const { ids } = scene;
  const missing = (id: string) =>
    json(404, exactly({ message: 'Listener Not Found', details: `No listener with UUID: ${id}` }));
  return [
    ...(['one', 'two'] as const).map((which) => ({
      name: `delete ${which === 'one' ? 'what is stopped' : 'what runs'}`,
      says: 'DELETE → 200 OK; delete stops the process.',
      ask: remove(at(ids[which])),
      expect: json(200, ok),
    })),
    { name: 'delete again', says: '404.', ask: remove(at(ids.one)), expect: missing(ids.one) },
    ...['', '/haproxy'].map((more) => ({
      name: `GET of what is deleted${more}`,
      says: 'Nothing of the listener is left on the machine.',
      ask: get(at(ids.one, more)),
      expect: missing(ids.one),
    })),
    {
      name: 'listeners of what is deleted',
      says: 'Nothing of the listener is left on the machine.',
      ask: get('/v0.1/listeners'),
      expect: json(200, lacking(ids.one, ids.two)),
    },
    ...heartbeatWithout([frontendOf(scene, 'one'), frontendOf(scene, 'two')]),
  ];
}
