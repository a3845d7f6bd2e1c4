// What docs/upkeep.md says of a backup: its tar, made while the agent runs, brings a load balancer back where nothing is.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient } from './kit/client';
import { startDaemon } from './kit/daemon';
import { amphoraId, makePki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend } from './kit/traffic';

const id = '0a000000-0000-4000-8000-000000000001';
const page = readFileSync(join(__dirname, '../../docs/upkeep.md'), 'utf8');

/** The words of the page's command that begins like this, with a directory in place of its own. */
function wordsOf(beginning: string, archive: string, directories: readonly string[]): readonly string[] {
  const text = new RegExp(`^ {4}${beginning}(?:.*\\\\\n)*.*$`, 'm').exec(page)?.[0] ?? '';
  const words = text.replaceAll(/['\\]/g, '').trim().split(/\s+/).slice(1);
  return [
    ...words
      .map((word) => (word === 'amphora.tar.gz' ? archive : word))
      .filter((word) => !/^(?:var|etc)\//.test(word)),
    ...directories,
  ];
}

it('a backup of a running amphora, restored where nothing is, balances again', async () => {
  const pki = await makePki();
  const directory = temporaryDirectory();
  const elsewhere = temporaryDirectory();
  const { main, local } = writeAgentFiles(directory, pki, {});
  const backend = await startBackend('one');
  const port = await freePort();
  const serve = ['serve', '--config-file', main, '--local-config', local, '--ready-json', '--stop-children'];
  const archive = join(elsewhere, 'amphora.tar.gz');

  const first = await startDaemon(serve);
  const client = createClient({ port: first.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
  const upload = `/1.0/loadbalancer/${amphoraId}/${id}/haproxy`;
  expect((await client.put(upload, listenerConfig({ port, backends: [backend] }))).status).toBe(202);
  expect((await client.put(`/1.0/loadbalancer/${id}/start`)).status).toBe(202);
  execFileSync('tar', wordsOf('tar --create', archive, [directory.slice(1)]));
  client.close();
  await first.end();
  rmSync(directory, { recursive: true });
  await expect(fetchText(port)).rejects.toThrow();

  execFileSync('tar', wordsOf('tar --extract', archive, []));
  const second = await startDaemon(serve);
  await eventually(async () => expect(await fetchText(port)).toBe('one'));
  await second.end();
  await backend.close();
  for (const each of [directory, elsewhere]) rmSync(each, { recursive: true, force: true });
});
