// The small file system under the agent's base_path: filled to the brim, or into the reserve that the agent keeps, and
// freed again. Mounting takes root; without it nothing is filled. Source: tmpfs(5), mount(8).
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const size = '48m';
const chunk = Buffer.alloc(256 * 1024);
// Half of what the agent keeps free: uploads must be refused, and small writes go through.
const leftInReserve = 8 * 1024 * 1024;

/** Mounts the file system on a new directory. */
export function createDisk(path) {
  mkdirSync(path);
  const refusal = tryMount(path);
  const ballast = join(path, 'ballast');
  const disk = {
    path,
    /** Why it cannot be filled; undefined when it can. */
    refusal,
    isFull: false,
    freedAt: -Infinity,
    /** Whether it has been full at some time since. */
    wasFull: (since) => disk.isFull || disk.freedAt >= since,
    fill(toTheBrim) {
      disk.isFull = true;
      const file = openSync(ballast, 'w');
      try {
        while (toTheBrim || availableOn(path) - chunk.length >= leftInReserve) writeSync(file, chunk);
      } catch (thrown) {
        if (thrown.code !== 'ENOSPC') throw thrown;
      } finally {
        closeSync(file);
      }
    },
    free() {
      rmSync(ballast, { force: true });
      disk.isFull = false;
      disk.freedAt = performance.now();
    },
    clear() {
      if (refusal === undefined) execFileSync('umount', [path], { stdio: 'pipe' });
    },
  };
  return disk;
}

function tryMount(path) {
  if (process.getuid() !== 0) return 'mounting a small file system takes root';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'amphorad-chaos', path], {
      stdio: 'pipe',
    });
    return undefined;
  } catch (thrown) {
    return `mount: ${String(thrown.stderr ?? thrown.message).trim()}`;
  }
}

function availableOn(path) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
