// agent.conf while a real agent runs: what takes effect at once on a living haproxy, what waits for a restart and is
// shown, what survives kill -9; and the agent under the name by which Octavia's images start it.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
let pki: TestPki;
let backend: Backend;

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());

async function startListener(client: Client): Promise<number> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${listener}/start`)).status).toBe(202);
  return port;
}

describe('a replaced agent.conf', () => {
  let amphora: TestAgent;
  let path: string;
  beforeEach(async () => {
    amphora = await startTestAgent({ pki });
    path = join(amphora.directory, 'agent.conf');
  });
  afterEach(() => amphora.stop());

  const overlay = (): string => readFileSync(join(amphora.basePath, listener, 'overlay.cfg'), 'utf8');

  it('is on disk, private, and reaches haproxy with its next reload', async () => {
    const port = await startListener(amphora.client);
    expect(overlay()).toMatch(/log .* local0$/m);
    const text = readFileSync(path, 'utf8').replace(
      '[haproxy_amphora]',
      '[haproxy_amphora]\nuser_log_facility = 5',
    );
    await amphora.configs.replace(text);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([text, 0o600]);
    expect((await amphora.client.put(`/v0.1/listeners/${listener}/reload`)).status).toBe(202);
    expect(overlay()).toMatch(/log .* local5$/m);
    expect(await fetchText(port)).toBe('one');
  });

  it('that is refused leaves the file as it was, byte by byte', async () => {
    const before = readFileSync(path);
    for (const more of [
      '[amphorad]\nconfig_policy = permissive',
      '[haproxy_amphora]\nhaproxy_cmd = /bin/sh',
    ]) {
      await expect(amphora.configs.replace(`${before.toString()}\n${more}\n`)).rejects.toMatchObject({
        kind: 'invalid-input',
      });
    }
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('the daemon', () => {
  let directory: string;
  let files: { main: string; local: string };
  beforeEach(() => {
    directory = temporaryDirectory();
    files = writeAgentFiles(directory, pki);
  });
  afterEach(async () => {
    await endLeftovers();
    rmSync(directory, { recursive: true, force: true });
  });

  const configured = (): readonly string[] => ['--config-file', files.main, '--local-config', files.local];
  const start = (): Promise<Daemon> => startDaemon(['serve', ...configured(), '--ready-json']);
  const rewrite = (from: string, to: string): void =>
    writeFileSync(files.main, readFileSync(files.main, 'utf8').replace(from, to));
  const findings = async (): Promise<string> =>
    (await runToEnd(['doctor', ...configured(), '--json'])).stdout;

  it('at SIGHUP puts into force what it can, shows what waits for a restart, and has it after kill -9', async () => {
    const daemon = await start();
    rewrite('bind_host = 127.0.0.1', 'bind_host = 127.0.0.2');
    writeFileSync(files.local, `${readFileSync(files.local, 'utf8')}log_level = error\n`);
    daemon.child.kill('SIGHUP');
    const waits = 'Restart needed for [haproxy_amphora] bind_host';
    await eventually(async () => expect(await findings()).toContain(waits));
    expect(daemon.stderr()).toContain('waiting=["[haproxy_amphora] bind_host"]');
    expect(await daemon.end('SIGKILL')).toBe('SIGKILL');
    const next = await start();
    expect(next.ready.address).toBe('127.0.0.2');
    expect(await findings()).not.toContain(waits);
    expect(await next.end()).toBe(0);
  });

  it('shows a file that cannot be read again until it is mended', async () => {
    const daemon = await start();
    const good = readFileSync(files.main, 'utf8');
    rewrite('bind_port = 0', 'bind_port = none');
    daemon.child.kill('SIGHUP');
    await eventually(() => expect(daemon.stderr()).toContain('configuration not read again'));
    writeFileSync(files.main, good);
    expect(await findings()).toContain('The configuration on disk cannot be used');
    daemon.child.kill('SIGHUP');
    await eventually(async () => expect(await findings()).not.toContain('cannot be used'));
    expect(await daemon.end()).toBe(0);
  });

  it('runs as amphora-agent, too, and with what the init script of Octavia’s package gives', async () => {
    const args = [
      `--config-file=${files.main}`,
      '--local-config',
      files.local,
      '--log-file=/nowhere/agent.log',
    ];
    const daemon = await startDaemon([...args, '--ready-json'], { launcher: 'amphora-agent' });
    const client = createClient({
      port: daemon.ready.port,
      ca: pki.ca.certificatePem,
      identity: pki.client,
    });
    expect((await client.get('/info')).status).toBe(200);
    client.close();
    expect(daemon.stderr()).toContain('warning: --log-file has no effect');
    expect(await daemon.end()).toBe(0);
  });
});
