// The time that all files of a package carry: reproducible builds want one that follows from the sources alone.
import { execFileSync } from 'node:child_process';

/** Seconds since 1970: SOURCE_DATE_EPOCH, else the time of the last commit. */
export function sourceDate(root) {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given === undefined) {
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }));
  }
  if (!/^\d{1,10}$/.test(given)) throw new Error('SOURCE_DATE_EPOCH: expected seconds since 1970');
  return Number(given);
}
