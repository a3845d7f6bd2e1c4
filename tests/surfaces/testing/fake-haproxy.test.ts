// The same agent over the real haproxy and over the fake one: what a controller sees must be the same. And what only the
// fake can do: fail by script, from inside and over HTTP.

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

  it('hangs: heartbeats say nothing of its listener any more', async () => {
    const amphora = await start({ fakeHaproxy: true });
    await serving(amphora);
    await amphora.heartbeats.next(({ listeners }) => 'front' in listeners);
    amphora.haproxy(lb).fail({ kind: 'hangs' });
    expect(amphora.haproxy(lb).state()?.hangs).toBe(true);
    amphora.haproxy(lb).heal();
    await amphora.heartbeats.next(({ listeners }) => 'front' in listeners, { timeoutMs: 20_000 });
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
