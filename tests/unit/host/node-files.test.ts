// What only a real kernel can show; the rest is in tests/contracts/files.test.ts.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeFiles } from '../../../agent/host/node/files';

const files = createNodeFiles();
let root: string;
let at: (name: string) => string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-files-'));
  at = (name) => join(root, name);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function underUmask(mask: number, work: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await work();
  } finally {
    process.umask(before);
  }
}

describe('modes', () => {
  it.each([0o000, 0o027, 0o077, 0o777])('are those asked for under umask %o', async (mask) => {
    await underUmask(mask, async () => {
      await files.makeDirectory(at('parent/d'), 0o751);
      await files.writeAtomic(at('parent/d/f'), 'text', 0o646);
    });
    expect((await files.stat(at('parent')))?.mode).toBe(0o755);
    expect((await files.stat(at('parent/d')))?.mode).toBe(0o751);
    expect((await files.stat(at('parent/d/f')))?.mode).toBe(0o646);
  });
});

describe('atomic writing', () => {
  it('shows a reader the old content or a new one, never a part, while many write', async () => {
    const contents = Array.from({ length: 12 }, (_, index) => String(index % 10).repeat(200_000));
    await files.writeAtomic(at('f'), contents[0]!, 0o600);
    const state = { writing: true };
    const writers = Promise.all(contents.map((content) => files.writeAtomic(at('f'), content, 0o600)));
    const stopped = writers.finally(() => {
      state.writing = false;
    });
    while (state.writing) expect(contents).toContain(await files.readText(at('f')));
    await stopped;
    expect(await readdir(root)).toEqual(['f']);
  });

  it('takes names of the longest length, in any script', async () => {
    for (const name of ['n'.repeat(255), 'ü'.repeat(127), '漢'.repeat(85)]) {
      await files.writeAtomic(at(name), 'text', 0o600);
      expect(await files.readText(at(name))).toBe('text');
    }
    await expect(files.writeAtomic(at('n'.repeat(256)), '', 0o600)).rejects.toMatchObject({
      kind: 'invalid-input',
    });
    expect(await readdir(root)).toHaveLength(3);
  });

  it('on a full disk is no-space, the old content stands and nothing is left behind', async () => {
    const disk = at('disk');
    await files.makeDirectory(disk, 0o700);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'pipe' });
    } catch {
      console.warn(
        'skipped: a tmpfs cannot be mounted here (tests/unit/host/file-errors covers the mapping)',
      );
      return;
    }
    try {
      const path = join(disk, 'f');
      await files.writeAtomic(path, 'old', 0o600);
      await expect(files.writeAtomic(path, 'x'.repeat(100_000), 0o600)).rejects.toMatchObject({
        kind: 'no-space',
        detail: `ENOSPC: ${path}`,
      });
      expect(await files.readText(path)).toBe('old');
      expect(await readdir(disk)).toEqual(['f']);
      expect(await files.space(disk)).toEqual({ usedKb: 4, availableKb: 60 });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('reading', () => {
  it('refuses a FIFO and a device without waiting for them', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    await expect(files.read(at('fifo'))).rejects.toMatchObject({ kind: 'precondition' });
    await expect(files.truncate(at('fifo'))).rejects.toMatchObject({ kind: 'precondition' });
    await expect(files.read('/dev/null')).rejects.toMatchObject({ kind: 'precondition' });
    expect(await files.readHostText(at('fifo'))).toBe('');
  });

  it('refuses files of 2 GiB and more', async () => {
    await writeFile(at('huge'), '');
    await truncate(at('huge'), 2 ** 31);
    await expect(files.read(at('huge'))).rejects.toMatchObject({ kind: 'too-large', detail: at('huge') });
  });

  it('gets what /proc computes, whose files have no size', async () => {
    expect(await files.readHostText('/proc/self/stat')).toContain('(');
    expect(await files.readText('/proc/sys/kernel/ostype')).toBe('Linux\n');
    expect(await files.readHostText(`/proc/${2 ** 30}/stat`)).toBeUndefined();
  });
});

describe('removing', () => {
  it('takes what has no permission bits', async () => {
    await files.makeDirectory(at('d'), 0o700);
    await files.writeAtomic(at('d/f'), 'text', 0o000);
    await files.remove(at('d/f'));
    await chmod(at('d'), 0o000);
    await files.remove(at('d'));
    expect(await readdir(root)).toEqual([]);
  });
});

describe('emptying', () => {
  it('lets a writer that appends go on at the start', async () => {
    await writeFile(at('log'), 'old lines\n');
    await files.truncate(at('log'));
    await writeFile(at('log'), 'new\n', { flag: 'a' });
    expect((await stat(at('log'))).size).toBe(4);
  });
});
