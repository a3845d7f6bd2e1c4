// Disks that are full or read-only, as small real file systems: a clear answer, nothing half-written, and the agent
// goes on. Needs root to mount.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { createClient, type Client } from '../surfaces/kit/client';
import { endLeftovers, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from '../surfaces/kit/traffic';

const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: no root, so no small disk can be mounted\n');

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const path = `/v0.1/listeners/${listener}`;
const mib = 1024 * 1024;
let pki: TestPki;
let backend: Backend;
let directory: string;
let disk: string;
let daemon: Daemon;
let client: Client;
let port: number;
let text: string;

const mount = (...args: readonly string[]): void => {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};
const upload = (wanted: string) => client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, wanted);
const bundle = (): string => `${pki.client.keyPem}${pki.client.certificatePem}`;
const putCertificate = () => client.put(`${path}/certificates/www.example.pem`, bundle());
const changed = (): string => text.replace('maxconn 500', 'maxconn 501');

/** All regular files of the listener, with what is in them; the log apart. */
function snapshot(): Readonly<Record<string, string>> {
  const at = join(disk, listener);
  const names = readdirSync(at, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names
      .filter(({ name }) => name !== 'haproxy.log')
      .map(({ name }) => [name, readFileSync(join(at, name), 'utf8')]),
  );
}

/** Leaves `bytes` free, or as little as there is. */
function fill(bytes: number): () => void {
  const ballast = join(disk, 'ballast');
  const { stdout } = spawnSync('df', ['--output=avail', '-B1', disk], { encoding: 'utf8' });
  const room = Number(stdout.split('\n')[1]) - bytes;
  try {
    writeFileSync(ballast, Buffer.alloc(Math.max(room, 0)));
  } catch {
    // Full is what it is meant to be.
  }
  return () => rmSync(ballast);
}

async function expectAsBefore(before: Readonly<Record<string, string>>): Promise<void> {
  expect(snapshot()).toEqual(before);
  expect((await client.get(`${path}/haproxy`)).text).toBe(text);
  expect((await client.get(path)).json()).toMatchObject({ status: 'ACTIVE' });
  expect(await fetchText(port)).toBe('one');
  expect(readdirSync(join(disk, listener)).filter((name) => /tmp|candidate/.test(name))).toEqual([]);
}

async function expectAllWorks(): Promise<void> {
  expect((await upload(changed())).status).toBe(201);
  expect((await putCertificate()).status).toBe(201);
  expect((await client.put(`${path}/reload`)).status).toBe(202);
  expect(await fetchText(port)).toBe('one');
}

(isRoot ? describe : describe.skip)('an amphora whose disk', () => {
  beforeAll(async () => {
    [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
  });
  afterAll(() => backend.close());

  beforeEach(async () => {
    directory = temporaryDirectory();
    disk = join(directory, 'lib');
    mkdirSync(disk);
    mount('-t', 'tmpfs', '-o', 'size=40m,mode=755', 'tmpfs', disk);
    const { main, local } = writeAgentFiles(directory, pki);
    const args = ['--config-file', main, '--local-config', local, '--ready-json', '--stop-children'];
    daemon = await startDaemon(['serve', ...args]);
    client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
    port = await freePort();
    text = listenerConfig({ port, backends: [backend] });
    expect((await upload(text)).status).toBe(201);
    expect((await client.put(`${path}/start`)).status).toBe(202);
  });

  afterEach(async () => {
    client.close();
    await daemon.end();
    await endLeftovers();
    spawnSync('umount', [disk]);
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([
    ['has less left than is kept free', 15 * mib],
    ['is full to the last byte', 0],
  ])('%s: 507, stored and running stay, and it works again when there is space', async (_how, left) => {
    const before = snapshot();
    const free = fill(left);
    for (const answer of [await upload(changed()), await putCertificate()]) {
      expect([answer.status, answer.json()]).toEqual([
        507,
        expect.objectContaining({ message: 'No space left on this amphora' }),
      ]);
    }
    await expectAsBefore(before);
    free();
    await expectAllWorks();
  });

  it('becomes full before a reload: 507, and the running configuration goes on', async () => {
    expect((await upload(changed())).status).toBe(201);
    text = changed();
    const before = snapshot();
    const free = fill(0);
    expect((await client.put(`${path}/reload`)).status).toBe(507);
    await expectAsBefore(before);
    free();
    expect((await client.put(`${path}/reload`)).status).toBe(202);
  });

  it('is full can be emptied: a listener is stopped and deleted', async () => {
    fill(0);
    expect((await client.delete(path)).status).toBe(200);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    expect(readdirSync(disk).filter((name) => name.startsWith(listener))).toEqual([]);
  });

  it('becomes read-only: 503 naming it, haproxy serves, and it works again when it can be written', async () => {
    const before = snapshot();
    // Over it: haproxy holds its log open, and its file system cannot be made read-only under that.
    mount('--bind', disk, disk);
    mount('-o', 'remount,bind,ro', disk);
    try {
      for (const call of [() => upload(changed()), putCertificate, () => client.put(`${path}/stop`)]) {
        const answer = await call();
        expect([answer.status, answer.json()]).toEqual([
          503,
          { message: expect.any(String), details: expect.stringMatching(/EROFS: .*lib/) },
        ]);
      }
      await expectAsBefore(before);
    } finally {
      expect(spawnSync('umount', [disk]).status).toBe(0);
    }
    await expectAllWorks();
  });
});
