// What the machine refuses: descriptors, processes, readers of a pipe, its own directories. Each is a clear answer to
// the caller, nothing is half-written, and the agent goes on. Disks that are full or read-only: tests/live/disk.test.ts.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon, type Daemon, type SpawnOptions } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
let pki: TestPki;
let backend: Backend;
let directory: string;
let files: { main: string; local: string };
let daemon: Daemon;
let client: Client;

const path = `/v0.1/listeners/${listener}`;
const upload = (text: string) => client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
const stored = async (): Promise<string> => (await client.get(`${path}/haproxy`)).text;
const bundle = (): string => `${pki.client.keyPem}${pki.client.certificatePem}`;

async function start(options: SpawnOptions = {}): Promise<void> {
  const args = [
    '--config-file',
    files.main,
    '--local-config',
    files.local,
    '--ready-json',
    '--stop-children',
  ];
  daemon = await startDaemon(['serve', ...args], options);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function startListener(): Promise<{ port: number; text: string }> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await upload(text)).status).toBe(201);
  expect((await client.put(`${path}/start`)).status).toBe(202);
  return { port, text };
}

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());
beforeEach(() => {
  directory = temporaryDirectory();
  files = writeAgentFiles(directory, pki);
});
afterEach(async () => {
  await client.delete(path);
  client.close();
  await daemon.end();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

describe('a check of haproxy that the kernel ends', () => {
  it('is 503 and no fault of the configuration, which can be uploaded once there is memory', async () => {
    const binary = join(directory, 'haproxy');
    const starved = join(directory, 'starved');
    const script = `#!/bin/sh\n[ "$1" = -c ] && [ -e ${starved} ] && kill -KILL $$\nexec /usr/sbin/haproxy "$@"\n`;
    writeFileSync(binary, script, { mode: 0o755 });
    writeFileSync(files.main, `[haproxy_amphora]\nhaproxy_cmd = ${binary}\n`, { flag: 'a' });
    await start();
    const { port, text } = await startListener();
    writeFileSync(starved, '');
    const refused = await upload(text.replace('500', '501'));
    expect([refused.status, refused.json()]).toEqual([
      503,
      {
        message: 'haproxy could not check the configuration',
        details: 'haproxy -c was ended by SIGKILL',
      },
    ]);
    // What haproxy has checked for the upload it need not check again, but another haproxy would.
    utimesSync(binary, 0, 0);
    expect((await client.put(`${path}/reload`)).status).toBe(503);
    expect([await stored(), await fetchText(port)]).toEqual([text, 'one']);
    expect(existsSync(join(directory, 'lib', listener, 'haproxy.cfg.rejected'))).toBe(false);
    rmSync(starved);
    expect((await upload(text.replace('500', '501'))).status).toBe(201);
    expect((await client.put(`${path}/reload`)).status).toBe(202);
  });
});

describe('a log that nobody reads', () => {
  it('does not hold the agent up: it answers, and ends when it is told to', async () => {
    const pipe = join(directory, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const held = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      expect(() => {
        for (;;) writeSync(held, Buffer.alloc(4096));
      }).toThrow('EAGAIN');
      await start({ through: ['/bin/sh', '-c', `exec "$0" "$@" 2> ${pipe}`] });
      await startListener();
      for (let count = 0; count < 50; count += 1) {
        expect((await client.get(path)).json()).toMatchObject({ status: 'ACTIVE' });
      }
      client.close();
      expect(await daemon.end()).toBe(0);
    } finally {
      closeSync(held);
    }
    await start();
  });
});

describe('a state directory that is gone', () => {
  it('is 503 for what would change, traffic goes on, and all is as before when it comes back', async () => {
    await start();
    const { port, text } = await startListener();
    renameSync(join(directory, 'lib'), join(directory, 'away'));
    const gone = {
      message: 'The state directory is gone',
      details: expect.stringContaining(join(directory, 'lib')),
    };
    for (const call of [
      () => upload(text),
      () => client.put(`${path}/certificates/www.example.pem`, bundle()),
    ]) {
      const answer = await call();
      expect([answer.status, answer.json()]).toEqual([503, gone]);
    }
    for (const action of ['start', 'stop', 'reload']) {
      expect([action, (await client.put(`${path}/${action}`)).status]).toEqual([action, 404]);
    }
    expect((await client.delete(path)).status).toBe(404);
    expect((await client.get('/v0.1/details')).status).toBe(200);
    expect(await fetchText(port)).toBe('one');
    expect(existsSync(join(directory, 'lib'))).toBe(false);
    renameSync(join(directory, 'away'), join(directory, 'lib'));
    expect((await client.get(path)).json()).toMatchObject({ status: 'ACTIVE' });
    expect(await stored()).toBe(text);
    expect((await client.put(`${path}/reload`)).status).toBe(202);
  });
});

describe('an agent without descriptors', () => {
  it('answers 503 over the connections it has, and works again when there are some', async () => {
    await start();
    const { port, text } = await startListener();
    const { pid } = daemon.ready;
    // Of the agent alone: haproxy keeps the limit that it was started with.
    const limit = readdirSync(`/proc/${pid}/fd`).length + 10;
    expect(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]).status).toBe(0);
    const idle: Socket[] = [];
    const answered = new Set<number>();
    await eventually(async () => {
      for (let count = 0; count < 20; count += 1) {
        const socket = connect(daemon.ready.port, '127.0.0.1');
        socket.on('error', () => undefined);
        idle.push(socket);
      }
      const answer = await upload(text.replace('500', '502'));
      answered.add(answer.status);
      expect(answer.status).toBe(503);
    }, 20_000);
    expect([...answered].filter((status) => status !== 201)).toEqual([503]);
    expect(await fetchText(port)).toBe('one');
    for (const socket of idle) socket.destroy();
    await eventually(async () => {
      expect((await upload(text)).status).toBe(201);
    });
    expect(await stored()).toBe(text);
    expect((await client.put(`${path}/reload`)).status).toBe(202);
    expect(daemon.child.exitCode).toBeNull();
  });
});
