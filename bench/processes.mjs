// What processes use, from /proc: CPU time with that of the children they have waited for, and memory; an agent is all
// of its processes. Source: proc(5).
import { readFileSync, readdirSync } from 'node:fs';
import { memoryOf } from './memory-of.mjs';

const ticksPerSecond = 100;

/** User and system time of processes and of children that have ended, in seconds: fields 14 to 17 of proc_pid_stat(5). */
export function cpuSecondsOf(pids) {
  let ticks = 0;
  for (const pid of pids) for (const field of statOf(pid).slice(11, 15)) ticks += Number(field);
  return ticks / ticksPerSecond;
}

/** Time on a CPU of all threads of a process, in seconds: finer than ticks, without children. Source: sched-stats. */
export function threadSecondsOf(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return nanoseconds / 1e9;
}

/** PSS and RSS of processes together, in MiB. RSS counts what they share once for each. */
export function memoryOfAll(pids) {
  const each = pids.map(memoryOf);
  const sum = (key) => each.reduce((total, one) => total + one[key], 0);
  return { pss: sum('pss'), rss: sum('rss') };
}

/** A process and all its descendants. */
export function treeOf(pid) {
  const children = new Map();
  for (const { pid: each, parent } of everyProcess())
    children.set(parent, [...(children.get(parent) ?? []), each]);
  const found = [pid];
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

/** The haproxy workers whose command line names this: those whose parent's does, too. */
export function workersOf(word) {
  const named = everyProcess().filter(({ pid, name }) => name === 'haproxy' && commandOf(pid).includes(word));
  const masters = new Set(named.map(({ pid }) => pid));
  return named.filter(({ parent }) => masters.has(parent)).map(({ pid }) => pid);
}

/** The haproxy masters whose command line names this. */
export function mastersOf(word) {
  const workers = new Set(workersOf(word));
  return everyProcess()
    .filter(({ pid, name }) => name === 'haproxy' && !workers.has(pid) && commandOf(pid).includes(word))
    .map(({ pid }) => pid);
}

function everyProcess() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
        const [state, parent] = fieldsOf(text);
        return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), name }];
      } catch {
        // It has ended since it was listed.
        return [];
      }
    });
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const statOf = (pid) => fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const fieldsOf = (stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
