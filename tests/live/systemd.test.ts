// The process manager over a real systemd: a manager of one's own (`systemd --user`) in a mount namespace, which
// needs root but not PID 1. It knows the same transient units; only `--user` is put into each command.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeClock } from '../../agent/host/node/clock';
import { createNodeFiles } from '../../agent/host/node/files';
import { createNodeProcessRunner } from '../../agent/host/node/process';
import { createNodeSystem } from '../../agent/host/node/system';
import type { ProcessRunner } from '../../agent/host/process';
import { createDirectSupervisor } from '../../agent/supervisor/direct';
import { createSystemdSupervisor } from '../../agent/supervisor/systemd';
import { itKeepsItsPromises, scripts, specOf } from '../contracts/supervisor-cases';
import { eventually } from '../fakes/eventually';

const program = '/lib/systemd/systemd';
const missing =
  process.geteuid?.() !== 0 ? 'root' : [program, '/usr/bin/systemd-run'].find((path) => !existsSync(path));
if (missing !== undefined) process.stderr.write(`skipped: no ${missing}, so no systemd to run units\n`);

let folder: string;
let manager: ChildProcess;
let runner: ProcessRunner;

/** sd_booted(3) looks for /run/systemd/system: the namespace has a /run of its own. */
const start = (): ChildProcess =>
  spawn(
    'unshare',
    [
      ...['-m', 'sh', '-c'],
      `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec ${program} --user --unit=basic.target`,
    ],
    {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], HOME: folder, XDG_RUNTIME_DIR: folder, XDG_CONFIG_DIRS: folder },
    },
  );

const isAnswering = (): boolean =>
  spawnSync('systemctl', ['--user', 'show', '--property=Version'], {
    env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: folder },
  }).status === 0;

const host = () => ({
  runner,
  clock: createNodeClock(),
  system: createNodeSystem(),
  files: createNodeFiles(),
});

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = await mkdtemp('/tmp/amph-systemd-');
  manager = start();
  await eventually(() => expect(isAnswering()).toBe(true), 10_000);
  const real = createNodeProcessRunner({ env: { XDG_RUNTIME_DIR: folder } });
  runner = {
    ...real,
    run: ([name = '', ...rest], options) => real.run([name, '--user', ...rest], options),
  };
});

afterAll(async () => {
  if (missing !== undefined) return;
  const ended = new Promise((resolve) => manager.once('exit', resolve));
  manager.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

(missing === undefined ? describe : describe.skip)('a real systemd', () => {
  itKeepsItsPromises(() => {
    const logPath = join(folder, 'service.log');
    return Promise.resolve({
      ...host(),
      supervisor: createSystemdSupervisor(host()),
      other: createDirectSupervisor(host()),
      logPath,
      reloads: async () => (await readFile(logPath, 'utf8')).split('reload\n').length - 1,
      pass: (job) => job,
      clean: () => rm(logPath, { force: true }),
    });
  });

  it('gives a service its own cgroup in amphorad.slice, its limits, and a log for root alone', async () => {
    const supervisor = createSystemdSupervisor(host());
    const spec = { ...specOf(join(folder, 'own.log'), scripts.obedient), name: 'haproxy-1' };
    const { process: service } = await supervisor.start(spec);
    try {
      const read = (name: string): string => readFileSync(`/proc/${service.pid}/${name}`, 'utf8');
      expect(read('cgroup')).toContain('/amphorad.slice/amphorad-haproxy-1.service\n');
      expect(read('limits')).toMatch(/^Max open files +\d+ +(1048576|\d{4,6}) /m);
      expect(read('status')).toMatch(/^Umask:\t0077$/m);
      expect(read('environ').split('\0')).toEqual(expect.arrayContaining(['LC_ALL=C', 'TZ=UTC']));
      expect(read('environ')).not.toContain('NOTIFY_SOCKET');
      const log = await createNodeFiles().stat(spec.logPath);
      expect(log).toMatchObject({ kind: 'file', mode: 0o600 });
    } finally {
      await supervisor.stop(service, 5_000);
    }
  });
});
