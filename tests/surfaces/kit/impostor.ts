// Foreign processes that look like a listener's haproxy, and note every signal that they get.

import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../fakes/eventually';

export interface Impostor {
  readonly pid: number;
  readonly startTicks: string;
  /** The signals that it has got; `gone` when it did not live through them. */
  signals(): readonly string[];
  end(): Promise<void>;
}

export interface ImpostorOptions {
  readonly directory: string;
  /** All of its command line behind the program; a shell's `-c <script>` comes first. */
  readonly args: readonly string[];
  /** Executes a shell of its own name instead of one that is called haproxy. */
  readonly isNamed?: boolean;
  readonly uid?: number;
  /** False: it stays in the session of the tests. */
  readonly detached?: boolean;
}

const haproxy = '/usr/sbin/haproxy';

/** Starts a shell that takes `args` as they come, under argv[0] of haproxy. */
export async function startImpostor(options: ImpostorOptions): Promise<Impostor> {
  const { directory, args, isNamed = true, uid, detached = true } = options;
  const notes = join(directory, 'signals');
  writeFileSync(notes, '');
  // Whatever the umask of the tests.
  chmodSync(notes, 0o666);
  const program = isNamed ? join(directory, 'haproxy') : '/bin/sh';
  if (isNamed) copyFileSync(realpathSync('/bin/sh'), program);
  if (isNamed) chmodSync(program, 0o755);
  const traps = ['TERM', 'USR1', 'USR2', 'HUP', 'INT', 'CONT', 'WINCH'].map(
    (signal) => `trap 'echo ${signal} >> ${notes}' ${signal}`,
  );
  const script = `${traps.join('; ')}; echo up >> ${notes}; while :; do sleep 0.1; done`;
  const child = spawn(program, ['-c', script, ...args], {
    argv0: haproxy,
    detached,
    stdio: 'ignore',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  await eventually(() => {
    if (!readFileSync(notes, 'utf8').startsWith('up')) throw new Error('the impostor is not up');
  });
  return {
    pid: child.pid ?? 0,
    startTicks: startTicksOf(child.pid ?? 0),
    signals() {
      const noted = readFileSync(notes, 'utf8').split('\n').slice(1, -1);
      return child.exitCode === null && child.signalCode === null ? noted : [...noted, 'gone'];
    },
    end: () => kill(child),
  };
}

/** Clock ticks from boot to a process's start. */
export function startTicksOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Ends a child and waits for it. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
