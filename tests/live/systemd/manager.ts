// A real systemd for live tests: a manager of one's own (`systemd --user`) in a mount namespace, which needs root but
// not PID 1. It knows the same transient units; only `--user` is put into each command.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { createNodeProcessRunner } from '../../../agent/host/node/process';
import type { ProcessRunner, RunResult } from '../../../agent/host/process';
import { eventually } from '../../fakes/eventually';

const program = '/lib/systemd/systemd';

/** What this machine lacks for it; undefined: nothing. */
export const missing =
  process.geteuid?.() !== 0 ? 'root' : [program, '/usr/bin/systemd-run'].find((path) => !existsSync(path));

export interface Manager {
  /** A directory of its own below /tmp, which goes with it. */
  readonly folder: string;
  /** Runs programs as the agent would, with the manager's for systemd's. */
  readonly runner: ProcessRunner;
  /** Runs a program in the manager's mount namespace, whose /run is its own. */
  inside(...argv: readonly string[]): Promise<RunResult>;
  end(): Promise<void>;
}

/** Starts a manager; `namespace` is made in it first. */
export async function startManager(namespace = ''): Promise<Manager> {
  const folder = await mkdtemp('/tmp/amph-systemd-');
  const environment = { PATH: process.env['PATH'], XDG_RUNTIME_DIR: folder };
  const makeNamespace =
    namespace === '' ? '' : `ip netns add ${namespace} && ip -n ${namespace} link set lo up && `;
  // sd_booted(3) looks for /run/systemd/system: the namespace has a /run of its own. What units are kept from seeing is
  // covered by files of root's own /run, which PID 1 makes.
  const covers =
    'mkdir -p /run/systemd/inaccessible/dir && cd /run/systemd/inaccessible && touch reg && mkfifo fifo && mknod chr c 0 0 && mknod blk b 0 0';
  const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && ${covers} && ${makeNamespace}exec ${program} --user --unit=basic.target`;
  const manager: ChildProcess = spawn('unshare', ['-m', 'sh', '-c', script], {
    stdio: 'ignore',
    env: { ...environment, HOME: folder, XDG_CONFIG_DIRS: folder },
  });
  const isAnswering = (): boolean =>
    spawnSync('systemctl', ['--user', 'show', '--property=Version'], { env: environment }).status === 0;
  await eventually(() => expect(isAnswering()).toBe(true), 10_000);
  const real = createNodeProcessRunner({ env: { XDG_RUNTIME_DIR: folder } });
  const enter = ['nsenter', `--mount=/proc/${manager.pid}/ns/mnt`];
  return {
    folder,
    runner: {
      ...real,
      run: ([name = '', ...rest], options) =>
        /^system(?:d-run|ctl)$/.test(name)
          ? real.run([name, '--user', ...rest], options)
          : real.run([...enter, name, ...rest], options),
    },
    inside: (...argv) => real.run([...enter, ...argv]),
    async end() {
      const ended = new Promise((resolve) => manager.once('exit', resolve));
      manager.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
