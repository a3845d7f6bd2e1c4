// A file system in a Map: directories must exist before they are written to, links are followed or refused
// as the kernel would. Failures are errnos mapped by the code that maps the real ones.

import { posix } from 'node:path';
import type { FileStat, Files } from '../../agent/host/files';
import { fileError, hostFileError, notRegular } from '../../agent/host/node/file-errors';
import type { FileAction } from '../../agent/host/node/file-errors';
import { AgentError } from '../../agent/model/errors';
import { createMemoryTree, errnoError } from './memory-tree';

export interface MemoryFiles extends Files {
  /** Path → text of every regular file. */
  snapshot(): Record<string, string>;
  /** Makes the next call of an operation (for a path that matches, when given) fail with `error`. */
  failNext(operation: keyof Files, error: AgentError, path?: RegExp): void;
  /** Puts a regular file there, with its parents, replacing what was. */
  plant(path: string, content: string | Uint8Array, mode?: number): void;
  /** Takes away the one thing at a path, whatever failures are planned. */
  unplant(path: string): void;
  /** Puts a symbolic link there, with its parents. */
  plantLink(path: string, target: string): void;
  /** Puts something there that is neither file nor directory, with its parents. */
  plantOther(path: string, kind: 'socket' | 'other'): void;
  /** Gives what lies at a path to another user. */
  own(path: string, uid: number): void;
  /** Sets what `space` answers. */
  setSpace(space: { usedKb: number; availableKb: number }): void;
}

interface PlannedFailure {
  readonly operation: keyof Files;
  readonly error: AgentError;
  readonly path: RegExp | undefined;
}

/**
 * Makes a file system that holds `initial`, path → text, files 0644 and directories 0755. A path that ends in a
 * slash is an empty directory. `now` gives modification times; without it every write gets a later one. What is
 * made belongs to `userId`.
 */
export function createMemoryFiles(
  initial: Record<string, string> = {},
  now?: () => number,
  userId = 0,
): MemoryFiles {
  const tree = createMemoryTree(now, userId);
  const failures: PlannedFailure[] = [];
  let space = { usedKb: 1_000_000, availableKb: 9_000_000 };

  const plant = (path: string, kind: FileStat['kind'], content: Buffer, mode: number): void => {
    const absolute = posix.resolve('/', path);
    tree.putParents(absolute);
    tree.put(absolute, kind, content, mode);
  };

  /** Runs one operation: a planned failure first, then the body, with every errno mapped as host/node maps it. */
  const perform = <T>(
    operation: keyof Files,
    action: FileAction,
    path: string,
    body: () => T,
  ): Promise<T> => {
    const index = failures.findIndex(
      (planned) => planned.operation === operation && (planned.path?.test(path) ?? true),
    );
    const planned = index < 0 ? undefined : failures.splice(index, 1)[0];
    if (planned !== undefined) return Promise.reject(planned.error);
    try {
      return Promise.resolve(body());
    } catch (thrown) {
      return Promise.reject(fileError(action, path, thrown));
    }
  };

  const readRegular = (path: string): Buffer | undefined => {
    const entry = tree.lookUp(path, false);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'file') throw notRegular(path);
    return entry.content;
  };

  for (const [path, text] of Object.entries(initial)) {
    if (path.endsWith('/')) plant(path, 'directory', Buffer.alloc(0), 0o755);
    else plant(path, 'file', Buffer.from(text), 0o644);
  }

  return {
    read: (path) =>
      perform('read', 'read a file', path, () => {
        const content = readRegular(path);
        return content === undefined ? undefined : Buffer.from(content);
      }),

    readText: (path) => perform('readText', 'read a file', path, () => readRegular(path)?.toString()),

    readHostText: (path) =>
      perform('readHostText', 'read a file', path, () => {
        try {
          const entry = tree.lookUp(path, true);
          if (entry === undefined || entry.kind === 'file') return entry?.content.toString();
          throw errnoError(entry.kind === 'directory' ? 'EISDIR' : 'ENXIO');
        } catch (thrown) {
          throw hostFileError(path, thrown);
        }
      }),

    writeAtomic: (path, content, mode) =>
      perform('writeAtomic', 'write a file', path, () => {
        const at = tree.resolve(path, false);
        if (tree.entries.get(at)?.kind === 'directory') throw errnoError('EISDIR');
        tree.put(at, 'file', Buffer.from(content), mode);
      }),

    makeDirectory: (path, mode) =>
      perform('makeDirectory', 'make a directory', path, () => tree.makeWithParents(path, mode)),

    changeMode: (path, mode) =>
      perform('changeMode', 'change a mode', path, () => {
        const entry = tree.lookUp(path, false);
        if (entry === undefined) return;
        if (entry.kind === 'link')
          throw new AgentError('precondition', 'A link has no mode', { detail: path });
        tree.put(tree.resolve(path, false), entry.kind, entry.content, mode, entry.inode);
      }),

    rename: (from, to) => perform('rename', 'rename a file', from, () => tree.move(from, to)),

    remove: (path) =>
      perform('remove', 'remove a file', path, () => {
        const entry = tree.lookUp(path, false);
        if (entry === undefined) return;
        const at = tree.resolve(path, false);
        for (const gone of entry.kind === 'directory' ? tree.below(at) : [at]) tree.entries.delete(gone);
      }),

    list: (path) =>
      perform('list', 'list a directory', path, () => {
        const at = tree.resolveExisting(path);
        if (at === undefined) return [];
        if (tree.entries.get(at)?.kind !== 'directory') throw errnoError('ENOTDIR');
        return tree
          .children(at)
          .map((child) => posix.basename(child))
          .sort();
      }),

    stat: (path) =>
      perform('stat', 'look at a file', path, () => {
        const entry = tree.lookUp(path, false);
        if (entry === undefined) return undefined;
        const { kind, mode, uid, mtimeMs, inode, content } = entry;
        return { kind, mode, uid, mtimeMs, inode, size: content.length, device: 1 };
      }),

    truncate: (path) =>
      perform('truncate', 'empty a file', path, () => {
        const entry = tree.lookUp(path, false);
        if (entry === undefined) return;
        if (entry.kind !== 'file') throw notRegular(path);
        tree.put(tree.resolve(path, false), 'file', Buffer.alloc(0), entry.mode, entry.inode);
      }),

    space: (path) =>
      perform('space', 'measure a file system', path, () => {
        if (tree.lookUp(path, true) === undefined) throw errnoError('ENOENT');
        return { ...space };
      }),

    snapshot: () =>
      Object.fromEntries(
        [...tree.entries]
          .filter(([, entry]) => entry.kind === 'file')
          .map(([path, entry]) => [path, entry.content.toString()]),
      ),
    failNext: (operation, error, path) => failures.push({ operation, error, path }),
    plant: (path, content, mode = 0o644) => plant(path, 'file', Buffer.from(content), mode),
    unplant: (path) => void tree.entries.delete(posix.resolve('/', path)),
    plantLink: (path, target) => plant(path, 'link', Buffer.from(target), 0o777),
    plantOther: (path, kind) => plant(path, kind, Buffer.alloc(0), 0o600),
    own: (path, uid) => tree.own(posix.resolve('/', path), uid),
    setSpace: (next) => {
      space = next;
    },
  };
}
