// What a process holds in memory, from /proc. PSS counts a page that n processes share as 1/n: fairer than RSS for
// two Node processes, whose program text is the same file. Source: proc(5), smaps_rollup.
import { readFileSync } from 'node:fs';

/** Reads PSS, RSS and anonymous memory (heaps and stacks, no program text) of a process, in MiB. Throws when it is gone or not ours. */
export function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    pss: mebibytes(text, 'Pss'),
    rss: mebibytes(text, 'Rss'),
    anonymous: mebibytes(text, 'Anonymous'),
  };
}

function mebibytes(text, key) {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text);
  if (found === null) throw new Error(`smaps_rollup has no ${key}`);
  return Number(found[1]) / 1024;
}
