// The pair's scripts as keepalived runs them: they need no agent, and end in time whatever hangs.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { renderCheckList, writeCheckList } from '../../../agent/keepalived/vrrp-check-list';
import { vrrpPaths, type VrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { readTransitions } from '../../../agent/keepalived/vrrp-states';
import { createMemoryFiles } from '../../fakes/memory-files';

const scripts = join(__dirname, '..', '..', '..', 'agent', 'companions', 'vrrp');
let directory: string;
let paths: VrrpPaths;
let servers: Server[] = [];
let children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync('/tmp/amph-vrrp-');
  paths = vrrpPaths(directory);
  mkdirSync(paths.checkScripts, { recursive: true });
  for (const [name, to] of [
    ['check_script.sh', paths.checkScript],
    ['notify.sh', paths.notifyScript],
  ] as const) {
    copyFileSync(join(scripts, name), to);
    chmodSync(to, 0o755);
  }
});

afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  for (const child of children) child.kill('SIGKILL');
  servers = [];
  children = [];
  rmSync(directory, { recursive: true, force: true });
});

async function run(program: string, ...args: readonly string[]) {
  try {
    const { stderr } = await promisify(execFile)(program, args);
    return { code: 0, stderr };
  } catch (thrown) {
    const { code, stderr } = thrown as { code: number; stderr: string };
    return { code, stderr };
  }
}

const addCheck = (name: string, text: string, mode = 0o755): void =>
  writeFileSync(join(paths.checkScripts, name), text, { mode });

describe('check_script.sh', () => {
  const check = async (): Promise<number> => (await run(paths.checkScript)).code;

  it('exits with the sum of the codes of all checks', async () => {
    expect(await check()).toBe(0);
    addCheck('one.sh', '#!/bin/sh\nexit 3\n');
    addCheck('two', 'exit 4\n', 0o644);
    expect(await check()).toBe(7);
  });

  it('never turns failures into a success by their sum', async () => {
    addCheck('one', '#!/bin/sh\nexit 128\n');
    addCheck('two', '#!/bin/sh\nexit 128\n');
    expect(await check()).toBe(255);
  });

  it('passes over what an agent that was killed has left there', async () => {
    addCheck('.haproxy_check_script.sh.0123456789ab.tmp', 'exit 1\n');
    mkdirSync(join(paths.checkScripts, 'directory'));
    expect(await check()).toBe(0);
  });

  it('succeeds while disabled, and fails while the address is to move', async () => {
    addCheck('one', 'exit 1\n');
    writeFileSync(paths.disabled, '');
    expect(await check()).toBe(0);
    writeFileSync(paths.forceFail, '');
    expect(await check()).toBe(1);
  });
});

