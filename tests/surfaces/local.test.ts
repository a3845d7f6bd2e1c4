// The agent's local socket and the commands that ask it, on the real daemon with a real haproxy.

import { connect, createServer, type Socket } from 'node:net';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeLocalHttp } from '../../agent/host/node/local-http';
import type { AmphoraStatus } from '../../agent/model/status';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const http = createNodeLocalHttp();
let pki: TestPki;
let backend: Backend;
let directory: string;
let configured: readonly string[];
let daemon: Daemon;
let client: Client;

const socketPath = (): string => join(directory, 'lib', 'agent.sock');
const get = (path: string) => http.request(socketPath(), { method: 'GET', path, timeoutMs: 10_000 });

async function start(): Promise<void> {
  daemon = await startDaemon(['serve', ...configured, '--ready-json']);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function startListener(): Promise<number> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${listener}/start`)).status).toBe(202);
  return port;
}

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());

beforeEach(async () => {
  directory = temporaryDirectory();
  const { main, local } = writeAgentFiles(directory, pki);
  configured = ['--config-file', main, '--local-config', local];
  await start();
});
afterEach(async () => {
  await client.delete(`/v0.1/listeners/${listener}`);
  client.close();
  await daemon.end();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

describe('GET /report', () => {
  it('tells who runs, since when, that it is ready, and what it finds', async () => {
    const { status, json } = await get('/report');
    expect([status, json]).toEqual([
      200,
      {
        pid: daemon.ready.pid,
        version: expect.any(String),
        amphoraId,
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        stage: 'running',
        findings: expect.any(Array),
      },
    ]);
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
  });

  it('unknown paths and wrong methods are told as such', async () => {
    expect((await get('/nothing')).status).toBe(404);
    const wrong = await http.request(socketPath(), { method: 'DELETE', path: '/report', timeoutMs: 5_000 });
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('a client that keeps its connection open keeps no agent from ending at once', async () => {
    const idle = connect(socketPath());
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.on('error', () => undefined);
    idle.write('GET /report HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => idle.once('data', resolve));
    const closed = new Promise((resolve) => idle.once('close', resolve));
    expect(await daemon.end()).toBe(0);
    await closed;
    await start();
  });
});

describe('GET /status', () => {
  it('tells the load balancer with process, listener, pool and member as haproxy has them', async () => {
    const port = await startListener();
    await eventually(async () => {
      const { loadBalancers } = (await get('/status')).json as AmphoraStatus;
      expect(loadBalancers).toEqual([
        {
          id: listener,
          state: 'running',
          owner: 'octavia-v0.1',
          desired: 'running',
          pid: expect.any(Number),
          uptimeS: expect.any(Number),
          reloads: 0,
          isOlder: false,
          oldWorkers: [],
          listeners: [
            { id: 'front', type: 'HTTP', addresses: [`127.0.0.1:${port}`], state: 'OPEN', sessions: 0 },
          ],
          pools: [
            {
              id: 'pool-1',
              state: 'UP',
              sessions: 0,
              members: [{ id: 'one', address: `127.0.0.1:${backend.port}`, state: 'UP', sessions: 0 }],
            },
          ],
        },
      ]);
    });
  });
});

describe('amphorad status', () => {
  it('shows it on one screen of 80 columns, and as the document; ends with 0', async () => {
    await startListener();
    await eventually(async () => {
      const { code, stdout } = await runToEnd(['status', ...configured]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/member +one +127\.0\.0\.1:\d+ +UP +0/);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    });
    const { stdout } = await runToEnd(['status', ...configured, '--json']);
    expect((JSON.parse(stdout) as AmphoraStatus).agent).toMatchObject({ amphoraId, pid: daemon.ready.pid });
  });

  it('with --watch and no terminal gives a document each time, until it is asked to end', async () => {
    const { code, stdout } = await runToEnd(['status', ...configured, '--watch'], { until: '\n' });
    expect([code, stdout.trim().split('\n').length]).toEqual([0, 1]);
    expect(JSON.parse(stdout)).toHaveProperty('topology.topology', 'SINGLE');
  });

  it('without an agent ends with 3 and says so; with a wrong configuration 78', async () => {
    await daemon.end();
    const { code, stderr } = await runToEnd(['status', ...configured]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('No agent answers on')]);
    expect((await runToEnd(['status', '--config-file', '/nowhere.conf'])).code).toBe(78);
    await start();
  });

  it('an agent of before HTTP is named, with what to do, by status and doctor', async () => {
    await daemon.end();
    mkdirSync(join(directory, 'lib'), { recursive: true });
    const asking = new Set<Socket>();
    const old = createServer({ allowHalfOpen: true }, (socket) => {
      asking.add(socket);
      socket.on('error', () => undefined);
      socket.end('{"pid":77,"version":"0.1.0","findings":[]}\n');
    });
    await new Promise<void>((resolve) => old.listen(socketPath(), resolve));
    const { code, stderr } = await runToEnd(['status', ...configured]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('(pid 77, version 0.1.0) is older than this program: restart it'),
    ]);
    const doctor = await runToEnd(['doctor', ...configured]);
    expect(doctor.stdout).toMatch(/warning {2}agent: The agent that runs \(pid 77\) is version 0\.1\.0/);
    for (const socket of asking) socket.destroy();
    await new Promise((resolve) => old.close(resolve));
    await start();
  });
});
