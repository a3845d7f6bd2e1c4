// The two figures of the machine that Octavia puts before haproxy's. Sources: proc_meminfo(5), getloadavg(3).

import { readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';

/** Describes load and memory of this machine, in percent, as exposition text. */
export async function machineMetrics(): Promise<string> {
  const load = ((loadavg()[0] ?? 0) / availableParallelism()) * 100;
  const memory = usedMemory(await readFile('/proc/meminfo', 'utf8'));
  return (
    gauge('octavia_loadbalancer_cpu', 'Load balancer CPU utilization (percentage).', load) +
    gauge('octavia_loadbalancer_memory', 'Load balancer memory utilization (percentage).', memory)
  );
}

/** Reads from /proc/meminfo how many percent of the memory no program could have. */
export function usedMemory(meminfo: string): number {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1]);
  const total = kilobytes('MemTotal');
  return ((total - kilobytes('MemAvailable')) / total) * 100;
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value.toFixed(1)}\n`;
}
