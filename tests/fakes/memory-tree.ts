// The tree under the file system in memory: a Map from absolute path to entry, walked as the kernel walks one
// (path_resolution(7)). Failures are thrown as bare errnos.

import { posix } from 'node:path';
import type { FileStat } from '../../agent/host/files';
import { hasErrno } from '../../agent/host/node/errno';
import { isAbsent } from '../../agent/host/node/file-errors';

export interface Entry {
  readonly kind: FileStat['kind'];
  /** A file's bytes; of a link, its target. */
  readonly content: Buffer;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** User id of the owner. */
  readonly uid: number;
}

export interface MemoryTree {
  readonly entries: ReadonlyMap<string, Entry> & { delete(path: string): boolean };
  /** Sets what lies at a resolved path; a fresh inode unless one is given. */
  put(path: string, kind: FileStat['kind'], content: Buffer, mode: number, inode?: number): void;
  /** Gives what lies at a resolved path to a user. */
  own(path: string, uid: number): void;
  /** Makes the missing parents of a resolved path, 0755. */
  putParents(path: string): void;
  /** The path with every link on the way replaced. Throws ENOENT, ENOTDIR or ELOOP. */
  resolve(path: string, followLast: boolean): string;
  /** The path with every link replaced, the last one too; undefined when nothing is there. Throws ENOTDIR or ELOOP. */
  resolveExisting(path: string): string | undefined;
  /** What lies at a path; undefined when nothing does or can. */
  lookUp(path: string, followLast: boolean): Entry | undefined;
  /** The paths right in a directory. */
  children(directory: string): string[];
  /** A directory's path and all below it. */
  below(directory: string): string[];
  /** Makes a directory and its missing parents, or sets the mode of one. */
  makeWithParents(path: string, mode: number): void;
  /** rename(2). */
  move(from: string, to: string): void;
}

/** Makes a tree of one empty root directory; what is made in it belongs to `userId`. */
export function createMemoryTree(now: (() => number) | undefined, userId = 0): MemoryTree {
  const entries = new Map<string, Entry>();
  let lastInode = 1;

  const put = (path: string, kind: FileStat['kind'], content: Buffer, mode: number, inode?: number): void => {
    const fresh = ++lastInode;
    const mtimeMs = now === undefined ? 1_700_000_000_000 + fresh : now();
    const uid = (inode === undefined ? undefined : entries.get(path)?.uid) ?? userId;
    entries.set(path, { kind, content, mode: mode & 0o7777, mtimeMs, inode: inode ?? fresh, uid });
  };

  const own = (path: string, uid: number): void => {
    const entry = entries.get(path);
    if (entry === undefined) throw errnoError('ENOENT');
    entries.set(path, { ...entry, uid });
  };

  const putParents = (path: string): void => {
    const parent = posix.dirname(path);
    if (entries.has(parent)) return;
    if (parent !== path) putParents(parent);
    put(parent, 'directory', Buffer.alloc(0), 0o755);
  };

  const resolve = (path: string, followLast: boolean, hops = 0): string => {
    if (path.includes('\0')) throw errnoError('ERR_INVALID_ARG_VALUE');
    if (hops > 40) throw errnoError('ELOOP');
    const parts = posix.resolve('/', path).split('/').filter(Boolean);
    let walked = '/';
    for (const [index, part] of parts.entries()) {
      if (entries.get(walked)?.kind !== 'directory') throw errnoError('ENOTDIR');
      const isLast = index === parts.length - 1;
      const step = posix.join(walked, part);
      const entry = entries.get(step);
      if (entry?.kind === 'link' && (!isLast || followLast)) {
        const target = posix.resolve(walked, entry.content.toString());
        return resolve(posix.join(target, ...parts.slice(index + 1)), followLast, hops + 1);
      }
      if (entry === undefined && !isLast) throw errnoError('ENOENT');
      walked = step;
    }
    return walked;
  };

  const lookUp = (path: string, followLast: boolean): Entry | undefined => {
    try {
      return entries.get(resolve(path, followLast));
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined;
      throw thrown;
    }
  };

  const resolveExisting = (path: string): string | undefined => {
    try {
      const at = resolve(path, true);
      return entries.has(at) ? at : undefined;
    } catch (thrown) {
      if (hasErrno(thrown, 'ENOENT')) return undefined;
      throw thrown;
    }
  };

  const children = (directory: string): string[] =>
    [...entries.keys()].filter((path) => path !== '/' && posix.dirname(path) === directory);

  const below = (directory: string): string[] => {
    const prefix = directory === '/' ? '/' : `${directory}/`;
    return [...entries.keys()].filter((path) => path === directory || path.startsWith(prefix));
  };

  const makeOne = (path: string, mode: number): void => {
    const at = resolve(path, false);
    const existing = entries.get(at);
    if (existing !== undefined && existing.kind !== 'directory') throw errnoError('ENOTDIR');
    put(at, 'directory', Buffer.alloc(0), mode, existing?.inode);
  };

  const makeMissingParents = (path: string): void => {
    const parent = posix.dirname(posix.resolve('/', path));
    const entry = lookUp(parent, true);
    if (entry !== undefined) {
      if (entry.kind !== 'directory') throw errnoError('ENOTDIR');
      return;
    }
    makeMissingParents(parent);
    makeOne(parent, 0o755);
  };

  const move = (from: string, to: string): void => {
    const source = resolve(from, false);
    const target = resolve(to, false);
    const moved = entries.get(source);
    const replaced = entries.get(target);
    if (moved === undefined) throw errnoError('ENOENT');
    if (source === target) return;
    if (target.startsWith(`${source}/`)) throw errnoError('EINVAL');
    if (moved.kind !== 'directory' && replaced?.kind === 'directory') throw errnoError('EISDIR');
    if (moved.kind === 'directory' && replaced !== undefined) {
      if (replaced.kind !== 'directory') throw errnoError('ENOTDIR');
      if (children(target).length > 0) throw errnoError('ENOTEMPTY');
    }
    for (const path of moved.kind === 'directory' ? below(source) : [source]) {
      const entry = entries.get(path);
      entries.delete(path);
      if (entry !== undefined) entries.set(target + path.slice(source.length), entry);
    }
  };

  const makeWithParents = (path: string, mode: number): void => {
    makeMissingParents(path);
    makeOne(path, mode);
  };

  put('/', 'directory', Buffer.alloc(0), 0o755);
  return {
    entries,
    put,
    own,
    putParents,
    resolve,
    resolveExisting,
    lookUp,
    children,
    below,
    makeWithParents,
    move,
  };
}

/** An error that carries an errno as Node's do. */
export function errnoError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
