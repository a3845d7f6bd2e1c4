// Which processes run a program, from /proc: one small read for each process of the machine, the rest for those that
// match alone (proc_pid_cmdline(5)).

import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { AgentError, messageOf } from '../../model/errors';
import type { ProcessIdentity } from '../process';
import { identifyProcess, parseCmdline } from './process-identity';

/** Lists who runs `program`. Throws `unavailable` when /proc cannot be read. */
export async function listProcesses(program: string): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const pid of await pids()) {
    if (!runs(await cmdlineOf(pid), program)) continue;
    const identity = await identifyProcess(pid);
    if (identity !== undefined && runs(identity.argv, program)) found.push(identity);
  }
  return found;
}

async function pids(): Promise<readonly number[]> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (cause) {
    throw new AgentError('unavailable', 'Cannot list processes', { detail: messageOf(cause), cause });
  }
}

async function cmdlineOf(pid: number): Promise<readonly string[]> {
  try {
    return parseCmdline(await readFile(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    // Gone meanwhile, or hidden from us (hidepid): no process of ours.
    return [];
  }
}

function runs(argv: readonly string[], program: string): boolean {
  return basename(argv[0] ?? '') === program;
}
