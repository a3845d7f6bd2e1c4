// What only real programs can show; the rest is in tests/contracts/process.test.ts.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DetachedProcess } from '../../../agent/host/process';
import { createNodeProcessRunner } from '../../../agent/host/node/process';
import { signalError } from '../../../agent/host/node/process-errors';
import { parseCmdline, parseStat, parseStatus } from '../../../agent/host/node/process-identity';
import { eventually } from '../../fakes/eventually';

const env = {
  HOME: '/home/agent',
  PATH: '/somewhere/else',
  TZ: 'Asia/Tokyo',
  AMPHORAD_HEALTH_MANAGER_HEARTBEAT_KEY: 'secret',
  NOTIFY_SOCKET: '/run/notify',
  LISTEN_FDS: '1',
};
const runner = createNodeProcessRunner({ env });
const sh = (script: string): readonly string[] => ['sh', '-c', script];

let folder: string;
let started: DetachedProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'node-process-'));
  started = [];
});
afterEach(async () => {
  for (const { pid, exited } of started) {
    runner.signal(pid, 'SIGKILL');
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
});

async function start(argv: readonly string[], logPath = join(folder, 'log')): Promise<DetachedProcess> {
  const process = await runner.startDetached(argv, { logPath });
  started.push(process);
  return process;
}

describe('running a program', () => {
  it('hands every argument over as it is, without a shell', async () => {
    const argv = ['printf', '%s|', '$HOME', '; id', '*', '', 'a b', '"'];
    expect((await runner.run(argv)).stdout).toBe('$HOME|; id|*||a b|"|');
  });

  it('gives it a fixed PATH, the C locale, UTC, and none of our own options', async () => {
    const lines = (await runner.run(['env'])).stdout.split('\n');
    expect(lines).toContain('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
    expect(lines).toEqual(expect.arrayContaining(['LC_ALL=C', 'TZ=UTC', 'HOME=/home/agent']));
    expect(lines).toContain('NOTIFY_SOCKET=/run/notify');
    expect(lines.filter((line) => line.includes('AMPHORAD') || line.includes('secret'))).toEqual([]);
  });

  it('keeps the beginning of a long output, says so, and lets the program finish', async () => {
    const result = await runner.run(sh('echo first; head -c 5000000 /dev/zero | tr "\\0" x; echo done >&2'));
    expect(result).toMatchObject({ code: 0, truncated: true, timedOut: false, stderr: 'done\n' });
    expect(result.stdout).toHaveLength(1024 * 1024);
    expect(result.stdout.startsWith('first\nxxx')).toBe(true);
  });

  it('cuts between characters, and not at all what fits exactly', async () => {
    const small = createNodeProcessRunner({ env, maxOutputBytes: 4 });
    const cut = await small.run(['printf', '%s', 'aüüü']);
    expect(cut).toMatchObject({ stdout: 'aü', truncated: true });
    const whole = await small.run(['printf', '%s', 'üü']);
    expect(whole).toMatchObject({ stdout: 'üü', truncated: false });
  });

  it('kills one that ignores TERM', async () => {
    const result = await runner.run(sh('trap "" TERM; exec sleep 1000'), { timeoutMs: 100 });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
  });

  it('keeps what one that timed out had printed', async () => {
    const result = await runner.run(sh('echo working; exec sleep 1000'), { timeoutMs: 1_000 });
    expect(result).toMatchObject({ stdout: 'working\n', timedOut: true });
  });

  it('does not wait for a grandchild that holds the pipes', async () => {
    const result = await runner.run(sh('sleep 1000 & echo $!'));
    const grandchild = Number(result.stdout);
    expect((await runner.identify(grandchild))?.argv).toEqual(['sleep', '1000']);
    runner.signal(grandchild, 'SIGKILL');
    expect(result).toMatchObject({ code: 0, timedOut: false });
  });

  it('does not mind one that reads nothing of a long input', async () => {
    expect(await runner.run(['true'], { input: 'x'.repeat(4_000_000) })).toMatchObject({ code: 0 });
  });

  it('is unavailable, with the errno, for what is too long or not executable', async () => {
    const plain = join(folder, 'plain');
    await writeFile(plain, 'text');
    await expect(runner.run([plain])).rejects.toMatchObject({
      kind: 'unavailable',
      message: `Cannot start ${plain}: EACCES`,
      cause: expect.objectContaining({ code: 'EACCES' }),
    });
    await expect(runner.run(['true', 'x'.repeat(4_000_000)])).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'Cannot start true: E2BIG',
    });
  });

  it('refuses an argument with a NUL and an argv without a program', async () => {
    await expect(runner.run(['true', 'a\0b'])).rejects.toMatchObject({ kind: 'invalid-input' });
    await expect(runner.run([])).rejects.toMatchObject({ kind: 'internal' });
  });
});

