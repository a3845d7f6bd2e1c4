// Who is ours: a started agent takes over its own haproxy, and nobody else's process is ever signalled, whatever
// its pid, its argv or a socket says.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon, type Daemon } from './kit/daemon';
import { kill, startImpostor, startTicksOf, type ImpostorOptions } from './kit/impostor';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const isRoot = process.geteuid?.() === 0;
const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
let pki: TestPki;
let backend: Backend;
let directory: string;
let files: { main: string; local: string };
let daemon: Daemon;
let client: Client;
const cleaning: (() => Promise<void>)[] = [];

const own = (name: string): string => join(directory, 'lib', listener, name);
const call = (action: string) => client.put(`/v0.1/listeners/${listener}/${action}`);
const status = async (): Promise<unknown> => (await client.get(`/v0.1/listeners/${listener}`)).json();
const pidOf = (details: string): number => Number(/pid (\d+)/.exec(details)?.[1]);

async function start(): Promise<void> {
  daemon = await startDaemon([
    'serve',
    ...['--config-file', files.main, '--local-config', files.local, '--ready-json'],
  ]);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function startListener(): Promise<{ port: number; pid: number }> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  const answer = await call('start');
  expect(answer.status).toBe(202);
  return { port, pid: pidOf(answer.text) };
}

