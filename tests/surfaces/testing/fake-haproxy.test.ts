// The same agent over the real haproxy and over the fake one: what a controller sees must be the same. And what only the
// fake can do: fail by script, from inside and over HTTP.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startAmphora, startAmphorae } from '../../../agent/testing';
import type { Amphora, AmphoraOptions } from '../../../agent/testing';
import { eventually } from '../../fakes/eventually';
import { freePort, listenerConfig, startBackend, type Backend } from '../kit/traffic';

const lb = 'f3f4a3a6-55ab-4a8a-a6c0-3f0a9a6f21b5';
const running: Amphora[] = [];
let backend: Backend;

beforeEach(async () => {
  backend = await startBackend('one');
});

afterEach(async () => {
  await backend.close();
  await Promise.all(running.splice(0).map((amphora) => amphora.stop()));
});

async function start(options: AmphoraOptions = {}): Promise<Amphora> {
  const amphora = await startAmphora({ heartbeatIntervalMs: 100, ...options });
  running.push(amphora);
  return amphora;
}

async function serving(amphora: Amphora, extra = ''): Promise<ReturnType<Amphora['client']['loadBalancer']>> {
  const loadBalancer = amphora.client.loadBalancer(lb);
  await loadBalancer.upload(listenerConfig({ port: await freePort(), backends: [backend], extra }));
  await loadBalancer.start();
  return loadBalancer;
}

const servers = `/api/v1/haproxy/${lb}/backends/pool-1/servers`;

const sessionsOf = async ({ client }: Amphora): Promise<unknown> => {
  const { data } = (await client.request('GET', `${servers}/one`)).json() as {
    readonly data: { readonly server: Readonly<Record<string, unknown>> };
  };
  return data.server['sessions'];
};

