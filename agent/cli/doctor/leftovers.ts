// What a killed agent left of work that was never acknowledged, by the agent's own rules; and sockets that more than
// their owner may open. Looked at, and taken away, only while no agent has the base_path: the lock is held meanwhile.

import { join } from 'node:path';
import { takeInstanceLock } from '../../core/instance-lock';
import { sweepLeftovers } from '../../core/leftovers';
import type { Files } from '../../host/files';
import type { Log } from '../../host/log';
import type { Finding } from '../../model/finding';
import { isLoadBalancerId } from '../../model/ids';
import { found, type Check, type Patient } from './check';

export const leftoverChecks: readonly Check[] = [
  { name: 'leftovers', look: leftovers, mend: sweep },
  { name: 'sockets', look: sockets, mend: closeSockets },
];

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
};
const mostNamed = 5;
const socketMode = 0o600;

function sweepWith(patient: Patient, files: Files): Promise<readonly string[]> {
  const { config, host } = patient;
  const { base_path: basePath, base_cert_dir: certDir } = config.haproxy_amphora;
  const roots = { basePath, certDir, runtimeDir: config.amphorad.runtime_dir };
  const others = [config.amphora_agent.agent_server_cert];
  return sweepLeftovers({ files, log: silent, runner: host.runner, roots, others });
}

async function leftovers(patient: Patient): Promise<readonly Finding[]> {
  // What an agent is at the middle of is no leftover.
  if (patient.agent !== undefined) return [];
  const left = await sweepWith(patient, { ...patient.host.files, remove: () => Promise.resolve() });
  if (left.length === 0) return [];
  const more = left.length > mostNamed ? ` and ${left.length - mostNamed} more` : '';
  return [
    found('leftovers', 'warning', {
      what: `A killed agent left ${left.slice(0, mostNamed).join(', ')}${more}`,
      why: 'It was never acknowledged and is of no use; it takes space.',
      todo: 'Start the agent, which takes it away, or run amphorad doctor --fix.',
    }),
  ];
}

async function sweep(patient: Patient): Promise<readonly string[]> {
  const { agent, host, config } = patient;
  const { base_path: basePath } = config.haproxy_amphora;
  if (agent !== undefined || (await host.files.stat(basePath))?.kind !== 'directory') return [];
  if ((await leftovers(patient)).length === 0) return [];
  const pid = host.system.processId();
  // An agent that starts meanwhile is told who has it, and tries again.
  const lock = await takeInstanceLock({ ...host, basePath, pid, take: (asking) => void asking.end() });
  try {
    return (await sweepWith(patient, host.files)).map((path) => `removed ${path}`);
  } finally {
    await lock.release();
  }
}

/** The sockets that only the agent's user may open; a controller's `stats socket` has the mode its configuration says. */
async function openSockets({ config, host }: Patient): Promise<readonly string[]> {
  const { base_path: basePath } = config.haproxy_amphora;
  const runtimeDir = config.amphorad.runtime_dir;
  const ids = (await host.files.list(runtimeDir)).filter(isLoadBalancerId);
  const own = ids.flatMap((id) => ['admin.sock', 'master.sock'].map((name) => join(runtimeDir, id, name)));
  const open: string[] = [];
  for (const path of [join(basePath, 'agent.sock'), ...own]) {
    const stat = await host.files.stat(path);
    if (stat?.kind === 'socket' && (stat.mode & 0o077) !== 0) open.push(path);
  }
  return open;
}

async function sockets(patient: Patient): Promise<readonly Finding[]> {
  return (await openSockets(patient)).map((path) =>
    found('sockets', 'error', {
      what: `${path} can be opened by others than its owner`,
      why: 'Whoever opens it commands the agent or a haproxy.',
      todo: `chmod 600 ${path}, or run amphorad doctor --fix.`,
    }),
  );
}

async function closeSockets(patient: Patient): Promise<readonly string[]> {
  const done: string[] = [];
  for (const path of await openSockets(patient)) {
    await patient.host.files.changeMode(path, socketMode);
    done.push(`set the mode of ${path} to 600`);
  }
  return done;
}
