// Templates of an operator, through the launcher as it is shipped: the compiler is in the bundle, haproxy reads what the
// template says, and a broken one keeps the agent from starting.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient } from './kit/client';
import { endLeftovers, runToEnd, startDaemon } from './kit/daemon';
import { amphoraId, makePki, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const overlay = `global
    stats socket {{adminSocket}} mode 600 level admin expose-fd listeners
    no strict-limits
{{#each logs}}
    log {{this}}
{{/each}}
    description read from a template
`;
let pki: TestPki;
let backend: Backend;
let directory: string;
let words: readonly string[];

const template = (name: string, text: string): void =>
  writeFileSync(join(directory, 'templates', `${name}.hbs`), text);

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory, 'templates'));
  const amphorad = `template_dir = ${join(directory, 'templates')}`;
  const { main, local } = writeAgentFiles(directory, pki, { amphorad });
  words = ['--config-file', main, '--local-config', local];
});
afterEach(async () => {
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

it('haproxy reads what an operator’s template says', async () => {
  template('haproxy-overlay.cfg', overlay);
  const checked = await runToEnd(['check', ...words]);
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('haproxy-overlay.cfg.hbs') });
  const daemon = await startDaemon(['serve', ...words, '--ready-json', '--stop-children']);
  const client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
  const port = await freePort();
  const text = listenerConfig({ port, backends: [backend] });
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${listener}/start`)).status).toBe(202);
  expect(await fetchText(port)).toBe('one');
  const socket = join(directory, 'lib', listener, 'admin.sock');
  const info = await createNodeUnixSockets().request(socket, 'show info', { timeoutMs: 5_000 });
  expect(info).toContain('read from a template');
  client.close();
  expect(await daemon.end()).toBe(0);
  expect(daemon.stderr()).toContain('templates in place of those built in');
});

it.each(['serve', 'check'])(
  'exit 78: a template that cannot be used is named with why: %s',
  async (command) => {
    template('keepalived-vrrp.conf', 'vrrp_instance {{name}} {\n{{#if peers}}\n');
    const { code, stderr } = await runToEnd([command, ...words]);
    expect(code).toBe(78);
    expect(stderr).toMatch(/keepalived-vrrp\.conf\.hbs: Parse error on line 3/);
  },
);