describe('starting a program that outlives us', () => {
  it('puts it in a session of its own, with nothing to read', async () => {
    const { pid } = await start(['sleep', '1000']);
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    const [group, session] = [fields[2], fields[3]];
    expect([group, session]).toEqual([String(pid), String(pid)]);
    expect(execFileSync('readlink', [`/proc/${pid}/fd/0`]).toString()).toBe('/dev/null\n');
  });

  it('appends both outputs to the log, whose mode becomes 0600', async () => {
    const log = join(folder, 'log');
    await writeFile(log, 'before\n');
    await chmod(log, 0o644);
    const { exited } = await start(sh('echo out; echo err >&2; exit 2'));
    expect(await exited).toEqual({ code: 2, signal: null });
    expect(await readFile(log, 'utf8')).toBe('before\nout\nerr\n');
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it('keeps the service manager to ourselves', async () => {
    const { exited } = await start(['env']);
    await exited;
    const printed = await readFile(join(folder, 'log'), 'utf8');
    expect(printed).toContain('LC_ALL=C\n');
    expect(printed).not.toMatch(/NOTIFY_SOCKET|LISTEN_FDS|AMPHORAD/);
  });

  it('refuses a log that is a link or no file, and starts nothing', async () => {
    const marker = join(folder, 'marker');
    await symlink(join(folder, 'elsewhere'), join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (const name of ['link', 'fifo', '.']) {
      await expect(start(['touch', marker], join(folder, name))).rejects.toMatchObject({
        kind: 'precondition',
      });
    }
    await expect(stat(marker)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(join(folder, 'elsewhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('identifying a process', () => {
  it('sees through a name with blanks and parentheses', async () => {
    const program = join(folder, 'a) Z (b 1');
    await copyFile('/bin/sleep', program);
    const { pid } = await start([program, '1000']);
    await eventually(async () => {
      expect(await runner.identify(pid)).toMatchObject({ state: 'S', argv: [program, '1000'] });
    });
  });

  it('reports a zombie with its state and no argv, and still signals it', async () => {
    // It ends once the shell has become another program: a shell waits for its children.
    await start(sh('(until grep -q sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 1000'));
    await eventually(async () => {
      const zombie = Number(await readFile(join(folder, 'log'), 'utf8'));
      expect(await runner.identify(zombie)).toMatchObject({ pid: zombie, state: 'Z', argv: [] });
      expect(runner.signal(zombie, 'SIGTERM')).toBe(true);
    });
  });

  it('knows ourselves', async () => {
    expect(await runner.identify(process.pid)).toMatchObject({ pid: process.pid });
  });

  it('reads the fields of proc_pid_stat(5), whatever the name', () => {
    const numbers = Array.from({ length: 48 }, (_, index) => String(index + 5)).join(' ');
    expect(parseStat(`7 (x) R 1 (y)) S 4 ${numbers}\n`)).toEqual({
      name: 'x) R 1 (y)',
      state: 'S',
      sessionId: 6,
      startTicks: '22',
    });
    expect(parseStat('')).toBeUndefined();
  });

  it('reads the user and the pid namespace of proc_pid_status(5)', () => {
    const status = (uids: string, pids: string): string => `Name:\tx\nUid:\t${uids}\nNSpid:\t${pids}\n`;
    expect(parseStatus(status('0\t65534\t0\t0', '7'))).toEqual({ userId: 65_534, isContained: false });
    expect(parseStatus(status('0\t0\t0\t0', '7\t1'))).toEqual({ userId: 0, isContained: true });
    expect(parseStatus('')).toBeUndefined();
  });

  it('splits a command line at its NULs, empty arguments included', () => {
    expect(parseCmdline('haproxy\0-f\0\0')).toEqual(['haproxy', '-f', '']);
    expect(parseCmdline('a title that replaced it')).toEqual(['a title that replaced it']);
    expect(parseCmdline('')).toEqual([]);
  });
});

describe('a signal that is refused', () => {
  it('is forbidden when the process is not ours, internal otherwise', () => {
    expect(signalError(7, { code: 'EPERM' })).toMatchObject({ kind: 'forbidden' });
    expect(signalError(7, { code: 'EINVAL' })).toMatchObject({ kind: 'internal' });
  });
});
