// haproxy outlives the agent: killed, stopped, started again, it adopts what runs and starts what should.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, startLoad, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
let pki: TestPki;
let backend: Backend;
let directory: string;
let files: { main: string; local: string };
let daemon: Daemon;
let client: Client;

const statePath = (): string => join(directory, 'lib', listener, 'state.json');
const pidOf = (details: string): number => Number(/pid (\d+)/.exec(details)?.[1]);
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function start(...more: readonly string[]): Promise<void> {
  daemon = await startDaemon([
    'serve',
    '--config-file',
    files.main,
    '--local-config',
    files.local,
    '--ready-json',
    ...more,
  ]);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function startListener(): Promise<{ port: number; pid: number }> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  const answer = await client.put(`/v0.1/listeners/${listener}/start`);
  expect(answer.status).toBe(202);
  return { port, pid: pidOf(answer.text) };
}

const status = async (): Promise<unknown> => (await client.get(`/v0.1/listeners/${listener}`)).json();

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());

beforeEach(async () => {
  directory = temporaryDirectory();
  files = writeAgentFiles(directory, pki);
  await start();
});

afterEach(async () => {
  await client.delete(`/v0.1/listeners/${listener}`);
  client.close();
  await daemon.end();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

describe('the agent is killed with -9', () => {
  it('haproxy goes on serving, and the agent started again reports the listener ACTIVE with the same haproxy pid', async () => {
    const { port, pid } = await startListener();
    const load = startLoad(port, 2);
    await daemon.end('SIGKILL');
    expect(await fetchText(port)).toBe('one');
    await start();
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
    const again = await client.put(`/v0.1/listeners/${listener}/start`);
    expect(pidOf(again.text)).toBe(pid);
    expect((await client.put(`/v0.1/listeners/${listener}/reload`)).text).toContain('reloaded');
    expect((await load.stop()).failures).toEqual([]);
  });

  it('an adopted haproxy is stopped like one that the agent started', async () => {
    const { port, pid } = await startListener();
    await daemon.end('SIGKILL');
    await start();
    expect((await client.put(`/v0.1/listeners/${listener}/stop`)).status).toBe(202);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    await eventually(() =>
      expect(alive(pid) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')).toBe(false),
    );
    expect(await status()).toMatchObject({ status: 'STOPPED' });
  });

  it('killed between starting haproxy and writing that down: it is found by its own socket', async () => {
    const { pid } = await startListener();
    await daemon.end('SIGKILL');
    const state = JSON.parse(readFileSync(statePath(), 'utf8')) as Record<string, unknown>;
    writeFileSync(statePath(), JSON.stringify({ ...state, process: undefined }));
    await start();
    expect(pidOf((await client.put(`/v0.1/listeners/${listener}/start`)).text)).toBe(pid);
  });

  it('killed between a stop that was accepted and its end: the stop is finished', async () => {
    const { port } = await startListener();
    await daemon.end('SIGKILL');
    const state = readFileSync(statePath(), 'utf8').replace('"running"', '"stopped"');
    writeFileSync(statePath(), state);
    await start();
    expect(await status()).toMatchObject({ status: 'STOPPED' });
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('killed in the middle of a delete: the delete is finished', async () => {
    await startListener();
    await daemon.end('SIGKILL');
    writeFileSync(statePath(), readFileSync(statePath(), 'utf8').replace('"running"', '"removed"'));
    await start();
    expect((await client.get(`/v0.1/listeners/${listener}`)).status).toBe(404);
    expect((await client.get('/v0.1/listeners')).json()).toEqual([]);
  });
});

describe('haproxy and the agent die together', () => {
  it('what should run is started again; a foreign process that holds the recorded pid is never signalled', async () => {
    const { port, pid } = await startListener();
    await daemon.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    });
    const foreign = await startBackend('foreign');
    writeFileSync(
      statePath(),
      readFileSync(statePath(), 'utf8').replace(`"pid": ${pid}`, `"pid": ${process.pid}`),
    );
    await start();
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
    expect(await fetchText(port)).toBe('one');
    await foreign.close();
  });

  it('a state of a newer agent: exit 1 naming the file, and nothing is touched', async () => {
    const { port } = await startListener();
    await daemon.end('SIGKILL');
    const newer = readFileSync(statePath(), 'utf8').replace('"schema": 1', '"schema": 2');
    writeFileSync(statePath(), newer);
    const { code, stderr } = await runToEnd([
      'serve',
      '--config-file',
      files.main,
      '--local-config',
      files.local,
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`${statePath()} was written by a newer agent`),
    ]);
    expect(readFileSync(statePath(), 'utf8')).toBe(newer);
    expect(await fetchText(port)).toBe('one');
    writeFileSync(statePath(), newer.replace('"schema": 2', '"schema": 1'));
    await start();
  });

  it('a state that cannot be trusted is put aside and reported, and the agent serves the others', async () => {
    await daemon.end('SIGKILL');
    const other = '00000002-aaaa-4bbb-8ccc-dddddddddddd';
    mkdirSync(join(directory, 'lib', other), { recursive: true });
    writeFileSync(join(directory, 'lib', other, 'state.json'), '{"schema": 99');
    await start();
    expect(daemon.stderr()).toMatch(new RegExp(`state put aside.*${other}`));
    await startListener();
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
  });
});

describe('the agent is asked to end', () => {
  it('SIGTERM: status 0 while requests are under way, haproxy goes on', async () => {
    const { port } = await startListener();
    expect(await daemon.end('SIGTERM')).toBe(0);
    expect(await fetchText(port)).toBe('one');
    await start();
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
  });

  it('with --stop-children haproxy goes along, and comes back with the next start', async () => {
    const { port } = await startListener();
    // More than once: a stop that ends too early does so only now and then.
    for (let round = 0; round < 3; round += 1) {
      await daemon.end();
      await start('--stop-children');
      expect(await fetchText(port)).toBe('one');
      expect(await daemon.end('SIGINT')).toBe(0);
      expect(daemon.stderr()).toMatch(/INFO stopped\n$/);
    }
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    await start();
    expect(await fetchText(port)).toBe('one');
  });
});
