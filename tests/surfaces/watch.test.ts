// What should run, runs: a real haproxy that is killed comes back and serves, one that hangs shows it.

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { pkiFixture as fixture } from '../fixtures/pki/fixture';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-dddddddddddd`;
const longestWaitMs = 25_000;
let backend: Backend;
let quick: TestAgent;
let restarting: TestAgent;

const statusOf = async (client: Client, listener: string): Promise<string | undefined> => {
  const all = (await client.get('/v0.1/listeners')).json() as { uuid: string; status: string }[];
  return all.find(({ uuid }) => uuid === listener)?.status;
};
const becomes = (client: Client, listener: string, status: string): Promise<void> =>
  eventually(async () => expect(await statusOf(client, listener)).toBe(status), longestWaitMs);
const pidOf = async (client: Client, listener: string): Promise<number> => {
  const answer = await client.put(`/v0.1/listeners/${listener}/start`);
  expect([answer.status, answer.text]).toEqual([202, expect.stringContaining('pid')]);
  return Number(/pid (\d+)/.exec(answer.text)?.[1]);
};
const workerOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
const signalled = (pid: number, signal: NodeJS.Signals): void => {
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, signal);
};

async function serving(client: Client, listener: string): Promise<{ port: number; pid: number }> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  const pid = await pidOf(client, listener);
  expect(await statusOf(client, listener)).toBe('ACTIVE');
  return { port, pid };
}

beforeAll(async () => {
  backend = await startBackend('one');
  quick = await startTestAgent({ amphorad: 'hang_timeout = 1 s' });
  restarting = await startTestAgent({ amphorad: 'hang_timeout = 1 s\nrestart_hung = True', pki: quick.pki });
});
afterAll(async () => {
  await Promise.all([quick.stop(), restarting.stop()]);
  await backend.close();
});

describe('kill -9', () => {
  it.each([
    ['of the master', (pid: number) => pid],
    ['of the worker', workerOf],
  ])('%s: ERROR at once, then haproxy is back and serves, under another pid', async (_whom, victim) => {
    const { client } = quick;
    const { port, pid } = await serving(client, id(1));
    signalled(victim(pid), 'SIGKILL');
    await becomes(client, id(1), 'ERROR');
    await becomes(client, id(1), 'ACTIVE');
    expect(await fetchText(port)).toBe('one');
    expect(await pidOf(client, id(1))).not.toBe(pid);
    expect(readFileSync(join(quick.basePath, id(1), 'crash.log'), 'utf8')).toMatch(/^\S+Z died \(.*\)\n/);
    await client.delete(`/v0.1/listeners/${id(1)}`);
    expect(existsSync(join(quick.basePath, id(1)))).toBe(false);
  });

  it('of one of several leaves the others alone', async () => {
    const { client } = quick;
    const [doomed, other] = [await serving(client, id(2)), await serving(client, id(3))];
    signalled(doomed.pid, 'SIGKILL');
    await becomes(client, id(2), 'ERROR');
    expect(await statusOf(client, id(3))).toBe('ACTIVE');
    await becomes(client, id(2), 'ACTIVE');
    expect(await pidOf(client, id(3))).toBe(other.pid);
  });

  it('and a stop: it stays down', async () => {
    const { client } = quick;
    const doomed = await serving(client, id(4));
    const witness = await serving(client, id(5));
    for (const { pid } of [doomed, witness]) signalled(pid, 'SIGKILL');
    await Promise.all([becomes(client, id(4), 'ERROR'), becomes(client, id(5), 'ERROR')]);
    expect((await client.put(`/v0.1/listeners/${id(4)}/stop`)).status).toBe(202);
    await becomes(client, id(5), 'ACTIVE');
    expect(await statusOf(client, id(4))).toBe('STOPPED');
    await expect(fetchText(doomed.port)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a certificate that is gone', () => {
  it('haproxy does not come up again: ERROR with its words in crash.log and the log; ACTIVE by itself once repaired', async () => {
    const { client, basePath, log } = quick;
    const [port, listener, name] = [await freePort(), id(6), 'www.example.com.pem'];
    const path = join(basePath, 'certs', listener, name);
    const pem = fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt');
    const put = () => client.put(`/v0.1/listeners/${listener}/certificates/${name}`, pem);
    expect((await put()).status).toBe(201);
    const text = listenerConfig({ port, backends: [backend] }).replace(
      `:${port}\n`,
      `:${port} ssl crt ${path}\n`,
    );
    await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
    const pid = await pidOf(client, listener);
    rmSync(path);
    signalled(pid, 'SIGKILL');
    const crashLog = join(basePath, listener, 'crash.log');
    await eventually(() => {
      expect(readFileSync(crashLog, 'utf8')).toMatch(/does not come up\n[^]*www\.example\.com\.pem/);
    });
    expect(statSync(crashLog).mode & 0o777).toBe(0o600);
    expect(await statusOf(client, listener)).toBe('ERROR');
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'haproxy does not come up',
        fields: expect.objectContaining({ loadBalancer: listener, output: expect.stringContaining(name) }),
      }),
    );
    expect((await put()).status).toBe(201);
    await becomes(client, listener, 'ACTIVE');
  });
});

describe('a haproxy that is stopped in its tracks', () => {
  it.each([
    ['worker', workerOf],
    ['master', (pid: number) => pid],
  ])('%s: ERROR, and ACTIVE again when it goes on, with the same pid', async (_whom, victim) => {
    const { client } = quick;
    const { pid } = await serving(client, id(7));
    const stopped = victim(pid);
    signalled(stopped, 'SIGSTOP');
    try {
      await becomes(client, id(7), 'ERROR');
    } finally {
      signalled(stopped, 'SIGCONT');
    }
    await becomes(client, id(7), 'ACTIVE');
    expect(await pidOf(client, id(7))).toBe(pid);
  });

  it('is killed and started anew with restart_hung', async () => {
    const { client } = restarting;
    const { port, pid } = await serving(client, id(8));
    signalled(workerOf(pid), 'SIGSTOP');
    await becomes(client, id(8), 'ERROR');
    await becomes(client, id(8), 'ACTIVE');
    expect(await fetchText(port)).toBe('one');
    expect(await pidOf(client, id(8))).not.toBe(pid);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('an agent that was killed and started again', () => {
  let daemon: Daemon;
  let client: Client;
  const directory = temporaryDirectory();

  const start = async (): Promise<void> => {
    const { main, local } = writeAgentFiles(directory, quick.pki);
    const args = ['--config-file', main, '--local-config', local, '--ready-json', '--stop-children'];
    daemon = await startDaemon(['serve', ...args]);
    const { ca, client: identity } = quick.pki;
    client = createClient({ port: daemon.ready.port, ca: ca.certificatePem, identity });
  };
  afterEach(async () => {
    client.close();
    await daemon.end();
    await endLeftovers();
    rmSync(directory, { recursive: true, force: true });
  });

  it('brings back what it adopted; what it ends at its own end stays down', async () => {
    await start();
    const { port, pid } = await serving(client, id(9));
    client.close();
    await daemon.end('SIGKILL');
    await start();
    expect(await pidOf(client, id(9))).toBe(pid);
    signalled(pid, 'SIGKILL');
    await becomes(client, id(9), 'ERROR');
    await becomes(client, id(9), 'ACTIVE');
    expect(await fetchText(port)).toBe('one');
    expect(await daemon.end()).toBe(0);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    expect(readdirSync(join(directory, 'lib', id(9)))).not.toContain('master.sock');
  });
});
