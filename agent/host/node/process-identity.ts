// Who a pid is, from /proc/<pid>/stat, status and cmdline (proc_pid_stat(5), proc_pid_status(5),
// proc_pid_cmdline(5)). The kernel reuses pids: pid and start time together name a process.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AgentError } from '../../model/errors';
import type { ProcessGlance, ProcessIdentity } from '../process';
import { errnoOf, hasErrno } from './errno';

/** Reads who `pid` is now; undefined when it is gone. Throws `unavailable` when /proc cannot be read. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  const before = await readProc(pid, 'stat');
  const status = await readProc(pid, 'status');
  const cmdline = await readProc(pid, 'cmdline');
  const after = await readProc(pid, 'stat');
  if (before === undefined || status === undefined || cmdline === undefined || after === undefined) {
    return undefined;
  }
  const last = parseStat(after);
  // The pid changed hands while we read: the one that was asked about is gone.
  if (last === undefined || last.startTicks !== parseStat(before)?.startTicks) return undefined;
  const { state, startTicks, name } = last;
  const owner = parseStatus(status);
  return (
    owner && {
      pid,
      startTicks,
      state,
      name,
      leadsSession: last.sessionId === pid,
      ...owner,
      argv: parseCmdline(cmdline),
    }
  );
}

/** Reads start and state of `pid` in one go; undefined when it is gone. Throws `unavailable` when /proc cannot be read. */
export function glanceAtProcess(pid: number): ProcessGlance | undefined {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  // Synchronous: the kernel makes this text without waiting, the way through Node's thread pool costs many times as
  // much, and before a signal nothing may come in between.
  try {
    const line = parseStat(readFileSync(procPath(pid, 'stat'), 'utf8'));
    return line && { startTicks: line.startTicks, state: line.state };
  } catch (thrown) {
    throwUnlessGone(pid, 'stat', thrown);
    return undefined;
  }
}

export interface StatLine {
  readonly name: string;
  readonly state: string;
  readonly sessionId: number;
  readonly startTicks: string;
}

/** Takes name, state, session and start time (fields 2, 3, 6 and 22) out of a stat line; undefined when it is not one. */
export function parseStat(text: string): StatLine | undefined {
  // The name stands in parentheses and may hold blanks and parentheses itself.
  const end = text.lastIndexOf(')');
  const fields = text
    .slice(end + 1)
    .trim()
    .split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined) return undefined;
  return { name: text.slice(text.indexOf('(') + 1, end), state, sessionId: Number(fields[3]), startTicks };
}

/** Takes the effective user, and whether pids below ours name it too, out of a status file; undefined when it is none. */
export function parseStatus(text: string): { userId: number; isContained: boolean } | undefined {
  const userId = /^Uid:\t\d+\t(\d+)/m.exec(text)?.[1];
  if (userId === undefined) return undefined;
  return { userId: Number(userId), isContained: /^NSpid:\t\d+\t\d/m.test(text) };
}

/** Splits a cmdline at its NULs; none for a zombie or a kernel thread. */
export function parseCmdline(text: string): readonly string[] {
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

async function readProc(pid: number, name: 'stat' | 'status' | 'cmdline'): Promise<string | undefined> {
  try {
    return await readFile(procPath(pid, name), 'utf8');
  } catch (thrown) {
    throwUnlessGone(pid, name, thrown);
    return undefined;
  }
}

function procPath(pid: number, name: string): string {
  return `/proc/${pid}/${name}`;
}

function throwUnlessGone(pid: number, name: string, thrown: unknown): void {
  if (hasErrno(thrown, 'ENOENT', 'ESRCH')) return;
  const detail = `${errnoOf(thrown) ?? 'unknown error'}: ${procPath(pid, name)}`;
  throw new AgentError('unavailable', `Cannot identify process ${pid}`, { detail, cause: thrown });
}
