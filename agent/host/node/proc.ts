// The text of /proc, parsed: proc_stat(5), proc_meminfo(5), proc_loadavg(5), and /proc/net/dev as the kernel's
// net/core/net-procfs.c prints it. Pure, so that captured text from other kernels can be held against it.

import type { CpuTimes, InterfaceTraffic, MemoryUse } from '../system';
import { AgentError } from '../../model/errors';

/** Parses the summary line of /proc/stat, in jiffies. Throws `unavailable` when it is not there. */
export function parseCpuTimes(text: string): CpuTimes {
  const line = text.split('\n').find((candidate) => candidate.startsWith('cpu '));
  const [user, nice, system, idle, iowait, irq, softIrq, steal] = numbersOf(line?.slice(4) ?? '');
  if (user === undefined || nice === undefined || system === undefined || idle === undefined) {
    throw unreadable('/proc/stat', 'no line of all CPUs');
  }
  const parts = {
    user,
    nice,
    system,
    idle,
    iowait: iowait ?? 0,
    irq: irq ?? 0,
    softIrq: softIrq ?? 0,
    steal: steal ?? 0,
  };
  // Guest time, the ninth and tenth field, is already inside user and nice.
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { ...parts, total };
}

/** Counts the lines of single CPUs in /proc/stat: those that are online. Throws `unavailable` when there is none. */
export function parseCpuCount(text: string): number {
  const count = text.match(/^cpu\d+ /gm)?.length ?? 0;
  if (count === 0) throw unreadable('/proc/stat', 'no line of a CPU');
  return count;
}

/** Parses /proc/meminfo, in kilobytes. Throws `unavailable` naming the line that is missing. */
export function parseMemory(text: string): MemoryUse {
  const lines = new Map<string, number>();
  for (const match of text.matchAll(/^(\S+):\s+(\d+)/gm)) {
    const [, name = '', value] = match;
    lines.set(name, Number(value));
  }
  const line = (name: string): number => {
    const value = lines.get(name);
    if (value === undefined) throw unreadable('/proc/meminfo', `no line ${name}`);
    return value;
  };
  return {
    total: line('MemTotal'),
    free: line('MemFree'),
    available: line('MemAvailable'),
    buffers: line('Buffers'),
    cached: line('Cached'),
    swapUsed: line('SwapTotal') - line('SwapFree'),
    shared: line('Shmem'),
    slab: line('Slab'),
    committedAs: line('Committed_AS'),
  };
}

/** Parses the three averages of /proc/loadavg. Throws `unavailable` when they are not there. */
export function parseLoad(text: string): readonly [number, number, number] {
  const [one, five, fifteen] = numbersOf(text);
  if (one === undefined || five === undefined || fifteen === undefined) {
    throw unreadable('/proc/loadavg', 'no three numbers');
  }
  return [one, five, fifteen];
}

/** Parses /proc/net/dev: bytes received and sent by each interface, in the kernel's order. */
export function parseTraffic(text: string): readonly InterfaceTraffic[] {
  const interfaces: InterfaceTraffic[] = [];
  for (const line of text.split('\n')) {
    // A wide counter leaves no blank after the colon; a name holds none (dev_valid_name).
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const counters = numbersOf(line.slice(colon + 1));
    const received = counters[0];
    const sent = counters[8];
    if (received === undefined || sent === undefined) {
      throw unreadable('/proc/net/dev', 'a line without sixteen counters');
    }
    interfaces.push({ name: line.slice(0, colon).trim(), received, sent });
  }
  return interfaces;
}

// Stops at the first word that is not a number, as in the `1/88` of /proc/loadavg.
function numbersOf(text: string): readonly number[] {
  const numbers: number[] = [];
  for (const word of text.trim().split(/\s+/)) {
    if (!/^\d+(?:\.\d+)?$/.test(word)) break;
    numbers.push(Number(word));
  }
  return numbers;
}

function unreadable(path: string, detail: string): AgentError {
  return new AgentError('unavailable', `cannot make sense of ${path}`, { detail });
}
