// Facts about this machine, read from /proc at each call: some 0.2 ms a file, and whoever asks often keeps the answer.

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

import type { System } from '../system';
import { AgentError, messageOf, unsupported } from '../../model/errors';
import { readInventory } from './inventory';
import { parseCpuCount, parseCpuTimes, parseLoad, parseMemory, parseTraffic } from './proc';

/** Makes the seam to the machine that this process runs on. Its readers throw `unavailable` when /proc cannot be read. */
export function createNodeSystem(): System {
  return {
    hostname,
    userId,
    processId: () => process.pid,
    bootId: async () => (await readProc('/proc/sys/kernel/random/boot_id')).trim(),
    cpuTimes: async () => parseCpuTimes(await readProc('/proc/stat')),
    cpuCount: async () => parseCpuCount(await readProc('/proc/stat')),
    memory: async () => parseMemory(await readProc('/proc/meminfo')),
    load: async () => parseLoad(await readProc('/proc/loadavg')),
    traffic: async () => parseTraffic(await readProc('/proc/net/dev')),
    inventory: readInventory,
  };
}

function userId(): number {
  if (process.geteuid === undefined) throw unsupported('an operating system without user ids');
  return process.geteuid();
}

async function readProc(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new AgentError('unavailable', `cannot read ${path}`, { detail: messageOf(thrown), cause: thrown });
  }
}
