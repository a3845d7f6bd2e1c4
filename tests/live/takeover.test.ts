// The first start over a base_path that Octavia's own agent has left: the real haproxy, run by the command line of that
// agent's unit, is adopted under load, replaced at its first reload, and its statistics go on. The whole trial, with the
// real agent before ours: npm run takeover. Needs root: haproxy is told an account.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { createClient, type Client } from '../surfaces/kit/client';
import { startController, type Controller } from '../surfaces/kit/controller';
import { endLeftovers, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';
import {
  fetchText,
  freePort,
  listenerConfig,
  startBackend,
  startLoad,
  type Backend,
} from '../surfaces/kit/traffic';

const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: no root, so haproxy cannot take an account\n');

const id = '0a000000-0000-4000-8000-000000000001';
const listener = '0b000000-0000-4000-8000-000000000001';
const key = 'key-of-the-test';
const accountText = 'global\n\tgroup nogroup\n';
const upload = `/1.0/loadbalancer/${amphoraId}/${id}/haproxy`;

let pki: TestPki;
let directory: string;
let files: { main: string; local: string };
let controller: Controller;
let backend: Backend;
let port: number;
let daemon: Daemon | undefined;
let client: Client;
let master: number;

const lib = (...names: readonly string[]): string => join(directory, 'lib', ...names);
const account = (): string => lib('haproxy-default-user-group.conf');

/** As Octavia's template has it, with a socket of level user. */
const text = (remark: string, extra = ''): string =>
  listenerConfig({ port, backends: [backend], extra })
    .replace(
      'global\n    daemon',
      `global\n    description ${remark.replaceAll(' ', '-')}\n    daemon\n    user nobody\n    stats socket ${lib(`${id}.sock`)} mode 0666 level user`,
    )
    .replace('frontend front', `frontend ${listener}`);

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** By the command line of its unit, in a session of its own, as systemd has it. */
async function runAsItsUnitDoes(): Promise<number> {
  const pidFile = lib(id, `${id}.pid`);
  const words = ['-Ws', '-f', lib(id, 'haproxy.cfg'), '-f', account(), '-p', pidFile, '-L', 'its-peer'];
  const child = spawn('/usr/sbin/haproxy', words, { detached: true, stdio: 'ignore' });
  await eventually(async () => expect(await fetchText(port)).toBe('one'));
  return child.pid ?? 0;
}

async function start(): Promise<void> {
  const args = ['--config-file', files.main, '--local-config', files.local];
  daemon = await startDaemon(['serve', ...args, '--ready-json', '--stop-children']);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

const put = async (path: string, body?: string): Promise<void> => {
  const { status, text: told } = await client.put(path, body);
  expect([path, status, told]).toEqual([path, 202, expect.anything()]);
};

/** A backend that trickles for so many seconds; gives its address and what a client got of it at last. */
async function startTrickle(seconds: number): Promise<{ server: string; close: () => void }> {
  const server = createServer((_, response) => {
    let left = seconds * 20;
    response.setHeader('Content-Length', left);
    const timer = setInterval(() => {
      response.write('x');
      left -= 1;
      if (left === 0) response.end(() => clearInterval(timer));
    }, 50);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

const download = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path: '/slow', agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => (bytes += part.length));
      response.on('error', reject);
      response.on('end', () => resolve(bytes));
    });
    sent.on('error', reject);
  });

(isRoot ? describe : describe.skip)('over what Octavia’s own agent has left', () => {
  beforeEach(async () => {
    pki = await makePki();
    directory = temporaryDirectory();
    controller = await startController(key);
    const healthManager = `controller_ip_port_list = 127.0.0.1:${controller.port}\nheartbeat_key = ${key}\nheartbeat_interval = 1`;
    files = writeAgentFiles(directory, pki, { healthManager });
    backend = await startBackend('one');
    port = await freePort();
    mkdirSync(lib(id), { recursive: true });
    writeFileSync(account(), accountText);
  });
  afterEach(async () => {
    client.close();
    if (daemon !== undefined) await daemon.end();
    await endLeftovers();
    if (isRunning(master)) process.kill(master, 'SIGKILL');
    await backend.close();
    await controller.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('its haproxy is adopted, replaced at the first reload, and nobody notices', async () => {
    const trickle = await startTrickle(6);
    const slow = `backend slow\n    server slow ${trickle.server}\n`;
    const withSlow = (remark: string): string =>
      text(remark).replace(/( {4}default_backend)/, '    use_backend slow if { path /slow }\n$1') + slow;
    writeFileSync(lib(id, 'haproxy.cfg'), withSlow('of the former agent'));
    master = await runAsItsUnitDoes();
    const load = startLoad(port, 2);
    const long = download();
    await start();
    expect((await client.get('/1.0/listeners')).json()).toMatchObject([{ uuid: listener, status: 'ACTIVE' }]);
    expect(isRunning(master)).toBe(true);
    await eventually(() => expect(controller.heard.at(-1)?.listeners[listener]?.status).toBe('OPEN'));

    await put(upload, withSlow('of ours'));
    await put(`/1.0/loadbalancer/${id}/reload`);
    const ours = Number(readFileSync(lib(id, `${id}.pid`), 'utf8'));
    expect([ours === master, isRunning(ours)]).toEqual([false, true]);
    expect(readFileSync(account(), 'utf8')).toBe(accountText);
    await put(upload, withSlow('of ours again'));
    await put(`/1.0/loadbalancer/${id}/reload`);
    expect(Number(readFileSync(lib(id, `${id}.pid`), 'utf8'))).toBe(ours);

    expect(await long).toBe(120);
    expect((await load.stop()).failures).toEqual([]);
    await eventually(() => expect(isRunning(master)).toBe(false));
    trickle.close();
  });

  it('its statistics go on where it has told them', async () => {
    writeFileSync(lib(id, 'haproxy.cfg'), text('of the former agent'));
    master = await runAsItsUnitDoes();
    // Of the connections so far it has told all but three.
    for (let count = 0; count < 3; count += 1) await fetchText(port);
    const told = { [listener]: { bin: 0, bout: 0, ereq: 0, stot: 1 } };
    writeFileSync(lib('stats_counters.json'), JSON.stringify(told));
    await start();
    await eventually(() => expect(controller.sum(listener).totconns).toBe(3));
    await fetchText(port);
    await put(`/1.0/loadbalancer/${id}/reload`);
    await fetchText(port);
    await eventually(() => expect(controller.sum(listener).totconns).toBe(5));
  });

  it('what was never reloaded ends with its load balancer', async () => {
    writeFileSync(lib(id, 'haproxy.cfg'), text('of the former agent'));
    master = await runAsItsUnitDoes();
    await start();
    const { status, text: words } = await client.delete(`/1.0/listeners/${id}`);
    expect([status, words]).toEqual([200, expect.anything()]);
    expect(isRunning(master)).toBe(false);
    await expect(fetchText(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
