// A container whose PID 1 never waits for the orphans that it is given: what has died there stays as a zombie, and is
// dead all the same. Needs root for a pid namespace.

import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { createClient, type Client } from '../surfaces/kit/client';
import { endLeftovers, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { kill } from '../surfaces/kit/impostor';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';
import { fetchText, freePort, listenerConfig, startBackend } from '../surfaces/kit/traffic';

const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: no root, so no pid namespace can be made\n');

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const path = `/v0.1/listeners/${listener}`;
let pki: TestPki;
let directory: string;
let first: ChildProcess;
let files: { main: string; local: string };
let daemon: Daemon;
let client: Client;

/** The processes that another one has started, by the pids that we see. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
const statOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8');

async function start(): Promise<void> {
  const init = childrenOf(first.pid ?? 0)[0];
  const args = ['--config-file', files.main, '--local-config', files.local, '--ready-json'];
  daemon = await startDaemon(['serve', ...args], {
    through: ['nsenter', '--target', String(init), '--pid', '--mount'],
  });
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

/** The agent itself, which nsenter has forked. */
function killAgent(): Promise<number | string> {
  client.close();
  process.kill(childrenOf(daemon.child.pid ?? 0)[0] ?? 0, 'SIGKILL');
  return daemon.end('SIGCONT');
}

/** Our pid of a process that its namespace knows by another. */
function outside(inner: number): number {
  const found = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const pids = /^NSpid:\t(.*)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? '';
      return pids.endsWith(`\t${inner}`) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(directory);
    } catch {
      return false;
    }
  });
  return Number(found[0]);
}

(isRoot ? describe : describe.skip)('in a container whose PID 1 reaps nobody', () => {
  beforeEach(async () => {
    pki = await makePki();
    directory = temporaryDirectory();
    files = writeAgentFiles(directory, pki);
    first = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', 'sleep', '1000']);
    await eventually(() => expect(statOf(childrenOf(first.pid ?? 0)[0] ?? 0)).toContain('(sleep)'));
    await start();
  });
  afterEach(async () => {
    client.close();
    // The namespace ends with its PID 1, and everything in it.
    await kill(first);
    await endLeftovers();
    rmSync(directory, { recursive: true, force: true });
  });

  it('an adopted haproxy that died is dead, and the next start brings another', async () => {
    const backend = await startBackend('one');
    const port = await freePort();
    const text = listenerConfig({ port, backends: [backend] });
    expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
    const pidIn = async (action: string): Promise<number> => {
      const answer = await client.put(`${path}/${action}`);
      expect([action, answer.status]).toEqual([action, 202]);
      return Number(/pid (\d+)/.exec(answer.text)?.[1]);
    };
    const inner = await pidIn('start');
    await killAgent();
    await start();
    expect(await pidIn('start')).toBe(inner);
    const master = outside(inner);
    process.kill(master, 'SIGKILL');
    await eventually(() => expect(statOf(master)).toContain(') Z '));
    expect(await pidIn('start')).not.toBe(inner);
    expect(await fetchText(port)).toBe('one');
    expect((await client.put(`${path}/stop`)).status).toBe(202);
    expect((await client.delete(path)).status).toBe(200);
    expect(statOf(master)).toContain(') Z ');
    await backend.close();
  });
});
