// The doctor beside the real agent: what both say of a machine on which something was planted, spoiled or killed.

import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const other = '00000002-aaaa-4bbb-8ccc-dddddddddddd';
let pki: TestPki;
let backend: Backend;
let directory: string;
let configured: readonly string[];
let daemon: Daemon;
let client: Client;

interface Report {
  readonly errors: number;
  readonly checks: readonly {
    readonly check: string;
    readonly findings: readonly { check: string; what: string }[];
  }[];
}

const inLib = (...parts: readonly string[]): string => join(directory, 'lib', ...parts);
const doctor = async (): Promise<{ readonly report: Report; readonly code: number | string }> => {
  const { code, stdout } = await runToEnd(['doctor', ...configured, '--json']);
  return { report: JSON.parse(stdout) as Report, code };
};
const found = ({ checks }: Report): readonly string[] =>
  checks.flatMap(({ findings }) => findings.map(({ check }) => check));

async function start(): Promise<void> {
  daemon = await startDaemon(['serve', ...configured, '--ready-json']);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function startListener(id = listener): Promise<number> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${id}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${id}/start`)).status).toBe(202);
  return port;
}
const statusOf = async (id: string): Promise<unknown> =>
  ((await client.get('/v0.1/listeners')).json() as { uuid: string; status: string }[]).find(
    ({ uuid }) => uuid === id,
  )?.status;

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
  for (const id of [listener, other]) await client.delete(`/v0.1/listeners/${id}`);
  client.close();
  await daemon.end();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

describe('amphorad doctor beside a running agent', () => {
  it('finds no error on a healthy amphora, reads what the agent says, and its socket is for its owner alone', async () => {
    await startListener();
    const { report, code } = await doctor();
    expect(report.errors).toBe(0);
    expect([0, 2]).toContain(code);
    expect(
      found(report).filter(
        (check) => check !== 'descriptors' && check !== 'server-certificate' && check !== 'client-ca',
      ),
    ).toEqual([]);
    expect(statSync(inLib('agent.sock')).mode & 0o777).toBe(0o600);
  });

  it('without the agent: an error that says how to start it', async () => {
    await daemon.end('SIGKILL');
    const { code, stdout } = await runToEnd(['doctor', ...configured]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/error {4}agent: No agent answers.*\n +why: .*\n +do: {2}Start it/),
    ]);
    await start();
  });

  it('with a wrong configuration 78, with a wrong option 64', async () => {
    expect((await runToEnd(['doctor', '--config-file', '/nowhere.conf'])).code).toBe(78);
    expect((await runToEnd(['doctor', '--fast'])).code).toBe(64);
  });

  it('a haproxy that lost its configuration and an unknown directory are named, and neither is touched', async () => {
    const port = await startListener();
    mkdirSync(inLib('surprise'));
    rmSync(inLib(listener, 'haproxy.cfg'));
    const { report, code } = await doctor();
    expect(code).toBe(1);
    expect(found(report)).toEqual(
      expect.arrayContaining(['process-without-configuration', 'unknown-entries']),
    );
    expect(await fetchText(port)).toBe('one');
    expect(statSync(inLib('surprise')).isDirectory()).toBe(true);
  });
});

describe('the agent is started on a spoiled directory', () => {
  it('a truncated state: haproxy is taken over without a lost request, the file is kept, and DELETE works', async () => {
    const port = await startListener();
    const pid = `(pid ${readFileSync(inLib(listener, `${listener}.pid`), 'utf8').trim()})`;
    await daemon.end('SIGKILL');
    const state = inLib(listener, 'state.json');
    writeFileSync(state, readFileSync(state, 'utf8').slice(0, 50));
    await start();
    expect(await statusOf(listener)).toBe('ACTIVE');
    expect(await fetchText(port)).toBe('one');
    expect(found((await doctor()).report)).toContain('state-put-aside');
    expect((await client.put(`/v0.1/listeners/${listener}/start`)).text).toContain(pid);
    expect((await client.delete(`/v0.1/listeners/${listener}`)).status).toBe(200);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('a link in place of a state: ERROR and 409 naming it, the others serve, what it leads to is untouched', async () => {
    const port = await startListener();
    await startListener(other);
    await daemon.end('SIGKILL');
    const kept = join(directory, 'kept.json');
    writeFileSync(kept, readFileSync(inLib(other, 'state.json')));
    rmSync(inLib(other, 'state.json'));
    symlinkSync(kept, inLib(other, 'state.json'));
    const before = readFileSync(kept, 'utf8');
    await start();
    expect([await statusOf(listener), await statusOf(other)]).toEqual(['ACTIVE', 'ERROR']);
    expect(await fetchText(port)).toBe('one');
    const answer = await client.put(`/v0.1/listeners/${other}/start`);
    expect([answer.status, answer.text]).toEqual([
      409,
      expect.stringContaining('is a link, expected a file'),
    ]);
    expect(found((await doctor()).report)).toContain('untrusted-entries');
    expect(readFileSync(kept, 'utf8')).toBe(before);
    rmSync(inLib(other, 'state.json'));
    writeFileSync(inLib(other, 'state.json'), before, { mode: 0o600 });
  });

  it('leftovers of a killed agent are gone when it answers', async () => {
    await startListener();
    await daemon.end('SIGKILL');
    const left = ['.state.json.0123456789ab.tmp', 'haproxy.cfg.candidate', 'overlay.cfg.candidate'].map(
      (name) => inLib(listener, name),
    );
    const discarded = inLib(`.${other}.removed`);
    mkdirSync(discarded);
    const bundle = join(directory, '.server.pem.0123456789ab.tmp');
    for (const path of [...left, bundle, join(discarded, 'haproxy.cfg')]) writeFileSync(path, 'x');
    await start();
    for (const path of [...left, bundle, discarded]) expect(() => statSync(path)).toThrow('ENOENT');
    expect(await statusOf(listener)).toBe('ACTIVE');
  });
});
