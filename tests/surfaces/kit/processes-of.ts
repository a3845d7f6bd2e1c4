// Who runs of an agent's directory: what must be nobody at the end.

import { readdirSync, readFileSync } from 'node:fs';

/** The processes that have this directory in their arguments. */
export function processesOf(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
      } catch {
        return false;
      }
    });
}