/** Opens connections to a listener which say nothing. */
async function openTwo(port: number): Promise<readonly Socket[]> {
  const sockets = [1, 2].map(() => connect({ host: '127.0.0.1', port }));
  for (const socket of sockets) socket.on('error', () => undefined);
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

const statusOf = async ({ client }: Amphora): Promise<string | undefined> =>
  (await client.listeners())[0]?.status;
const put = (amphora: Amphora, id: string, body: object) =>
  amphora.client.request('PUT', `/fake-haproxy/${id}`, { body: JSON.stringify(body) });

describe.each([false, true])('an amphora with a fake haproxy: %s', (fakeHaproxy) => {
  it('takes, starts, reloads, stops and deletes a load balancer', async () => {
    const amphora = await start({ fakeHaproxy });
    const loadBalancer = await serving(amphora);
    expect(await amphora.client.listeners()).toEqual([{ status: 'ACTIVE', uuid: 'front', type: 'HTTP' }]);
    await loadBalancer.upload(
      listenerConfig({ port: await freePort(), backends: [backend], extra: '# again' }),
    );
    await loadBalancer.reload();
    expect(await statusOf(amphora)).toBe('ACTIVE');
    await loadBalancer.stop();
    expect(await statusOf(amphora)).not.toBe('ACTIVE');
    await loadBalancer.remove();
    expect(await amphora.client.listeners()).toEqual([]);
  });

  it('refuses a configuration that haproxy cannot read, naming file, line and word', async () => {
    const amphora = await start({ fakeHaproxy, config: { amphorad: { config_policy: 'permissive' } } });
    const wrong = 'frontend front\n    bnd :1\n    bind 127.0.0.1:1\n';
    const answer = await amphora.client.request(
      'PUT',
      `/1.0/loadbalancer/${amphora.amphoraId}/${lb}/haproxy`,
      {
        body: wrong,
      },
    );
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/parsing \[.*:2\] : unknown keyword 'bnd' in 'frontend' section/);
    expect(answer.text).toContain('Fatal errors found in configuration.');
  });

  it('is driven over the runtime API', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    const servers = `/api/v1/haproxy/${lb}/backends/pool-1/servers`;
    const drained = await amphora.client.request('POST', `${servers}/one/action`, {
      body: JSON.stringify({ action: 'drain' }),
    });
    expect(drained.status).toBe(200);
    const listed = await amphora.client.request('GET', servers);
    expect(listed.status).toBe(200);
    expect(JSON.parse(listed.text)).toMatchObject({
      data: { servers: [{ name: 'one', admin_state: 'drain' }] },
    });
  });

  it('tells of listeners, pools and members in heartbeats', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    const heard = await amphora.heartbeats.next(({ pools }) => pools['pool-1']?.members['one'] === 'UP');
    expect(heard).toMatchObject({
      listeners: { front: { status: 'OPEN', stats: { conns: 0, totconns: 0, ereq: 0 } } },
      pools: { 'pool-1': { status: 'UP', members: { one: 'UP' } } },
    });
  });

  it('tells of its load balancers in details and stats', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    expect(await amphora.client.details()).toMatchObject({
      haproxy_count: 1,
      haproxy_version: expect.stringMatching(/^2\.6/) as unknown,
    });
  });

  it('adds a server at run time, shows it, and removes it again', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    const { client } = amphora;
    const named = async () => (await client.request('GET', servers)).text;
    const wanted = JSON.stringify({ name: 'two', address: '127.0.0.1', port: backend.port });
    expect((await client.request('POST', servers, { body: wanted })).status).toBe(201);
    expect((await client.request('POST', servers, { body: wanted })).status).toBe(409);
    expect((await client.request('GET', `${servers}/two`)).status).toBe(200);
    expect(await named()).toContain('"two"');
    expect((await client.request('DELETE', `${servers}/two`)).status).toBe(200);
    expect((await client.request('GET', `${servers}/two`)).status).toBe(404);
    expect(await named()).not.toContain('"two"');
  });

  it('cuts the sessions of a server that is drained by force', async () => {
    const amphora = await start({ fakeHaproxy });
    const loadBalancer = amphora.client.loadBalancer(lb);
    const port = await freePort();
    await loadBalancer.upload(listenerConfig({ port, backends: [backend], mode: 'tcp' }));
    await loadBalancer.start();
    const sockets = fakeHaproxy ? [] : await openTwo(port);
    if (fakeHaproxy) amphora.haproxy(lb).setServer('pool-1/one', { sessions: 2 });
    await eventually(async () => expect(await sessionsOf(amphora)).toBe(2));
    const drain = JSON.stringify({ action: 'drain', wait: true, timeout: 0.1, force: true });
    const done = await amphora.client.request('POST', `${servers}/one/action?sync=1`, { body: drain });
    expect(done.status).toBe(200);
    expect(done.json()).toMatchObject({ data: { state: 'completed', forced: true, sessions_cut: 2 } });
    expect(await sessionsOf(amphora)).toBe(0);
    for (const socket of sockets) socket.destroy();
  });

  it('tells the statistics of its listeners, pools and members', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    const told = await amphora.client.request('GET', `/api/v1/haproxy/${lb}/stats`);
    expect(told.status).toBe(200);
    const { stats } = (told.json() as { data: { stats: readonly Readonly<Record<string, unknown>>[] } }).data;
    expect(stats.map(({ pxname, svname, status }) => [pxname, svname, status])).toEqual([
      ['front', 'FRONTEND', 'OPEN'],
      ['pool-1', 'one', 'UP'],
      ['pool-1', 'BACKEND', 'UP'],
    ]);
  });

  it('keeps it running while the agent is killed, and adopts it', async () => {
    const amphora = await start({ fakeHaproxy });
    await serving(amphora);
    await amphora.kill();
    await amphora.restart();
    expect(await statusOf(amphora)).toBe('ACTIVE');
    const restored = amphora.log.entries
      .filter(({ message }) => message === 'load balancers restored')
      .at(-1);
    expect(restored?.fields).toMatchObject({ adopted: 1, started: 0 });
  });
});

