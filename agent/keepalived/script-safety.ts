// Whether keepalived will run a script as root: a group-writable one, or one in a directory where others may write, it
// drops with a line in its log, and the amphora then goes on unprotected. Source: contract/vrrp.md, pitfall 7;
// keepalived's check_security() in lib/notify.c.

import { dirname } from 'node:path';
import type { Files, FileStat } from '../host/files';

const writableByOthers = 0o022;
const executable = 0o111;
const sticky = 0o1000;
const root = 0;

/** Finds why keepalived would not run a script, or others could change it, one reason for each place; empty when all is well. */
export async function findUnsafeScript(files: Files, path: string): Promise<readonly string[]> {
  if (!path.startsWith('/')) return [`${path}: not an absolute path`];
  const reasons: string[] = [];
  const script = await files.stat(path);
  if (script === undefined) return [`${path}: there is no such file`];
  if (script.kind !== 'file') reasons.push(`${path}: not a regular file`);
  if (script.kind === 'file' && (script.mode & executable) !== executable)
    reasons.push(`${path}: not executable by everybody (mode ${octal(script)})`);
  reasons.push(...ownedByOthers(path, script));
  if ((script.mode & writableByOthers) !== 0 && script.kind === 'file')
    reasons.push(`${path}: others than its owner may write it (mode ${octal(script)})`);
  for (const directory of parentsOf(path)) {
    const found = await files.stat(directory);
    if (found === undefined) continue;
    reasons.push(...ownedByOthers(directory, found));
    const isOpen = (found.mode & writableByOthers) !== 0 && (found.mode & sticky) === 0;
    if (found.kind === 'directory' && isOpen)
      reasons.push(`${directory}: others than its owner may write there (mode ${octal(found)})`);
  }
  return reasons;
}

function ownedByOthers(path: string, { uid }: FileStat): readonly string[] {
  return uid === root ? [] : [`${path}: belongs to user ${uid}, not to root`];
}

function octal({ mode }: FileStat): string {
  return mode.toString(8).padStart(4, '0');
}

function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let at = dirname(path); ; at = dirname(at)) {
    parents.push(at);
    if (at === '/') return parents;
  }
}
