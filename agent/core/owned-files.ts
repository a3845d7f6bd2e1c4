// The file system as the core sees it: below the directories that are ours nothing is reached through a link, and
// nothing is read that another user wrote. haproxy runs as another user beside these files, and who can plant one
// link there must not make root read, write or remove elsewhere. Source: DESIGN "On disk".
//
// INVARIANTS:
// - whatever stands where one of our directories should (link, file, another user's directory) is never entered;
// - a link at the end of a path is replaced or removed, never followed;
// - root's files are as good as ours: root could write ours too.

import { join, relative } from 'node:path';
import type { Files, FileStat } from '../host/files';
import { AgentError } from '../model/errors';

export interface OwnedFilesDeps {
  readonly files: Files;
  /** The directories that are ours; they themselves may be reached as the operator likes. */
  readonly roots: readonly string[];
  readonly userId: number;
}

/** Makes the view. What it refuses is `precondition` with the path and what is wrong with it. */
export function createOwnedFiles({ files, roots, userId }: OwnedFilesDeps): Files {
  const isTrusted = (stat: FileStat): boolean => stat.uid === userId || stat.uid === 0;

  /** The directories between a root and the path, from above; none for a path elsewhere. */
  function directoriesTo(path: string): readonly string[] | undefined {
    // Of nested roots the outer one: the inner one is an entry of it.
    const [root] = roots.filter((each) => isBelow(each, path)).sort((a, b) => a.length - b.length);
    if (root === undefined) return undefined;
    const parts = relative(root, path).split('/').slice(0, -1);
    return parts.map((_, index) => join(root, ...parts.slice(0, index + 1)));
  }

  async function firstNoDirectory(path: string): Promise<string | undefined> {
    for (const directory of directoriesTo(path) ?? []) {
      const stat = await files.stat(directory);
      if (stat === undefined) return undefined;
      if (stat.kind !== 'directory') return directory;
    }
    return undefined;
  }

  async function requireWay(path: string): Promise<void> {
    for (const directory of directoriesTo(path) ?? []) {
      const stat = await files.stat(directory);
      if (stat === undefined) return;
      if (stat.kind !== 'directory' || !isTrusted(stat)) throw untrusted(directory, stat, 'directory');
    }
  }

  /** Guards a call that reads what is at the path. */
  async function requireFile(path: string): Promise<void> {
    await requireWay(path);
    if (directoriesTo(path) === undefined) return;
    const stat = await files.stat(path);
    if (stat !== undefined && (stat.kind !== 'file' || !isTrusted(stat))) throw untrusted(path, stat, 'file');
  }

  return {
    ...files,
    read: (path) => requireFile(path).then(() => files.read(path)),
    readText: (path) => requireFile(path).then(() => files.readText(path)),
    readHostText: (path) => requireFile(path).then(() => files.readHostText(path)),
    writeAtomic: (path, content, mode) => requireWay(path).then(() => files.writeAtomic(path, content, mode)),
    makeDirectory: (path, mode) => requireWay(path).then(() => files.makeDirectory(path, mode)),
    changeMode: (path, mode) => requireWay(path).then(() => files.changeMode(path, mode)),
    rename: (from, to) =>
      requireWay(from)
        .then(() => requireWay(to))
        .then(() => files.rename(from, to)),
    remove: (path) => requireWay(path).then(() => files.remove(path)),
    list: (path) => requireWay(join(path, 'x')).then(() => files.list(path)),
    stat: async (path) => ((await firstNoDirectory(path)) === undefined ? files.stat(path) : undefined),
    truncate: (path) => requireFile(path).then(() => files.truncate(path)),
  };
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !way.startsWith('/');
}

/** What stands there that must not, in words. */
export function untrusted(path: string, stat: FileStat, expected: 'file' | 'directory'): AgentError {
  return new AgentError('precondition', 'What lies on this amphora cannot be trusted', {
    detail: describeUntrusted(path, stat, expected),
  });
}

/** Says what is wrong with an entry: `/b/x is a link, expected a directory`, or whose it is. */
export function describeUntrusted(path: string, stat: FileStat, expected: 'file' | 'directory'): string {
  if (stat.kind === expected) return `${path} belongs to user ${stat.uid}, expected the agent's or root's`;
  const kind = stat.kind === 'other' ? 'special file' : stat.kind;
  return `${path} is a ${kind}, expected a ${expected}`;
}