describe('a fake haproxy', () => {
  it('that hangs is told of by the runtime API as the real one is', async () => {
    const amphora = await start({ fakeHaproxy: true, config: { runtime_api: { timeout: '0.2' } } });
    await serving(amphora);
    amphora.haproxy(lb).fail({ kind: 'hangs' });
    const { status, text } = await amphora.client.request('GET', `/api/v1/haproxy/${lb}/backends`);
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ code: 'timeout' });
  });

  it('refuses the next configuration in the words that were scripted, and takes the one after', async () => {
    const amphora = await start({ fakeHaproxy: true });
    const loadBalancer = await serving(amphora);
    amphora.haproxy(lb).fail({ kind: 'check-fails', printed: '[ALERT] moon in the wrong house' });
    const text = listenerConfig({ port: await freePort(), backends: [backend] });
    await expect(loadBalancer.upload(text)).rejects.toThrow('moon in the wrong house');
    await loadBalancer.upload(text);
  });

  it('dies at its start, with what it printed, until it is healed', async () => {
    const amphora = await start({ fakeHaproxy: true });
    amphora.haproxy(lb).fail({ kind: 'dies-on-start', printed: 'no memory left' }, 'always');
    await expect(serving(amphora)).rejects.toThrow('no memory left');
    amphora.haproxy(lb).heal();
    await amphora.client.loadBalancer(lb).start();
    expect(await statusOf(amphora)).toBe('ACTIVE');
  });

  it('is brought back by the watcher when it dies', async () => {
    const amphora = await start({ fakeHaproxy: true });
    await serving(amphora);
    const before = amphora.haproxy(lb).state()?.masterPid;
    await amphora.haproxy(lb).die('killed by script');
    await eventually(() => {
      const now = amphora.haproxy(lb).state()?.masterPid;
      expect(now).toBeDefined();
      expect(now).not.toBe(before);
    });
    await eventually(async () => expect(await statusOf(amphora)).toBe('ACTIVE'));
  });

  it('goes on with the old worker when a reload fails, and takes its time when that is scripted', async () => {
    const amphora = await start({ fakeHaproxy: true });
    const loadBalancer = await serving(amphora);
    const fake = amphora.haproxy(lb);
    const before = fake.state()?.workerPid;
    fake.fail({ kind: 'reload-fails', printed: 'cannot bind socket' });
    await loadBalancer.upload(listenerConfig({ port: await freePort(), backends: [backend], extra: '# 2' }));
    await expect(loadBalancer.reload()).rejects.toThrow('cannot bind socket');
    expect(fake.state()?.workerPid).toBe(before);
    fake.fail({ kind: 'reload-is-slow', ms: 300 });
    await loadBalancer.reload();
    expect(fake.state()?.workerPid).not.toBe(before);
  });

  it('hangs: it says nothing, neither to heartbeats nor to who asks, until it is healed', async () => {
    const amphora = await start({ fakeHaproxy: true, config: { runtime_api: { timeout: 1 } } });
    await serving(amphora);
    await amphora.heartbeats.next(({ listeners }) => 'front' in listeners);
    amphora.haproxy(lb).fail({ kind: 'hangs' });
    expect(amphora.haproxy(lb).state()?.hangs).toBe(true);
    await amphora.heartbeats.next(({ listeners }) => !('front' in listeners));
    const asked = await amphora.client.request('GET', servers);
    expect([asked.status, (asked.json() as { code: string }).code]).toEqual([503, 'timeout']);
    amphora.haproxy(lb).heal();
    await amphora.heartbeats.next(({ listeners }) => 'front' in listeners, { timeoutMs: 20_000 });
    expect((await amphora.client.request('GET', servers)).status).toBe(200);
  });

  it('has members and counters as a script says, and heartbeats tell them', async () => {
    const amphora = await start({ fakeHaproxy: true });
    await serving(amphora);
    amphora.haproxy(lb).setServer('pool-1/one', { status: 'DOWN' });
    const down = await amphora.heartbeats.next(({ pools }) => pools['pool-1']?.members['one'] === 'DOWN');
    expect(down.pools['pool-1']?.status).toBe('DOWN');
    amphora.haproxy(lb).count({ connections: 7, bytesIn: 70, bytesOut: 700, current: 2 });
    const told = await amphora.heartbeats.next(
      ({ listeners }) => (listeners['front']?.stats?.totconns ?? 0) > 0,
    );
    expect(told.listeners['front']?.stats).toMatchObject({ totconns: 7, rx: 70, tx: 700, conns: 2 });
  });

  it('keeps a replaced worker for its clients, until they are let go', async () => {
    const amphora = await start({ fakeHaproxy: true });
    const loadBalancer = await serving(amphora);
    const fake = amphora.haproxy(lb);
    fake.count({ current: 1 });
    await loadBalancer.upload(listenerConfig({ port: await freePort(), backends: [backend], extra: '# 2' }));
    await loadBalancer.reload();
    expect(fake.state()?.oldWorkers).toHaveLength(1);
    fake.endOldWorkers();
    await eventually(() => expect(fake.state()?.oldWorkers).toEqual([]));
  });

  it('is not to be steered where haproxy is real', async () => {
    const amphora = await start();
    expect(() => amphora.haproxy(lb)).toThrow('fakeHaproxy: true');
    expect((await amphora.client.request('GET', '/fake-haproxy')).status).toBe(404);
  });
});

