// Who a pid is, from /proc/<pid>/stat and cmdline (proc_pid_stat(5), proc_pid_cmdline(5)). The kernel reuses
// pids: pid and start time together name a process.

import { readFile } from 'node:fs/promises';
import { AgentError } from '../../model/errors';
import type { ProcessIdentity } from '../process';
import { errnoOf, hasErrno } from './errno';

/** Reads who `pid` is now; undefined when it is gone. Throws `unavailable` when /proc cannot be read. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  const before = await readProc(pid, 'stat');
  const cmdline = await readProc(pid, 'cmdline');
  const after = await readProc(pid, 'stat');
  if (before === undefined || cmdline === undefined || after === undefined) return undefined;
  const last = parseStat(after);
  // The pid changed hands while we read: the one that was asked about is gone.
  if (last?.startTicks !== parseStat(before)?.startTicks) return undefined;
  return last && { pid, ...last, argv: parseCmdline(cmdline) };
}

/** Takes state and start time (fields 3 and 22) out of a stat line; undefined when it is not one. */
export function parseStat(text: string): { state: string; startTicks: string } | undefined {
  // Field 2 is the program's name in parentheses and may hold blanks and parentheses itself.
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

/** Splits a cmdline at its NULs; none for a zombie or a kernel thread. */
export function parseCmdline(text: string): readonly string[] {
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

async function readProc(pid: number, name: 'stat' | 'cmdline'): Promise<string | undefined> {
  const path = `/proc/${pid}/${name}`;
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (hasErrno(thrown, 'ENOENT', 'ESRCH')) return undefined;
    const detail = `${errnoOf(thrown) ?? 'unknown error'}: ${path}`;
    throw new AgentError('unavailable', `Cannot identify process ${pid}`, { detail, cause: thrown });
  }
}
