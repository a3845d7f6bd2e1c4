// What somebody gets who calls startAmphora: a real agent over real haproxy, its heartbeats, and a clean end.

import { mkdtempSync, readdirSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makePki, startAmphora, startHealthManager } from '../../../agent/testing';
import type { Amphora, AmphoraOptions } from '../../../agent/testing';
import { newDirectory } from '../../../agent/testing/agent-files';
import { eventually } from '../../fakes/eventually';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from '../kit/traffic';

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

async function serving(amphora: Amphora): Promise<number> {
  const port = await freePort();
  const loadBalancer = amphora.client.loadBalancer(lb);
  await loadBalancer.upload(listenerConfig({ port, backends: [backend] }));
  await loadBalancer.start();
  await eventually(async () => expect(await fetchText(port)).toBe('one'));
  return port;
}

/** The processes that have this directory in their arguments. */
function processesOf(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
      } catch {
        return false;
      }
    });
}

describe.each(['same', 'child'] as const)('an amphora of the harness, process: %s', (process) => {
  it('answers its client, balances traffic and tells of it in heartbeats', async () => {
    const amphora = await start({ process });
    expect(await amphora.client.info()).toMatchObject({ api_version: '1.0' });
    await serving(amphora);
    expect(await amphora.client.listeners()).toEqual([{ status: 'ACTIVE', uuid: 'front', type: 'HTTP' }]);
    const up = await amphora.heartbeats.next(({ pools }) => pools['pool-1']?.members['one'] === 'UP');
    expect(up).toMatchObject({ id: amphora.amphoraId, ver: 3 });
    await backend.close();
    await amphora.heartbeats.next(({ pools }) => pools['pool-1']?.members['one'] === 'DOWN');
    await amphora.client.loadBalancer(lb).remove();
    expect(await amphora.client.listeners()).toEqual([]);
  });

  it('leaves no process and no file when it is stopped, twice too', async () => {
    const amphora = await start({ process });
    await serving(amphora);
    const { directory } = amphora.paths;
    expect(processesOf(directory)).not.toEqual([]);
    await Promise.all([amphora.stop(), amphora.stop()]);
    await amphora.stop();
    expect(processesOf(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await expect(amphora.heartbeats.next()).rejects.toThrow('closed');
    await expect(amphora.restart()).rejects.toThrow('stopped');
  });

  it('serves on while the agent is killed, and is adopted by the next one on the same port', async () => {
    const amphora = await start({ process });
    const port = await serving(amphora);
    await amphora.kill();
    await amphora.kill();
    await expect(amphora.client.info()).rejects.toThrow('ECONNREFUSED');
    expect(await fetchText(port)).toBe('one');
    await amphora.restart();
    expect(await amphora.client.details()).toMatchObject({ haproxy_count: 1 });
    expect(await fetchText(port)).toBe('one');
    expect(
      amphora.log.entries.filter(({ message }) => message === 'load balancers restored').at(-1),
    ).toMatchObject({
      fields: { adopted: 1, started: 0 },
    });
  });

  it('is not started by a configuration that the agent refuses, and says why', async () => {
    const config = { amphorad: { max_load_balancers: 'many' } };
    await expect(start({ process, config })).rejects.toThrow(/max_load_balancers = "many": expected/);
  });
});

describe('startAmphora', () => {
  it('names what is missing when there is no haproxy', async () => {
    await expect(start({ haproxyCommand: 'no-such-haproxy' })).rejects.toThrow(
      /there is no no-such-haproxy on PATH .*apt-get install haproxy/,
    );
  });

  it('says so when a directory or TMPDIR is too long for sockets', async () => {
    const long = `/tmp/${'x'.repeat(40)}`;
    await expect(start({ directory: long })).rejects.toThrow(
      /too long for haproxy's sockets: it has 45 bytes, at most 42 fit; give a shorter one/,
    );
    expect(() => newDirectory(long)).toThrow(
      /it has 57 bytes, at most 42 fit; TMPDIR is .*: set TMPDIR=.tmp/,
    );
    expect(existsSync(long)).toBe(false);
  });

  it('leaves haproxy and the directory to whoever asks for that', async () => {
    const directory = mkdtempSync('/tmp/amph-');
    try {
      const first = await start({ directory, stopChildren: false });
      const port = await serving(first);
      await first.stop();
      expect(await fetchText(port)).toBe('one');
      const second = await start({ directory, amphoraId: first.amphoraId });
      expect(await second.client.details()).toMatchObject({ haproxy_count: 1 });
      await second.stop();
      expect(processesOf(directory)).toEqual([]);
      expect(existsSync(second.paths.agentConf)).toBe(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('gives every amphora its own id, port and certificate, and lets them share authority and receiver', async () => {
    const [pki, healthManager] = [makePki(), await startHealthManager()];
    const both = await Promise.all([start({ pki, healthManager }), start({ pki, healthManager })]);
    const [one, two] = both;
    expect(one.port).not.toBe(two.port);
    expect(one.certificates.server.certificatePem).not.toBe(two.certificates.server.certificatePem);
    for (const amphora of both) {
      expect(await amphora.heartbeats.next()).toMatchObject({ id: amphora.amphoraId });
    }
    await one.stop();
    expect(await two.heartbeats.next()).toMatchObject({ id: two.amphoraId });
    await healthManager.close();
  });

  it('passes on what the API refuses, with the whole answer', async () => {
    const { client } = await start();
    const refused = client.loadBalancer(lb).upload('nonsense\n');
    await expect(refused).rejects.toMatchObject({
      name: 'CallFailed',
      status: 400,
      message: expect.stringContaining(': 400 {') as unknown,
    });
    expect((await client.request('GET', '/nothing')).status).toBe(404);
  });

  it('ends with its scope', async () => {
    const amphora = await start();
    await amphora[Symbol.asyncDispose]();
    expect(existsSync(amphora.paths.directory)).toBe(false);
  });
});