describe.each(['same', 'child'] as const)('GET and PUT /fake-haproxy/{id}, process: %s', (process) => {
  it('scripts failures, members and counters from outside', async () => {
    const amphora = await start({ fakeHaproxy: true, process });
    const loadBalancer = await serving(amphora);
    const looked = await amphora.client.request('GET', `/fake-haproxy/${lb}`);
    expect(looked.json()).toMatchObject({ running: true, planned: [], servers: { 'pool-1/one': 'UP' } });
    expect((await amphora.client.request('GET', '/fake-haproxy')).json()).toEqual({ running: [lb] });

    const scripted = await put(amphora, lb, {
      fail: 'reload-fails',
      printed: 'no descriptors',
      servers: { 'pool-1/one': { status: 'DRAIN', weight: 3 } },
      count: { connections: 2, bytes_in: 20 },
    });
    expect(scripted.json()).toMatchObject({
      planned: [{ fail: 'reload-fails', printed: 'no descriptors', how_often: 'next' }],
      servers: { 'pool-1/one': 'DRAIN' },
    });
    await loadBalancer.upload(listenerConfig({ port: await freePort(), backends: [backend], extra: '# 2' }));
    await expect(loadBalancer.reload()).rejects.toThrow('no descriptors');
    expect((await put(amphora, '-', { fail: 'start-is-slow', ms: 10, how_often: 'always' })).status).toBe(
      200,
    );
    expect((await put(amphora, '-', { heal: true })).status).toBe(200);
    expect((await put(amphora, lb, { die: true })).status).toBe(200);
  });

  it.each([
    [{ fail: 'everything' }, 'fail: expected one of check-fails'],
    [{ fial: 'hangs' }, 'fial: expected no such member'],
    [{ servers: { 'pool-1/one': { weight: -1 } } }, 'weight: expected a whole number'],
  ])('refuses %j', async (body, why) => {
    const amphora = await start({ fakeHaproxy: true, process });
    const refused = await put(amphora, lb, body);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(why);
    expect((await put(amphora, 'absent', { die: true })).status).toBe(404);
    expect((await put(amphora, '-', { die: true })).status).toBe(400);
  });
});

describe('startAmphorae', () => {
  it('gives each amphora an id, port and certificate of its own, and hears all of them', async () => {
    await using fleet = await startAmphorae({ count: 5, heartbeatIntervalMs: 200 });
    const { amphorae, healthManager } = fleet;
    expect(new Set(amphorae.map(({ port }) => port)).size).toBe(5);
    expect(new Set(amphorae.map(({ certificates }) => certificates.server.certificatePem)).size).toBe(5);
    const ids = await Promise.all(
      amphorae.map(
        async ({ client }) =>
          ((await client.request('GET', '/1.0/info')).json() as { api_version: string }).api_version,
      ),
    );
    expect(ids).toEqual(Array(5).fill('1.0'));
    await Promise.all(amphorae.map(({ heartbeats }) => heartbeats.next()));
    expect(healthManager.refused).toEqual([]);
  });
});
