// What a reload keeps, on a real haproxy: what operators set, the sessions of old workers, and a true answer for
// everybody who asks at once.

import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeHost } from '../../agent/boot/wire-host';
import { createOldWorkerControl } from '../../agent/haproxy/old-workers';
import { haproxyPaths } from '../../agent/haproxy/paths';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { parseListenerUuid } from '../../agent/model/ids';
import { eventually } from '../fakes/eventually';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-eeeeeeeeeeee`;
const sockets = createNodeUnixSockets();
let amphora: TestAgent;
let one: Backend;
let two: Backend;
let three: Backend;

const put = (client: Client, path: string, body = '') => client.put(`/v0.1/listeners/${path}`, body);
const upload = (listener: string, text: string, client = amphora.client, amphoraName = amphoraId) =>
  put(client, `${amphoraName}/${listener}/haproxy`, text);
const action = (listener: string, verb: string, client = amphora.client) =>
  put(client, `${listener}/${verb}`);

/** What haproxy's own socket answers; `@1` is the present worker. */
const tell = (listener: string, command: string, basePath = amphora.basePath): Promise<string> =>
  sockets.request(join(basePath, listener, 'master.sock'), command, { timeoutMs: 5_000 });
const reloadsOf = async (listener: string): Promise<number> =>
  Number(/\smaster\s+(\d+)/.exec(await tell(listener, 'show proc'))?.[1]);

/** Admin state and weight of each server, as haproxy has them. */
async function states(
  listener: string,
  basePath = amphora.basePath,
): Promise<Readonly<Record<string, string>>> {
  const rows = (await tell(listener, '@1 show servers state', basePath)).trim().split('\n').slice(2);
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split(' ');
      return [cells[3] ?? '', `${cells[6]} ${cells[7]}`];
    }),
  );
}

async function serving(listener: string, text: (port: number) => string): Promise<number> {
  const port = await freePort();
  expect((await upload(listener, text(port))).status).toBe(201);
  expect((await action(listener, 'start')).status).toBe(202);
  return port;
}

beforeAll(async () => {
  [amphora, one, two, three] = await Promise.all([
    // Some of its changes need no reload.
    startTestAgent({ amphorad: 'max_old_workers = 1\napply = reload' }),
    startBackend('one'),
    startBackend('two'),
    startBackend('three'),
  ]);
});
afterAll(async () => {
  await amphora.stop();
  await Promise.all([one, two, three].map((backend) => backend.close()));
  await endLeftovers();
});

describe('what an operator has set', () => {
  const text = (port: number, extra = '') => listenerConfig({ port, backends: [one, two, three], extra });

  it('stays through reloads that change a bind, a certificate and another member; the drained one gets no request', async () => {
    const certificates = join(amphora.basePath, 'certs', id(1));
    const pem = join(certificates, 'a.pem');
    const tls = await freePort();
    const withTls = (port: number, extra = '') =>
      text(port, extra).replace(
        'default_backend',
        `bind 127.0.0.1:${tls} ssl crt ${pem}\n    default_backend`,
      );
    const port = await freePort();
    expect(
      (await put(amphora.client, `${id(1)}/certificates/a.pem`, amphora.pki.server.bundlePem)).status,
    ).toBe(201);
    await upload(id(1), withTls(port));
    expect((await action(id(1), 'start')).status).toBe(202);
    await tell(id(1), '@1 set server pool-1/one state drain');
    await tell(id(1), '@1 set server pool-1/two weight 7');
    const wanted = { one: '8 1', two: '0 7', three: '0 1' };

    const elsewhere = await freePort();
    await upload(id(1), withTls(elsewhere));
    expect((await action(id(1), 'reload')).status).toBe(202);
    expect(await states(id(1))).toEqual(wanted);

    const other = await startBackend('other');
    await upload(
      id(1),
      withTls(elsewhere).replace(`three 127.0.0.1:${three.port}`, `three 127.0.0.1:${other.port}`),
    );
    expect((await action(id(1), 'reload')).status).toBe(202);
    expect(await states(id(1))).toEqual(wanted);

    writeFileSync(pem, `${amphora.pki.server.bundlePem}\n`);
    expect((await action(id(1), 'reload')).status).toBe(202);
    expect(await reloadsOf(id(1))).toBe(3);
    expect(await states(id(1))).toEqual(wanted);
    const served = await Promise.all(Array.from({ length: 30 }, () => fetchText(elsewhere)));
    expect(served).not.toContain('one');
    await other.close();
  });

  it('maintenance stays, and a member that the configuration disables stays ready', async () => {
    const disabled = (port: number, extra = '') =>
      text(port, extra).replace(/(server three .*)/, '$1 disabled');
    const port = await serving(id(2), disabled);
    await tell(id(2), '@1 set server pool-1/one state maint');
    await tell(id(2), '@1 set server pool-1/three state ready');
    await upload(id(2), disabled(port, '    timeout tunnel 9s'));
    expect((await action(id(2), 'reload')).status).toBe(202);
    expect(await states(id(2))).toEqual({ one: '1 1', two: '0 1', three: '4 1' });
  });

  it('is not carried to the member whose address has changed', async () => {
    const port = await serving(id(3), text);
    await tell(id(3), '@1 set server pool-1/one state drain');
    await tell(id(3), '@1 set server pool-1/two state drain');
    await upload(id(3), text(port).replace(`one 127.0.0.1:${one.port}`, `one 127.0.0.1:${three.port}`));
    expect((await action(id(3), 'reload')).status).toBe(202);
    expect(await states(id(3))).toEqual({ one: '0 1', two: '8 1', three: '0 1' });
  });

  it('stays in the old worker through a reload that fails', async () => {
    const port = await serving(id(4), text);
    await tell(id(4), '@1 set server pool-1/one state drain');
    const bad = `bind unix@${join(amphora.basePath, id(4), 'sockets/of-nobody/x.sock')}\n    default_backend`;
    await upload(id(4), text(port).replace('default_backend', bad));
    expect((await action(id(4), 'reload')).status).toBe(500);
    expect(await states(id(4))).toEqual({ one: '8 1', two: '0 1', three: '0 1' });
  });

  it('comes back when the agent is killed with -9 in the middle of reloads', async () => {
    const directory = temporaryDirectory();
    const { main, local } = writeAgentFiles(directory, amphora.pki);
    const argv = ['serve', '--config-file', main, '--local-config', local, '--ready-json', '--stop-children'];
    const basePath = join(directory, 'lib');
    let daemon: Daemon = await startDaemon(argv);
    const clientOf = () =>
      createClient({
        port: daemon.ready.port,
        ca: amphora.pki.ca.certificatePem,
        identity: amphora.pki.client,
      });
    let client = clientOf();
    const port = await freePort();
    await upload(id(5), text(port), client);
    expect((await action(id(5), 'start', client)).status).toBe(202);
    await tell(id(5), '@1 set server pool-1/one state drain', basePath);
    await tell(id(5), '@1 set server pool-1/two weight 7', basePath);
    for (let round = 1; round <= 6; round += 1) {
      await upload(id(5), text(port, `    timeout tunnel ${round}s`), client);
      const reloads = /\smaster\s+(\d+)/.exec(await tell(id(5), 'show proc', basePath))?.[1];
      const answer = action(id(5), 'reload', client).catch(() => undefined);
      // Before, about and after the signal; the master does not answer while it starts itself anew.
      if (round % 3 > 0) {
        await eventually(async () => {
          const now = await tell(id(5), 'show proc', basePath).catch(() => '');
          const isSignalled = /\smaster\s+(\d+)/.exec(now)?.[1] !== reloads;
          if (!isSignalled) throw new Error('not yet');
        });
      }
      await daemon.end('SIGKILL');
      await answer;
      client.close();
      daemon = await startDaemon(argv);
      client = clientOf();
      await eventually(async () => {
        expect(await states(id(5), basePath)).toEqual({ one: '8 1', two: '0 7', three: '0 1' });
      });
    }
    await client.delete(`/v0.1/listeners/${id(5)}`);
    client.close();
    await daemon.end();
  });
});

describe('50 reload calls at once', () => {
  const fifty = (listener: string) =>
    Promise.all(Array.from({ length: 50 }, () => action(listener, 'reload')));

  it('cost at most three reloads, and everybody is told that it is done', async () => {
    const text = (port: number, extra = '') => listenerConfig({ port, backends: [one], extra });
    const port = await serving(id(6), text);
    await upload(id(6), listenerConfig({ port, backends: [two] }));
    const answers = await fifty(id(6));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(await reloadsOf(id(6))).toBeGreaterThanOrEqual(1);
    expect(await reloadsOf(id(6))).toBeLessThanOrEqual(3);
    expect(await fetchText(port)).toBe('two');
  });

  it('around one that fails: who asked for that one is told so, who asks after the repair is told that it is done', async () => {
    const port = await serving(id(7), (at) => listenerConfig({ port: at, backends: [one] }));
    const bad = `bind unix@${join(amphora.basePath, id(7), 'sockets/of-nobody/x.sock')}\n    default_backend`;
    await upload(id(7), listenerConfig({ port, backends: [one] }).replace('default_backend', bad));
    const begun = action(id(7), 'reload');
    await eventually(() =>
      expect(readFileSync(join(amphora.basePath, id(7), 'live.cfg'), 'utf8')).toContain('of-nobody'),
    );
    const repaired = upload(id(7), listenerConfig({ port, backends: [two] }));
    const meanwhile = Promise.all(Array.from({ length: 24 }, () => action(id(7), 'reload')));
    expect((await repaired).status).toBe(201);
    const after = Promise.all(Array.from({ length: 25 }, () => action(id(7), 'reload')));
    expect((await after).map(({ status }) => status)).toEqual(Array(25).fill(202));
    const early = [await begun, ...(await meanwhile)];
    expect(early[0]).toMatchObject({ status: 500, text: expect.stringContaining('cannot bind UNIX socket') });
    for (const { status, text } of early) {
      if (status !== 202)
        expect([status, text]).toEqual([500, expect.stringContaining('cannot bind UNIX socket')]);
    }
    expect(await reloadsOf(id(7))).toBeLessThanOrEqual(3);
    expect(await fetchText(port)).toBe('two');
  });
});

describe('old workers', () => {
  const host = createNodeHost(process.env);
  const control = createOldWorkerControl(host);

  it('are shown with their sessions, which go on above the allowed number, and are gone when these end', async () => {
    const text = (port: number, extra = '') => listenerConfig({ port, backends: [one], mode: 'tcp', extra });
    const port = await serving(id(8), text);
    const { basePath } = amphora;
    const paths = haproxyPaths(
      { basePath, certDir: join(basePath, 'certs'), runtimeDir: basePath },
      parseListenerUuid(id(8)),
    );
    const held: Agent[] = [];
    for (const round of [1, 2]) {
      const kept = new Agent({ keepAlive: true, maxSockets: 1 });
      held.push(kept);
      expect(await fetchText(port, kept)).toBe('one');
      await upload(id(8), text(port, `    timeout tunnel ${round}m`));
      expect((await action(id(8), 'reload')).status).toBe(202);
    }
    const old = (await control.list(paths)) ?? [];
    expect(old).toMatchObject([
      { sessions: 1, isIdle: false },
      { sessions: 1, isIdle: false },
    ]);
    const master = Number(/^(\d+)\s+master/m.exec(await tell(id(8), 'show proc'))?.[1]);
    expect(await Promise.all(old.map(({ pid }) => control.end(paths, master, pid)))).toEqual([false, false]);
    expect(await Promise.all(held.map((kept) => fetchText(port, kept)))).toEqual(['one', 'one']);
    for (const kept of held) kept.destroy();
    await eventually(async () => expect(await control.list(paths)).toEqual([]));
  });
});
