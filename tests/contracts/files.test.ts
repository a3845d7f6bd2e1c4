// The same cases on the file system in memory and on the real one, so that the fake cannot lie.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from '../../agent/host/files';
import { createNodeFiles } from '../../agent/host/node/files';
import { createHastyFiles } from '../../agent/testing/hasty-files';
import { createMemoryFiles } from '../fakes/memory-files';

interface Subject {
  readonly files: Files;
  readonly root: string;
  readonly userId: number | undefined;
  plantLink(path: string, target: string): Promise<void>;
  plantSocket(path: string): Promise<void>;
  plantText(path: string, text: string): Promise<void>;
  clean(): Promise<void>;
}

function memorySubject(): Promise<Subject> {
  const files = createMemoryFiles({ '/root/': '' });
  const done = Promise.resolve();
  return Promise.resolve({
    files,
    root: '/root',
    userId: 0,
    plantLink: (path, target) => (files.plantLink(path, target), done),
    plantSocket: (path) => (files.plantOther(path, 'socket'), done),
    plantText: (path, text) => (files.plant(path, text), done),
    clean: () => done,
  });
}

async function nodeSubject(): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), 'files-'));
  const servers: Server[] = [];
  return {
    files: createNodeFiles(),
    root,
    userId: process.geteuid?.(),
    plantLink: (path, target) => symlink(target, path),
    plantSocket: async (path) => {
      const server = createServer();
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(path, resolve));
    },
    plantText: (path, text) => writeFile(path, text),
    clean: async () => {
      for (const server of servers) server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['in memory', memorySubject],
  ['on disk', nodeSubject],
  [
    'on disk, in haste',
    async () => ({ ...(await nodeSubject()), files: createHastyFiles(createNodeFiles()) }),
  ],
])('files %s', (_name, make) => {
  let subject: Subject;
  let files: Files;
  let at: (name: string) => string;

  beforeEach(async () => {
    subject = await make();
    files = subject.files;
    at = (name) => join(subject.root, name);
  });
  afterEach(() => subject.clean());

  describe('reading', () => {
    it('gives back what was written, bytes and text', async () => {
      await files.writeAtomic(at('a'), 'naïve\n', 0o600);
      await files.writeAtomic(at('b'), Uint8Array.of(0, 255, 10), 0o600);
      expect(await files.readText(at('a'))).toBe('naïve\n');
      expect(await files.read(at('b'))).toEqual(Buffer.from([0, 255, 10]));
      expect(await files.readText(at('b'))).toBe('\0\uFFFD\n');
    });

    it('tells an empty file from a missing one', async () => {
      await files.writeAtomic(at('empty'), '', 0o600);
      expect(await files.readText(at('empty'))).toBe('');
      expect(await files.readText(at('missing'))).toBeUndefined();
      expect(await files.read(at('missing/below'))).toBeUndefined();
      expect(await files.read(at('empty/below'))).toBeUndefined();
    });

    it('refuses a link at the end of a path, but not on the way', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await files.writeAtomic(at('d/file'), 'text', 0o600);
      await subject.plantLink(at('to-file'), 'd/file');
      await subject.plantLink(at('to-nothing'), 'nothing');
      await subject.plantLink(at('to-d'), at('d'));
      await expect(files.read(at('to-file'))).rejects.toMatchObject({ kind: 'precondition' });
      await expect(files.readText(at('to-nothing'))).rejects.toMatchObject({ kind: 'precondition' });
      expect(await files.readText(at('to-d/file'))).toBe('text');
    });

    it('refuses what is not a regular file', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await subject.plantSocket(at('s'));
      await expect(files.read(at('d'))).rejects.toMatchObject({ kind: 'precondition' });
      await expect(files.readText(at('s'))).rejects.toMatchObject({ kind: 'precondition' });
    });

    it('refuses a path with a NUL', async () => {
      await expect(files.read(at('a\0b'))).rejects.toMatchObject({ kind: 'invalid-input' });
    });
  });

  describe('reading files of the host', () => {
    it('follows links', async () => {
      await files.writeAtomic(at('real'), 'text', 0o600);
      await subject.plantLink(at('link'), 'real');
      expect(await files.readHostText(at('link'))).toBe('text');
    });

    it('says nothing of what is absent', async () => {
      await subject.plantLink(at('dangling'), 'nothing');
      await subject.plantText(at('file'), '');
      expect(await files.readHostText(at('missing'))).toBeUndefined();
      expect(await files.readHostText(at('dangling'))).toBeUndefined();
      expect(await files.readHostText(at('file/below'))).toBeUndefined();
    });

    it('is unavailable, with errno and path, when the thing is there and cannot be read', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await subject.plantLink(at('round'), 'round');
      await expect(files.readHostText(at('d'))).rejects.toMatchObject({
        kind: 'unavailable',
        detail: `EISDIR: ${at('d')}`,
      });
      await expect(files.readHostText(at('round'))).rejects.toMatchObject({
        kind: 'unavailable',
        detail: `ELOOP: ${at('round')}`,
      });
    });
  });

  describe('writing', () => {
    it('replaces content and mode, leaves nothing else behind, and makes a new file of it', async () => {
      await files.writeAtomic(at('a'), 'old', 0o644);
      const before = await files.stat(at('a'));
      await files.writeAtomic(at('a'), 'newer', 0o600);
      const after = await files.stat(at('a'));
      expect(after).toMatchObject({ kind: 'file', size: 5, mode: 0o600 });
      expect(after?.inode).not.toBe(before?.inode);
      expect(after?.mtimeMs).toBeGreaterThanOrEqual(before!.mtimeMs);
      expect(await files.list(subject.root)).toEqual(['a']);
    });

    it('replaces a link instead of writing where it leads', async () => {
      await files.writeAtomic(at('victim'), 'mine', 0o600);
      await subject.plantLink(at('link'), 'victim');
      await files.writeAtomic(at('link'), 'yours', 0o600);
      expect(await files.readText(at('victim'))).toBe('mine');
      expect(await files.stat(at('link'))).toMatchObject({ kind: 'file' });
    });

    it('refuses to replace a directory, and a missing directory to write in', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await expect(files.writeAtomic(at('d'), '', 0o600)).rejects.toMatchObject({ kind: 'precondition' });
      await expect(files.writeAtomic(at('missing/a'), '', 0o600)).rejects.toMatchObject({
        kind: 'precondition',
        detail: `ENOENT: ${at('missing/a')}`,
      });
      expect(await files.list(subject.root)).toEqual(['d']);
    });
  });

  describe('directories', () => {
    it('get exactly the mode asked for, and 0755 for the parents that were missing', async () => {
      await files.makeDirectory(at('a/b/c'), 0o700);
      expect(await files.stat(at('a/b/c'))).toMatchObject({ kind: 'directory', mode: 0o700 });
      expect(await files.stat(at('a/b'))).toMatchObject({ kind: 'directory', mode: 0o755 });
      expect(await files.stat(at('a'))).toMatchObject({ kind: 'directory', mode: 0o755 });
    });

    it('that exist get the mode, keep their content, and their parents stay as they are', async () => {
      await files.makeDirectory(at('a'), 0o750);
      await files.makeDirectory(at('a/b'), 0o700);
      await files.writeAtomic(at('a/b/file'), 'text', 0o600);
      await files.makeDirectory(at('a/b'), 0o711);
      expect(await files.stat(at('a/b'))).toMatchObject({ mode: 0o711 });
      expect(await files.stat(at('a'))).toMatchObject({ mode: 0o750 });
      expect(await files.readText(at('a/b/file'))).toBe('text');
    });

    it('are refused where a file, a link or a parent that is a file stands', async () => {
      await subject.plantText(at('file'), '');
      await files.makeDirectory(at('real'), 0o700);
      await subject.plantLink(at('link'), 'real');
      await subject.plantLink(at('dangling'), 'nothing');
      for (const name of ['file', 'link', 'dangling', 'file/below']) {
        await expect(files.makeDirectory(at(name), 0o700)).rejects.toMatchObject({ kind: 'precondition' });
      }
      expect(await files.stat(at('real'))).toMatchObject({ mode: 0o700 });
    });

    it('can be made below a link to a directory', async () => {
      await files.makeDirectory(at('real'), 0o700);
      await subject.plantLink(at('link'), 'real');
      await files.makeDirectory(at('link/below'), 0o700);
      expect(await files.list(at('real'))).toEqual(['below']);
    });

    it('list their names sorted, and nothing when missing', async () => {
      for (const name of ['b', 'a', 'C', '.d']) await files.writeAtomic(at(name), '', 0o600);
      expect(await files.list(subject.root)).toEqual(['.d', 'C', 'a', 'b']);
      expect(await files.list(at('missing'))).toEqual([]);
      await expect(files.list(at('a'))).rejects.toMatchObject({ kind: 'precondition' });
      await expect(files.list(at('a/below'))).rejects.toMatchObject({ kind: 'precondition' });
    });
  });

  describe('renaming', () => {
    it('moves a file to another directory and replaces what is there', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await files.writeAtomic(at('from'), 'new', 0o640);
      await files.writeAtomic(at('d/to'), 'old', 0o600);
      await files.rename(at('from'), at('d/to'));
      expect(await files.readText(at('d/to'))).toBe('new');
      expect(await files.stat(at('d/to'))).toMatchObject({ mode: 0o640 });
      expect(await files.stat(at('from'))).toBeUndefined();
    });

    it('moves a directory with all that is in it', async () => {
      await files.makeDirectory(at('d/e'), 0o700);
      await files.writeAtomic(at('d/e/file'), 'text', 0o600);
      await files.rename(at('d'), at('moved'));
      expect(await files.readText(at('moved/e/file'))).toBe('text');
      expect(await files.list(subject.root)).toEqual(['moved']);
    });

    it('refuses a missing source and a target of another kind', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await files.makeDirectory(at('full/e'), 0o700);
      await files.writeAtomic(at('file'), '', 0o600);
      for (const [from, to] of [
        ['missing', 'x'],
        ['file', 'd'],
        ['d', 'file'],
        ['d', 'full'],
        ['file', 'missing/x'],
      ] as const) {
        await expect(files.rename(at(from), at(to))).rejects.toMatchObject({ kind: 'precondition' });
      }
      expect(await files.list(subject.root)).toEqual(['d', 'file', 'full']);
    });
  });

  describe('removing', () => {
    it('takes files, whole directories and links, never what a link leads to', async () => {
      await files.makeDirectory(at('keep'), 0o700);
      await files.writeAtomic(at('keep/file'), 'text', 0o600);
      await files.makeDirectory(at('d/e'), 0o700);
      await files.writeAtomic(at('d/e/file'), 'text', 0o600);
      await subject.plantLink(at('d/link'), '../keep');
      await subject.plantLink(at('link'), 'keep');
      await files.remove(at('d'));
      await files.remove(at('link'));
      expect(await files.list(subject.root)).toEqual(['keep']);
      expect(await files.readText(at('keep/file'))).toBe('text');
      await files.remove(at('keep/file'));
      expect(await files.list(at('keep'))).toEqual([]);
    });

    it('leaves a link that is written with a slash at its end no less alone', async () => {
      await files.makeDirectory(at('keep'), 0o700);
      await files.writeAtomic(at('keep/file'), 'text', 0o600);
      await subject.plantLink(at('link'), 'keep');
      await files.remove(`${at('link')}/`);
      expect(await files.readText(at('keep/file'))).toBe('text');
    });

    it('is silent about what is not there', async () => {
      await subject.plantText(at('file'), '');
      await files.remove(at('missing'));
      await files.remove(at('missing/below'));
      await files.remove(at('file/below'));
      expect(await files.list(subject.root)).toEqual(['file']);
    });
  });

  describe('looking', () => {
    it('tells kinds apart without following links', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await files.writeAtomic(at('f'), 'four', 0o604);
      await subject.plantLink(at('l'), 'd');
      await subject.plantSocket(at('s'));
      expect(await files.stat(at('d'))).toMatchObject({ kind: 'directory' });
      expect(await files.stat(at('f'))).toMatchObject({ kind: 'file', size: 4, mode: 0o604 });
      expect(await files.stat(at('l'))).toMatchObject({ kind: 'link' });
      expect(await files.stat(at('s'))).toMatchObject({ kind: 'socket' });
      expect(await files.stat(at('missing'))).toBeUndefined();
      expect(await files.stat(at('f/below'))).toBeUndefined();
    });

    it('tells whose a thing is: what we make is ours, and stays so when it is emptied', async () => {
      await files.makeDirectory(at('d'), 0o700);
      await files.writeAtomic(at('f'), 'text', 0o600);
      await files.truncate(at('f'));
      const owners = [await files.stat(at('d')), await files.stat(at('f'))].map((stat) => stat?.uid);
      expect(owners).toEqual([subject.userId, subject.userId]);
    });

    it('sees a file keep its inode through an emptying, on one device', async () => {
      await files.writeAtomic(at('log'), 'lines\n', 0o600);
      const before = await files.stat(at('log'));
      await files.truncate(at('log'));
      const after = await files.stat(at('log'));
      expect(after).toMatchObject({ size: 0, mode: 0o600, inode: before!.inode, device: before!.device });
    });
  });

  describe('emptying', () => {
    it('is silent about a missing file and refuses links and directories', async () => {
      await files.writeAtomic(at('victim'), 'mine', 0o600);
      await subject.plantLink(at('link'), 'victim');
      await files.truncate(at('missing'));
      await expect(files.truncate(at('link'))).rejects.toMatchObject({ kind: 'precondition' });
      await expect(files.truncate(subject.root)).rejects.toMatchObject({ kind: 'precondition' });
      expect(await files.readText(at('victim'))).toBe('mine');
    });
  });

  describe('measuring', () => {
    it('gives whole kilobytes of the file system, and refuses a missing path', async () => {
      const space = await files.space(subject.root);
      expect(Number.isInteger(space.usedKb) && space.usedKb >= 0).toBe(true);
      expect(Number.isInteger(space.availableKb) && space.availableKb > 0).toBe(true);
      await expect(files.space(at('missing'))).rejects.toMatchObject({ kind: 'precondition' });
    });
  });

  describe('changeMode', () => {
    it('sets the mode of a file, a directory and a socket, and leaves the rest as it was', async () => {
      await subject.plantText(`${subject.root}/f`, 'text');
      await subject.files.makeDirectory(`${subject.root}/d`, 0o755);
      await subject.plantSocket(`${subject.root}/s`);
      for (const [name, mode] of [
        ['f', 0o640],
        ['d', 0o700],
        ['s', 0o600],
      ] as const) {
        await subject.files.changeMode(`${subject.root}/${name}`, mode);
        expect((await subject.files.stat(`${subject.root}/${name}`))?.mode).toBe(mode);
      }
      expect(await subject.files.readText(`${subject.root}/f`)).toBe('text');
    });

    it('is silent where nothing is, and changes nothing through a link', async () => {
      await subject.files.changeMode(`${subject.root}/nothing`, 0o600);
      await subject.files.writeAtomic(`${subject.root}/kept`, 'text', 0o644);
      await subject.plantLink(`${subject.root}/link`, `${subject.root}/kept`);
      await expect(subject.files.changeMode(`${subject.root}/link`, 0o777)).rejects.toMatchObject({
        kind: 'precondition',
      });
      expect((await subject.files.stat(`${subject.root}/kept`))?.mode).toBe(0o644);
    });
  });
});