describe('haproxy_check_script.sh', () => {
  const pidFile = (): string => join(directory, 'h.pid');
  const socket = (): string => join(directory, 'h.sock');

  async function serve(path: string, answer: 'answers' | 'hangs' | 'closes'): Promise<void> {
    const server = createServer((connection) => {
      connection.on('error', () => undefined);
      connection.on('data', () => {
        if (answer === 'answers') connection.end('Name: HAProxy\n');
        if (answer === 'closes') connection.destroy();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  /** A process whose program has this name. */
  function startProgram(name: string): number {
    const program = join(directory, name);
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const child = spawn(program, ['60'], { stdio: 'ignore' });
    children.push(child);
    return child.pid ?? 0;
  }

  const list = (changes: Partial<Parameters<typeof renderCheckList>[0]> = {}): void =>
    writeFileSync(
      paths.checkList,
      renderCheckList({
        program: 'haproxy',
        loadBalancers: [{ pidFile: pidFile(), statsSocket: socket() }],
        servicePorts: [],
        whenNone: 'failure',
        ...changes,
      }),
    );
  const check = async () => {
    copyFileSync(join(scripts, 'haproxy_check_script.sh'), paths.haproxyCheck);
    chmodSync(paths.haproxyCheck, 0o755);
    return run(paths.haproxyCheck);
  };

  beforeEach(() => {
    list();
    writeFileSync(pidFile(), `${startProgram('haproxy')}\n`);
  });

  it('succeeds while haproxy lives and answers', async () => {
    await serve(socket(), 'answers');
    expect(await check()).toEqual({ code: 0, stderr: '' });
  });

  it.each<['hangs' | 'closes', RegExp]>([
    ['hangs', /no answer within 0\.5 s/],
    ['closes', /closed without an answer|Connection reset/],
  ])('fails when haproxy %s', async (answer, why) => {
    await serve(socket(), answer);
    expect(await check()).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
  });

  it('fails when one of several hangs', async () => {
    await serve(socket(), 'answers');
    await serve(join(directory, 'other.sock'), 'hangs');
    list({
      loadBalancers: [
        { pidFile: pidFile(), statsSocket: socket() },
        { pidFile: pidFile(), statsSocket: join(directory, 'other.sock') },
      ],
    });
    expect(await check()).toMatchObject({ code: 1, stderr: expect.stringContaining('other.sock') });
  });

  it.each<[string, () => void, RegExp]>([
    ['nobody listens', () => undefined, /h\.sock: No such file/],
    ['the pid file is gone', () => rmSync(pidFile()), /h\.pid: No such file/],
    ['the pid file is empty', () => writeFileSync(pidFile(), ''), /no pid/],
    ['haproxy is gone', () => void children.pop()?.kill('SIGKILL'), /is gone|h\.sock/],
    [
      'the pid is another program’s',
      () => writeFileSync(pidFile(), `${startProgram('other')}\n`),
      /is other/,
    ],
    ['there is no list', () => rmSync(paths.checkList), /check\.list: No such file/],
  ])('fails when %s', async (_what, change, why) => {
    change();
    expect(await check()).toMatchObject({ code: 1, stderr: expect.stringMatching(why) });
  });

  it('knows an haproxy whose program was replaced by an upgrade', async () => {
    await serve(socket(), 'answers');
    rmSync(join(directory, 'haproxy'));
    expect(await check()).toEqual({ code: 0, stderr: '' });
  });

  it('wants service ports in LISTEN, by the whole number, of either family', async () => {
    await serve(socket(), 'answers');
    const listening = await Promise.all(
      ['127.0.0.1', '::1'].map(async (host) => {
        const server = createServer();
        servers.push(server);
        await new Promise<void>((resolve) => server.listen(0, host, resolve));
        const address = server.address();
        return typeof address === 'object' && address !== null ? address.port : 0;
      }),
    );
    list({ servicePorts: listening });
    expect(await check()).toEqual({ code: 0, stderr: '' });
    const shorter = Math.floor((listening[0] ?? 0) / 10);
    list({ servicePorts: [shorter] });
    expect(await check()).toEqual({
      code: 1,
      stderr: `haproxy_check_script: port ${shorter} is not in LISTEN\n`,
    });
  });

  it.each([
    ['success', 0],
    ['failure', 1],
  ] as const)('without load balancers is a %s where the list says so', async (whenNone, code) => {
    list({ loadBalancers: [], whenNone, servicePorts: [1] });
    expect((await check()).code).toBe(code);
  });
});

describe('the list', () => {
  it('is written once, private, and refuses what would be another line', async () => {
    const files = createMemoryFiles({ '/v/': '' });
    const list = {
      program: 'haproxy',
      loadBalancers: [],
      servicePorts: [5432],
      whenNone: 'success',
    } as const;
    await writeCheckList(files, '/v/check.list', list);
    expect(files.snapshot()).toEqual({ '/v/check.list': 'program haproxy\nnone success\nport 5432\n' });
    const before = await files.stat('/v/check.list');
    expect(before?.mode).toBe(0o600);
    await writeCheckList(files, '/v/check.list', list);
    expect(await files.stat('/v/check.list')).toEqual(before);
    expect(() => renderCheckList({ ...list, program: 'a\nhaproxy' })).toThrow(
      expect.objectContaining({ kind: 'internal' }),
    );
  });
});

describe('notify.sh', () => {
  const notify = (...args: readonly string[]) => run(paths.notifyScript, ...args);
  const told = () => readTransitions(readFileSync(paths.notifyLog, 'utf8'));

  it('appends a line for each change of state, with who told it', async () => {
    expect(await notify('INSTANCE', 'VI_1', 'BACKUP', '100')).toEqual({ code: 0, stderr: '' });
    await notify('INSTANCE', 'VI_1', 'MASTER', '100');
    expect(told()).toEqual([
      { instance: 'VI_1', state: 'BACKUP', priority: 100, uptimeS: expect.any(Number), pid: process.pid },
      { instance: 'VI_1', state: 'MASTER', priority: 100, uptimeS: expect.any(Number), pid: process.pid },
    ]);
  });

  it.each([
    [['GROUP', 'g', 'MASTER', '100']],
    [['INSTANCE', 'a"b', 'MASTER', '100']],
    [['INSTANCE', 'a', 'MASTER', 'x']],
    [[]],
  ])('writes nothing for %j, and is content', async (args) => {
    expect((await notify(...args)).code).toBe(0);
    expect(() => readFileSync(paths.notifyLog)).toThrow('ENOENT');
  });

  it('is content where nothing can be written', async () => {
    mkdirSync(paths.notifyLog);
    expect((await notify('INSTANCE', 'a', 'MASTER', '1')).code).toBe(0);
  });

  it('keeps the newest hundred lines when a pair flaps', async () => {
    writeFileSync(paths.notifyLog, `${'x'.repeat(70)}\n`.repeat(1_000));
    await notify('INSTANCE', 'a', 'MASTER', '1');
    const lines = readFileSync(paths.notifyLog, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(100);
    expect(told()).toMatchObject([{ instance: 'a', state: 'MASTER' }]);
  });
});

it('no script needs more than sh and perl-base', () => {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const name of ['sh', 'perl', 'wc', 'tail', 'mv']) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(bin, name));
  }
  writeFileSync(paths.checkList, 'program haproxy\nnone success\n');
  copyFileSync(join(scripts, 'haproxy_check_script.sh'), paths.haproxyCheck);
  const { status, stderr } = spawnSync('sh', [paths.checkScript], { env: { PATH: bin }, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