/** Haproxy and agent end; what is left is what they wrote. */
async function killBoth(pid: number): Promise<void> {
  await daemon.end('SIGKILL');
  client.close();
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(isRunning(pid)).toBe(false));
}

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function plant(process: { pid: number; startTicks: string; bootId?: string }): void {
  const state = JSON.parse(readFileSync(own('state.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(own('state.json'), JSON.stringify({ ...state, process: { bootId, ...process } }));
}

/** All that an agent can do to a listener, and each of it succeeds: with a process of its own. */
async function doEverything(port: number, recorded: number): Promise<void> {
  expect(await status()).toMatchObject({ status: 'ACTIVE' });
  for (const action of ['start', 'reload', 'stop', 'start', 'stop']) {
    const answer = await call(action);
    expect([action, answer.status]).toEqual([action, 202]);
    if (action === 'start') {
      expect(pidOf(answer.text)).not.toBe(recorded);
      expect(await fetchText(port)).toBe('one');
    }
  }
  expect((await client.delete(`/v0.1/listeners/${listener}`)).status).toBe(200);
}

const ourArgs = (): readonly string[] => [
  '-Ws',
  ...['-f', own('live.cfg'), '-f', own('overlay.cfg'), '-p', own(`${listener}.pid`)],
  ...['-S', `${own('master.sock')},mode,600`, '-L', amphoraId],
];

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
  for (const clean of cleaning.splice(0)) await clean();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

describe('a foreign process that holds the recorded pid and even its start time', () => {
  type Look = readonly [string, () => Omit<ImpostorOptions, 'directory'>, boolean?];
  const looks: readonly Look[] = [
    ['is another program with all of our argv', () => ({ args: ourArgs(), isNamed: false })],
    ['has all of our argv, and its session is another’s', () => ({ args: ourArgs(), detached: false })],
    ['has all of our argv but -Ws', () => ({ args: ourArgs().slice(1) })],
    ['has our paths in another order', () => ({ args: ['-Ws', ...[...ourArgs()].reverse()] })],
    ['has paths that ours begin', () => ({ args: ourArgs().map((word) => `${word}.old`) })],
    ['has paths that begin ours', () => ({ args: ourArgs().map((word) => word.slice(0, -1)) })],
    ['has ours as part of its words', () => ({ args: ['-Ws', ourArgs().join(' ')] })],
    ['has all of our argv, and is another user’s', () => ({ args: ourArgs(), uid: 65_534 }), isRoot],
  ];

  it.each(looks.filter(([, , isPossible = true]) => isPossible))(
    'and %s is never signalled and lives on',
    async (_what, look) => {
      const { port, pid } = await startListener();
      await killBoth(pid);
      const folder = join(directory, 'foreign');
      mkdirSync(folder, { mode: 0o755 });
      // What mkdtemp made is 0700: another user must reach its own program.
      if (isRoot) renameSync(folder, `${directory}.foreign`);
      const at = isRoot ? `${directory}.foreign` : folder;
      cleaning.push(() => rm(at, { recursive: true, force: true }));
      const impostor = await startImpostor({ directory: at, ...look() });
      cleaning.unshift(() => impostor.end());
      plant(impostor);
      await start();
      await doEverything(port, impostor.pid);
      expect(impostor.signals()).toEqual([]);
    },
  );

  it('and is a real haproxy with other paths is never signalled and serves on', async () => {
    const { port, pid } = await startListener();
    await killBoth(pid);
    const foreignPort = await freePort();
    const config = join(directory, 'haproxy.cfg');
    writeFileSync(config, listenerConfig({ port: foreignPort, backends: [backend] }).replace('daemon', ''));
    const paths = [
      '-p',
      join(directory, `${listener}.pid`),
      '-S',
      `${join(directory, 'master.sock')},mode,600`,
    ];
    const foreign = spawn('/usr/sbin/haproxy', ['-Ws', '-f', config, ...paths], {
      detached: true,
      stdio: 'ignore',
    });
    cleaning.push(() => kill(foreign));
    await eventually(async () => expect(await fetchText(foreignPort)).toBe('one'));
    plant({ pid: foreign.pid ?? 0, startTicks: startTicksOf(foreign.pid ?? 0) });
    await start();
    await doEverything(port, foreign.pid ?? 0);
    expect(await fetchText(foreignPort)).toBe('one');
    expect(foreign.exitCode).toBeNull();
  });
});

describe('a recorded process whose pid was given to one that looks exactly like it', () => {
  it.each([
    ['since this boot', (ticks: string) => ({ startTicks: String(Number(ticks) - 1) })],
    ['since another boot', () => ({ bootId: '00000000-8d19-4a7e-8a8b-ea491d87e88f' })],
  ])('%s is dead: nobody is signalled, and another is started', async (_when, change) => {
    const { port, pid } = await startListener();
    await killBoth(pid);
    const folder = join(directory, 'foreign');
    mkdirSync(folder);
    const twin = await startImpostor({ directory: folder, args: ourArgs() });
    cleaning.push(() => twin.end());
    const { startTicks } = twin;
    plant({ pid: twin.pid, startTicks, ...change(startTicks) });
    await start();
    await doEverything(port, twin.pid);
    expect(twin.signals()).toEqual([]);
  });
});

describe('a zombie that nobody has waited for', () => {
  it('at the recorded pid counts as dead, and another is started', async () => {
    const { port, pid } = await startListener();
    await killBoth(pid);
    const notes = join(directory, 'zombie');
    // Not before the shell has become another program: a shell waits for its children.
    const child = '(until grep -q sleep /proc/$$/comm; do :; done)';
    const parent = spawn('/bin/sh', ['-c', `${child} & echo $! > ${notes}; exec sleep 1000`]);
    cleaning.push(() => kill(parent));
    let zombie = 0;
    await eventually(() => {
      zombie = Number(readFileSync(notes, 'utf8'));
      expect(readFileSync(`/proc/${zombie}/stat`, 'utf8')).toContain(') Z ');
    });
    plant({ pid: zombie, startTicks: startTicksOf(zombie) });
    await start();
    await doEverything(port, zombie);
  });
});

describe('a foreign program that listens on the path of our master socket', () => {
  it.each([
    ['1', () => '1'],
    ['the agent', () => String(daemon.ready.pid)],
    ['the tests', () => String(process.pid)],
    ['a number that is none', () => '-17'],
  ])('and says that its master is %s is not believed', async (_whom, lie) => {
    const { port, pid } = await startListener();
    await killBoth(pid);
    plant({ pid: process.pid, startTicks: '1' });
    const liar = createServer((socket) => {
      socket.on('error', () => undefined);
      const row = (of: string, kind: string): string => `${of} ${kind} 0 0d00h00m01s 2.6.12\n`;
      socket.on('data', () =>
        socket.end(`# header\n${row(lie(), 'master')}# workers\n${row(lie(), 'worker')}`),
      );
    });
    rmSync(own('master.sock'), { force: true });
    await new Promise<void>((resolve) => liar.listen(own('master.sock'), resolve));
    cleaning.push(() => new Promise((resolve) => liar.close(() => resolve())));
    // Not to be started by the restart: the calls themselves meet the liar.
    const state = readFileSync(own('state.json'), 'utf8');
    writeFileSync(own('state.json'), state.replace('"running","', '"stopped","'));
    await start();
    expect(await status()).toMatchObject({ status: 'STOPPED' });
    expect((await call('stop')).status).toBe(202);
    expect((await call('reload')).status).toBe(202);
    await doEverything(port, process.pid);
  });
});

describe('a group whose agent was killed', () => {
  it('has another parent, and is reloaded, watched and stopped by the next agent like one of its own', async () => {
    const { port, pid } = await startListener();
    const former = daemon.ready.pid;
    await daemon.end('SIGKILL');
    const parent = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    expect(Number(parent)).not.toBe(former);
    await start();
    const text = listenerConfig({ port, backends: [backend], extra: '# another\n' });
    expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
    expect((await call('reload')).status).toBe(202);
    // Once more, after the master has executed itself anew.
    await daemon.end('SIGKILL');
    await start();
    expect(pidOf((await call('start')).text)).toBe(pid);
    expect((await call('stop')).status).toBe(202);
    await eventually(() => expect(isRunning(pid)).toBe(false));
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('is taken over with its binary replaced by another file', async () => {
    await daemon.end();
    const binary = join(directory, 'haproxy');
    const copy = (): void => {
      writeFileSync(`${binary}.new`, readFileSync('/usr/sbin/haproxy'), { mode: 0o755 });
      renameSync(`${binary}.new`, binary);
    };
    copy();
    const main = readFileSync(files.main, 'utf8');
    writeFileSync(
      files.main,
      main.replace('[haproxy_amphora]', `[haproxy_amphora]\nhaproxy_cmd = ${binary}`),
    );
    await start();
    const { pid } = await startListener();
    await daemon.end('SIGKILL');
    copy();
    await start();
    expect(pidOf((await call('start')).text)).toBe(pid);
    expect((await call('reload')).status).toBe(202);
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
  });
});
