// What runs and listens beside the records: haproxies of this base_path that none knows, and the port of the API. With
// an agent it tells of the ports of listeners itself; without one they are looked at here.

import { basename } from 'node:path';
import { readBinds } from '../../haproxy/binds';
import { idsOnDisk } from '../../haproxy/ids-on-disk';
import { haproxyPaths, type HaproxyRoots } from '../../haproxy/paths';
import type { ProcessIdentity } from '../../host/process';
import { bindsCollide, formatBind } from '../../model/bind';
import { isAgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { isLoadBalancerId } from '../../model/ids';
import { createListListening, type ListeningSocket } from '../../network/listening';
import { found, type Check, type Patient } from './check';

export const processChecks: readonly Check[] = [
  { name: 'orphans', look: orphans },
  { name: 'api-port', look: apiPort },
  { name: 'listener-ports', look: listenerPorts },
];

function rootsOf({ config }: Patient): HaproxyRoots {
  const { base_path: basePath, base_cert_dir: certDir } = config.haproxy_amphora;
  return { basePath, certDir, runtimeDir: config.amphorad.runtime_dir };
}

/** By the pid file in their command lines, which workers have from their master. */
async function haproxies(patient: Patient): Promise<ReadonlyMap<string, readonly number[]>> {
  const roots = rootsOf(patient);
  const groups = new Map<string, readonly number[]>();
  const all = await patient.host.runner.processesOf(basename(patient.config.haproxy_amphora.haproxy_cmd));
  for (const each of all.filter(({ isContained }) => !isContained)) {
    const id = idOf(each, roots);
    if (id !== undefined) groups.set(id, [...(groups.get(id) ?? []), each.pid]);
  }
  return groups;
}

function idOf({ argv }: ProcessIdentity, roots: HaproxyRoots): string | undefined {
  const pidFile = argv[argv.indexOf('-p') + 1] ?? '';
  const id = basename(pidFile, '.pid');
  return isLoadBalancerId(id) && haproxyPaths(roots, id).pidFile === pidFile ? id : undefined;
}

async function orphans(patient: Patient): Promise<readonly Finding[]> {
  const { files } = patient.host;
  const all: Finding[] = [];
  for (const [id, pids] of await haproxies(patient)) {
    if (!isLoadBalancerId(id)) continue;
    const { state, config } = haproxyPaths(rootsOf(patient), id);
    if ((await files.stat(state)) !== undefined || (await files.stat(config)) !== undefined) continue;
    all.push(
      found('orphans', 'error', {
        what: `haproxy of ${id} runs (pid ${pids.join(', ')}), and nothing on disk knows of it`,
        why: 'It holds ports and serves what nobody can see, change or stop over the API.',
        todo: `If it is not wanted, end its master: kill ${Math.min(...pids)}. If it is, upload its configuration.`,
      }),
    );
  }
  return all;
}

/** Undefined where ss cannot be asked. */
async function listening(
  { host }: Patient,
  namespace: string,
): Promise<readonly ListeningSocket[] | undefined> {
  try {
    return await createListListening(host.runner, namespace)();
  } catch (thrown) {
    if (isAgentError(thrown)) return undefined;
    throw thrown;
  }
}

async function apiPort(patient: Patient): Promise<readonly Finding[]> {
  const { agent, config } = patient;
  const { bind_port: port } = config.haproxy_amphora;
  // 0 is any free one: nobody can be in its way.
  if (port === 0) return [];
  const sockets = await listening(patient, '');
  const holders = sockets?.filter((socket) => socket.port === port);
  if (holders === undefined) return [];
  const others = holders.filter(({ pids }) => pids.length > 0 && !pids.includes(agent?.pid ?? 0));
  if (agent === undefined && others.length > 0) {
    const pids = [...new Set(others.flatMap((each) => each.pids))];
    return [
      found('api-port', 'error', {
        what: `Port ${port} of the API is taken by another process (pid ${pids.join(', ')})`,
        why: 'The agent cannot start.',
        todo: 'End that process (Octavia’s own agent?), or set another bind_port.',
      }),
    ];
  }
  if (agent === undefined || agent.step !== undefined || holders.length > 0) return [];
  return [
    found('api-port', 'error', {
      what: `The agent runs and does not listen on port ${port} of its configuration`,
      why: 'Controllers do not reach it.',
      todo: 'bind_port was changed since its start, or the files are not its own: restart it, or name its files.',
    }),
  ];
}

async function listenerPorts(patient: Patient): Promise<readonly Finding[]> {
  if (patient.agent !== undefined) return [];
  const { config, host } = patient;
  const roots = rootsOf(patient);
  const ids = await idsOnDisk(host.files, roots.basePath, await host.files.list(roots.basePath));
  if (ids.length === 0) return [];
  const sockets = await listening(patient, config.amphorad.network_namespace ?? '');
  const groups = await haproxies(patient);
  const all: Finding[] = [];
  for (const id of ids) {
    const text = (await host.files.readText(haproxyPaths(roots, id).config)) ?? '';
    const own = groups.get(id) ?? [];
    for (const bind of readBinds(text, '')) {
      const foreign = (sockets ?? [])
        .filter((socket) => bindsCollide(bind, { ...socket, transport: 'tcp' }))
        .flatMap(({ pids }) => pids)
        .filter((pid) => !own.includes(pid));
      if (foreign.length === 0) continue;
      all.push(
        found('listener-ports', 'error', {
          what: `${formatBind(bind)}, which ${id} wants, is taken by another process (pid ${[...new Set(foreign)].join(', ')})`,
          why: 'The listener does not come up when the agent starts.',
          todo: 'End that process, or give one of both another address or port.',
        }),
      );
    }
  }
  return all;
}
