// Processes that were started for a directory of ours, known by an argument that lies in it: ended by pid.
import { readFileSync, readdirSync } from 'node:fs';

/** Lists the pids of processes that have a path below `directory` among their arguments, this one excepted. */
export function processesOf(directory) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => argumentsOf(pid).some((word) => word.startsWith(`${directory}/`)))
    .map(Number);
}

/** Kills them; tells how many there were. */
export function endOrphans(directory) {
  const pids = processesOf(directory);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      if (thrown.code !== 'ESRCH') throw thrown;
    }
  }
  return pids.length;
}

function argumentsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch (thrown) {
    if (thrown.code === 'ENOENT' || thrown.code === 'ESRCH') return [];
    throw thrown;
  }
}
