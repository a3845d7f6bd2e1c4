// The haproxy processes of a base_path, from /proc: those whose arguments name it. Source: proc(5).
import { readFileSync, readdirSync } from 'node:fs';

/** Lists them as `{pid, parent, start, listener, isMaster}`; zombies are left out. */
export function haproxiesOf(basePath) {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name), basePath))
    .filter((one) => one !== undefined);
  const pids = new Set(found.map(({ pid }) => pid));
  return found.map((one) => ({ ...one, isMaster: !pids.has(one.parent) }));
}

function readProcess(pid, basePath) {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // `haproxy -c` of an upload is no server.
    if (!argv[0]?.endsWith('haproxy') || argv.includes('-c')) return undefined;
    const path = argv.find((word) => word.startsWith(`${basePath}/`));
    if (path === undefined) return undefined;
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      start: Number(fields[19]),
      listener: path.slice(basePath.length + 1).split('/')[0],
    };
  } catch (thrown) {
    if (thrown.code === 'ENOENT' || thrown.code === 'ESRCH') return undefined;
    throw thrown;
  }
}

/** Tells whether the very process still lives: a pid may be another's by now. */
export function isAlive({ pid, start }, basePath) {
  return readProcess(pid, basePath)?.start === start;
}

/** Counts a process's open descriptors. */
export function descriptorsOf(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}
