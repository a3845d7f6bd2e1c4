// The steps of `npm run demo` through the typed client, with real haproxy: what the client's types promise is what the
// agent does. Compiled strictly with everything else (`npm run types`).

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiClient, type ApiClient } from '../../agent/client/api-client';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId, makeServer } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, startLoad, type Backend } from './kit/traffic';

const listener = '6e1a3c52-7a65-4a1c-a5f0-2b8f3fd5c1a7';
const path = { listener };
let amphora: TestAgent;
let api: ApiClient;
let alpha: Backend;
let beta: Backend;
let port: number;

beforeAll(async () => {
  [amphora, alpha, beta] = await Promise.all([startTestAgent(), startBackend('alpha'), startBackend('beta')]);
  port = await freePort();
  api = createApiClient(({ method, path: at, headers, body }) =>
    amphora.client.call(method, at, { headers, ...(body === undefined ? {} : { body }) }),
  );
});
afterAll(async () => {
  await amphora.stop();
  await Promise.all([alpha.close(), beta.close()]);
});

const upload = (backends: readonly Backend[]) =>
  api.putV01ListenerConfig({
    path: { amphora_id: amphoraId, listener },
    body: listenerConfig({ port, backends }),
  });
const act = (action: 'start' | 'reload' | 'stop') => api.putV01ListenerAction({ path: { listener, action } });

async function visits(count: number): Promise<readonly string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index += 1) names.push(await fetchText(port));
  return names;
}

describe('the demo through the typed client', () => {
  it('finds the agent, and puts a listener into service', async () => {
    const info = await api.getInfo();
    expect(info.status === 200 && info.body.uuid).toBe(amphoraId);
    expect((await upload([alpha, beta])).status).toBe(201);
    const started = await act('start');
    expect(started.status === 202 && started.body.details).toContain(
      `haproxy daemon for ${listener} started`,
    );
    expect(new Set(await visits(20))).toEqual(new Set(['alpha', 'beta']));
  });

  it('shows both members UP', async () => {
    await eventually(async () => {
      const found = await api.getV01Listener({ path });
      if (found.status !== 200) throw new Error(found.body.message);
      expect(found.body).toMatchObject({ status: 'ACTIVE', type: 'HTTP' });
      const members = found.body.pools.flatMap((pool) => pool.members);
      expect(members).toEqual([{ alpha: 'UP' }, { beta: 'UP' }]);
    });
  });

  it('stores a certificate and tells its MD5', async () => {
    const { bundlePem } = await makeServer(amphora.pki.ca);
    const file = { listener, name: 'demo.example.pem' };
    expect((await api.putV01ListenerCertificate({ path: file, body: bundlePem })).status).toBe(201);
    const told = await api.getV01ListenerCertificate({ path: file });
    expect(told.status === 200 && told.body.md5sum).toMatch(/^[0-9a-f]{32}$/);
  });

  it('reloads with one member removed while requests run, and none fails', async () => {
    const load = startLoad(port, 4);
    await upload([beta]);
    expect((await act('reload')).status).toBe(202);
    expect(new Set(await visits(20))).toEqual(new Set(['beta']));
    expect((await load.stop()).failures).toEqual([]);
  });

  it('drains the last member at run time, and lists it so', async () => {
    const server = { instance: listener, backend: 'pool-1', server: 'beta' };
    const drained = await api.postRuntimeActionOfInstance({ path: server, body: { action: 'drain' } });
    expect(drained.status).toBe(200);
    const found = await api.listRuntimeServersOfInstance({ path: server });
    if (found.status !== 200) throw new Error('not found');
    expect(found.body.data.servers.map(({ name, admin_state }) => [name, admin_state])).toEqual([
      ['beta', 'drain'],
    ]);
  });

  it('stops and deletes what it made', async () => {
    expect((await act('stop')).status).toBe(202);
    const stopped = await api.getV01Listener({ path });
    expect(stopped.status === 200 && stopped.body.status).toBe('STOPPED');
    expect((await api.deleteV01Listener({ path })).status).toBe(200);
    const gone = await api.getV01Listener({ path });
    expect([gone.status, gone.body]).toMatchObject([404, { message: 'Listener Not Found' }]);
  });
});
