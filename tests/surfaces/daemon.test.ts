// The daemon from the outside: what it says of a bad configuration, and how it starts and ends.

import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient } from './kit/client';
import { endLeftovers, runToEnd, startDaemon } from './kit/daemon';
import { amphoraId, makePki, makeServer, type TestPki } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const nobody = 65_534;
const day = 86_400_000;
let pki: TestPki;
let backend: Backend;
let directory: string;
let files: { main: string; local: string };

beforeAll(async () => {
  [pki, backend] = await Promise.all([makePki(), startBackend('one')]);
});
afterAll(() => backend.close());
beforeEach(() => {
  directory = temporaryDirectory();
  files = writeAgentFiles(directory, pki);
});
afterEach(async () => {
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

const withFiles = (command: string): readonly string[] => [
  command,
  '--config-file',
  files.main,
  '--local-config',
  files.local,
];
const clientOf = (port: number) => createClient({ port, ca: pki.ca.certificatePem, identity: pki.client });

describe('a configuration that is wrong', () => {
  it('exit 78, all errors at once, each with file, line, key, value and what was expected', async () => {
    writeFileSync(
      files.main,
      `[haproxy_amphora]
bind_port = many
base_path = relative
[health_manager]
controller_ip_port_list = 192.0.2.1:5555
heartbeat_interval = often
[amphora_agent]
amphora_idd = ${amphoraId}
`,
    );
    for (const command of ['serve', 'check']) {
      const { code, stderr } = await runToEnd(withFiles(command));
      expect(code).toBe(78);
      expect(stderr).toMatch(/agent\.conf:2: \[haproxy_amphora\] bind_port = "many": expected .*65535/);
      expect(stderr).toMatch(
        /agent\.conf:3: \[haproxy_amphora\] base_path = "relative": expected an absolute path/,
      );
      expect(stderr).toMatch(/agent\.conf:6: \[health_manager\] heartbeat_interval = "often": expected/);
      expect(stderr).toMatch(/\[health_manager\] heartbeat_key/);
      expect(stderr).toMatch(/agent\.conf:8: .*amphora_idd/);
      expect(stderr).toMatch(/\[amphora_agent\] amphora_id.*agent\.conf:8/);
    }
  });

  it('exit 78: a file that is not there, or is a directory, is named', async () => {
    const missing = await runToEnd(['serve', '--config-file', join(directory, 'none.conf')]);
    expect([missing.code, missing.stderr]).toEqual([78, expect.stringContaining('none.conf')]);
    const folder = await runToEnd(['serve', '--config-file', directory]);
    expect([folder.code, folder.stderr]).toEqual([78, expect.stringContaining(directory)]);
  });

  it('exit 78: a base_path too long for socket paths, with the figure', async () => {
    const long = `/tmp/${'x'.repeat(60)}`;
    writeFileSync(
      files.main,
      readFileSync(files.main, 'utf8').replace(/base_path = .*/, `base_path = ${long}`),
    );
    const { code, stderr } = await runToEnd(withFiles('serve'));
    expect(code).toBe(78);
    expect(stderr).toMatch(/base_path is too long.*65 bytes, at most \d+ fit/s);
  });
});

it.each(['serve', 'check'])(
  'exit 78: revocation lists that cannot be used are named: %s',
  async (command) => {
    const lists = join(directory, 'lists.pem');
    writeFileSync(files.local, `${readFileSync(files.local, 'utf8')}client_crl = ${lists}\n`);
    const missing = await runToEnd(withFiles(command));
    expect([missing.code, missing.stderr]).toEqual([
      78,
      expect.stringContaining(`client_crl: there is no file ${lists}`),
    ]);
    writeFileSync(lists, 'garbage');
    const unreadable = await runToEnd(withFiles(command));
    expect([unreadable.code, unreadable.stderr]).toEqual([
      78,
      expect.stringContaining(`client_crl: ${lists}: No revocation list found`),
    ]);
  },
);

describe('a server bundle that is wrong: exit 78, naming option and file', () => {
  const cases: readonly [string, () => Promise<string | undefined>, RegExp][] = [
    ['missing', () => Promise.resolve(undefined), /agent_server_cert: there is no file/],
    [
      'without key',
      () => Promise.resolve(pki.server.certificatePem),
      /agent_server_cert: .*No RSA key found/,
    ],
    [
      'with a foreign key',
      async () => pki.server.certificatePem + (await makeServer(pki.ca)).keyPem,
      /agent_server_cert: .*Certificate and key do not match/,
    ],
    [
      'expired',
      async () =>
        (await makeServer(pki.ca, { notBefore: Date.now() - 9 * day, notAfter: Date.now() - day })).bundlePem,
      /agent_server_cert: .*Certificate is expired or not yet valid/,
    ],
  ];

  it.each(cases)('%s', async (_what, bundle, reason) => {
    const pem = await bundle();
    const path = join(directory, 'server.pem');
    if (pem === undefined) rmSync(path);
    else writeFileSync(path, pem);
    for (const command of ['serve', 'check']) {
      const { code, stderr } = await runToEnd(withFiles(command));
      expect([code, stderr]).toEqual([78, expect.stringMatching(reason)]);
    }
  });
});

describe('commands', () => {
  it('check: prints the configuration in force with its origins, secrets masked, and exits 0', async () => {
    const key = '[health_manager]\nheartbeat_key = very-secret\n';
    writeFileSync(files.main, readFileSync(files.main, 'utf8') + key);
    const { code, stdout } = await runToEnd(withFiles('check'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/amphora_id = 3a7e4b52.*agent\.conf:6/);
    expect(stdout).toMatch(/heartbeat_key = \*\*\*/);
    expect(stdout).not.toContain('very-secret');
    expect(stdout).toMatch(/^# .*kernel/m);
  });

  it('environment variables override files', async () => {
    const env = { AMPHORAD_HAPROXY_AMPHORA_BIND_HOST: '127.0.0.2' };
    const daemon = await startDaemon([...withFiles('serve'), '--ready-json'], { env });
    expect(daemon.ready.address).toBe('127.0.0.2');
    expect(await daemon.end()).toBe(0);
  });

  it('version, help and sample', async () => {
    expect((await runToEnd(['version'])).stdout).toMatch(/^amphorad \d+\.\d+\.\d+ /);
    expect((await runToEnd(['help'])).stdout).toMatch(/^usage: amphorad/);
    expect((await runToEnd(['sample'])).stdout).toContain('[haproxy_amphora]');
  });

  it.each([
    [['fly']],
    [['serve', '--fast']],
    [['dev', '--port', '70000']],
    [['certs']],
    [['version', '--force']],
  ])('%j: exit 64 with the usage', async (args) => {
    const { code, stderr } = await runToEnd(args);
    expect([code, stderr]).toEqual([64, expect.stringMatching(/^amphorad: .*\nusage: /s)]);
  });

  it('certs: makes a PKI with which an agent serves', async () => {
    const target = join(directory, 'made');
    const made = await runToEnd([
      'certs',
      '--directory',
      target,
      '--amphora-id',
      amphoraId,
      '--name',
      '127.0.0.1',
    ]);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining(join(target, 'server.pem'))]);
    expect(statSync(join(target, 'server.pem')).mode & 0o777).toBe(0o600);
    const again = await runToEnd(['certs', '--directory', target, '--amphora-id', amphoraId]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('are there already')]);
  });
});

describe('starting and ending', () => {
  it('--ready-json: one line with pid, address, port in fact bound, CA and amphora id', async () => {
    const daemon = await startDaemon([...withFiles('serve'), '--ready-json']);
    expect(daemon.ready).toEqual({
      ready: true,
      pid: daemon.child.pid,
      address: '127.0.0.1',
      port: expect.any(Number),
      ca: join(directory, 'ca.pem'),
      amphora_id: amphoraId,
    });
    expect(daemon.ready.port).toBeGreaterThan(0);
    expect(await daemon.end()).toBe(0);
  });

  it('a port that is taken: exit 1, naming address and reason', async () => {
    writeFileSync(
      files.main,
      readFileSync(files.main, 'utf8').replace('bind_port = 0', `bind_port = ${backend.port}`),
    );
    const { code, stderr } = await runToEnd(withFiles('serve'));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${backend.port}.*EADDRINUSE`));
  });

  it('SIGHUP reads the server certificate again; a bad one leaves the old in force; SIGUSR2 does not end it', async () => {
    const daemon = await startDaemon([...withFiles('serve'), '--ready-json']);
    const client = clientOf(daemon.ready.port);
    const serial = async () => (await client.get('/info', { pooled: false })).serverSerial;
    const first = await serial();
    const next = await makeServer(pki.ca);
    writeFileSync(join(directory, 'server.pem'), next.bundlePem);
    daemon.child.kill('SIGHUP');
    await eventually(async () => expect(await serial()).not.toBe(first));
    const second = await serial();
    writeFileSync(join(directory, 'server.pem'), 'broken');
    writeFileSync(files.local, `${readFileSync(files.local, 'utf8')}log_level = debug\n`);
    daemon.child.kill('SIGHUP');
    await eventually(() => expect(daemon.stderr()).toContain('configuration read again'));
    writeFileSync(files.local, 'broken');
    daemon.child.kill('SIGUSR2');
    daemon.child.kill('SIGHUP');
    await eventually(() => expect(daemon.stderr()).toContain('server certificate not read again'));
    await eventually(() => expect(daemon.stderr()).toContain('configuration not read again'));
    expect(await serial()).toBe(second);
    client.close();
    expect(await daemon.end()).toBe(0);
  });

  it('SIGTERM lets the answer under way finish, also with idle connections open', async () => {
    const daemon = await startDaemon([...withFiles('serve'), '--ready-json']);
    const client = clientOf(daemon.ready.port);
    await client.get('/info');
    const text = listenerConfig({ port: await freePort(), backends: [backend] });
    const upload = client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
    await eventually(() => expect(statSync(join(directory, 'lib', listener)).isDirectory()).toBe(true));
    const ended = daemon.end();
    expect((await upload).status).toBe(201);
    expect(await ended).toBe(0);
    client.close();
  });
});

describe('amphorad dev', () => {
  it('makes state, certificates and configuration on the first run, and keeps id and certificates on the second', async () => {
    const state = join(directory, 'var');
    const args = ['dev', '--state', state, '--port', '0', '--ready-json'];
    const first = await startDaemon(args);
    const read = (name: string): string => readFileSync(join(state, name), 'utf8');
    const ca = read('certs/ca.pem');
    expect(JSON.parse(read('ready.json'))).toMatchObject({ pid: first.child.pid, port: first.ready.port });
    expect(first.ready).toMatchObject({
      url: `https://127.0.0.1:${first.ready.port}`,
      ca: join(state, 'certs/ca.pem'),
      client_cert: join(state, 'certs/client.crt'),
      client_key: join(state, 'certs/client.key'),
      client_bundle: join(state, 'certs/client.pem'),
      base_path: join(state, 'lib'),
    });
    const client = createClient({
      port: first.ready.port,
      ca,
      identity: { keyPem: read('certs/client.key'), certificatePem: read('certs/client.crt') },
    });
    expect((await client.get('/info')).json()).toMatchObject({ uuid: first.ready.amphora_id });
    client.close();
    expect(await first.end('SIGINT')).toBe(0);
    const second = await startDaemon(args);
    expect(second.ready.amphora_id).toBe(first.ready.amphora_id);
    expect(read('certs/ca.pem')).toBe(ca);
    expect(await second.end()).toBe(0);
  });

  it('prints lines to copy: how to reach it, the demo, how to stop', async () => {
    const args = ['dev', '--state', join(directory, 'var'), '--port', '0'];
    const { code, stdout: plain } = await runToEnd(args, { until: 'stop:' });
    expect(code).toBe(0);
    expect(plain).toMatch(/curl --cacert \S+ca\.pem --cert \S+client\.pem https:\/\/localhost:\d+\/info/);
    expect(plain).toMatch(/npm run demo/);
    expect(plain).toMatch(/kill \d+/);
  });
});

describe('without root', () => {
  it('serves: user and group lines have no effect, GET gives the upload as it was, the log says so', async () => {
    if (process.getuid?.() === 0) {
      for (const path of [
        directory,
        files.main,
        files.local,
        join(directory, 'server.pem'),
        join(directory, 'ca.pem'),
      ]) {
        chownSync(path, nobody, nobody);
      }
      mkdirSync(join(directory, 'lib'));
      chownSync(join(directory, 'lib'), nobody, nobody);
      chmodSync(directory, 0o700);
    }
    const daemon = await startDaemon([...withFiles('serve'), '--ready-json', '--stop-children'], {
      uid: nobody,
    });
    const client = clientOf(daemon.ready.port);
    const port = await freePort();
    const text = listenerConfig({ port, backends: [backend] }).replace(
      '    daemon\n',
      '    daemon\n    user nobody\n    group nogroup\n',
    );
    const path = `/v0.1/listeners/${amphoraId}/${listener}/haproxy`;
    expect((await client.put(path, text)).status).toBe(201);
    expect((await client.put(`/v0.1/listeners/${listener}/start`)).status).toBe(202);
    expect(await fetchText(port)).toBe('one');
    expect((await client.get(`/v0.1/listeners/${listener}/haproxy`)).text).toBe(text);
    expect(daemon.stderr()).toMatch(/these lines have no effect without root.*4: user nobody/);
    expect((await client.put(`/v0.1/listeners/${listener}/reload`)).status).toBe(202);
    client.close();
    expect(await daemon.end()).toBe(0);
  });
});
