// Processes and sockets that do not fit the configurations on disk: haproxies of ours without one, sockets without a
// process, others on our ports. Looked at anew at each call; nothing is ended or removed, whoever's it is.
// Source: DESIGN "Adopt", ss(8).

import { basename } from 'node:path';
import { readBinds } from '../haproxy/binds';
import { idsOnDisk } from '../haproxy/ids-on-disk';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import { bindsCollide, byPort, formatBind } from '../model/bind';
import { isAgentError } from '../model/errors';
import type { Finding, FindProblems } from '../model/finding';
import { isLoadBalancerId, uuidsAmong, type LoadBalancerId } from '../model/ids';
import type { ListeningSocket, ListListening } from '../network/listening';
import type { LoadBalancerState, StateStore } from './state-store';

export interface ProcessSurveyDeps {
  readonly files: Files;
  readonly runner: Pick<ProcessRunner, 'processesOf'>;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly binary: string;
  readonly haproxy: Pick<HaproxyProcess, 'pids'>;
  readonly listListening: ListListening;
}

type Groups = ReadonlyMap<LoadBalancerId, readonly number[]>;

/** Makes the survey of processes, sockets and ports. */
export function createProcessSurvey(deps: ProcessSurveyDeps): FindProblems {
  return async () => {
    const names = await deps.files.list(deps.roots.basePath);
    const [groups, sockets] = await Promise.all([groupsOf(deps), deps.listListening()]);
    const found: Finding[] = [];
    for (const [id, pids] of groups) {
      if ((await deps.files.stat(haproxyPaths(deps.roots, id).config)) !== undefined) continue;
      found.push(withoutConfiguration(id, pids));
    }
    const ids = await idsOnDisk(deps.files, deps.roots.basePath, names);
    const stale = new Set([
      ...uuidsAmong(names.flatMap((name) => (name.endsWith('.sock') ? [name.slice(0, -5)] : []))),
      ...ids.filter((id) => names.includes(`${id}.sock`)),
    ]);
    for (const id of [...stale].filter((each) => !groups.has(each))) {
      found.push(withoutProcess(haproxyPaths(deps.roots, id).statsSocket));
    }
    const socketsAt = byPort(sockets);
    for (const id of ids) {
      found.push(...(await foreignOn(deps, id, groups.get(id) ?? [], socketsAt)));
    }
    return found;
  };
}

/** Pids by the load balancer whose pid file stands in their command line; workers have that of their master. */
async function groupsOf({ runner, roots, binary }: ProcessSurveyDeps): Promise<Groups> {
  const groups = new Map<LoadBalancerId, readonly number[]>();
  for (const { pid, argv } of await runner.processesOf(basename(binary))) {
    const pidFile = argv[argv.indexOf('-p') + 1] ?? '';
    const id = basename(pidFile, '.pid');
    if (!isLoadBalancerId(id) || haproxyPaths(roots, id).pidFile !== pidFile) continue;
    groups.set(id, [...(groups.get(id) ?? []), pid]);
  }
  return groups;
}

async function foreignOn(
  { files, roots, state, haproxy }: ProcessSurveyDeps,
  id: LoadBalancerId,
  ours: readonly number[],
  socketsAt: ReadonlyMap<number, readonly ListeningSocket[]>,
): Promise<readonly Finding[]> {
  const known = await readable<LoadBalancerState>(() => state.read(id));
  if (known?.desired !== 'running') return [];
  const paths = haproxyPaths(roots, id);
  const text =
    (await readable(() => files.readText(paths.running))) ??
    (await readable(() => files.readText(paths.config)));
  const found = new Map<string, readonly number[]>();
  for (const bind of readBinds(text ?? '', known.peer)) {
    const holding = (socketsAt.get(bind.port) ?? []).filter((socket) =>
      bindsCollide(bind, { ...socket, transport: 'tcp' }),
    );
    const foreign = holding.flatMap(({ pids }) => pids).filter((pid) => !ours.includes(pid));
    if (foreign.length > 0) found.set(formatBind(bind), [...new Set(foreign)]);
  }
  if (found.size === 0) return [];
  // The master knows its workers whatever their command lines say; asked last, because it costs a round trip.
  const own = await haproxy.pids(paths);
  return [...found].flatMap(([address, pids]) => {
    const foreign = pids.filter((pid) => !own.includes(pid));
    return foreign.length > 0 ? [foreignListener(id, address, foreign)] : [];
  });
}

/** Undefined for what cannot be read: that is another survey's finding. */
async function readable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (isAgentError(thrown)) return undefined;
    throw thrown;
  }
}

function withoutConfiguration(id: LoadBalancerId, pids: readonly number[]): Finding {
  return {
    check: 'process-without-configuration',
    severity: 'error',
    what: `haproxy of ${id} runs (pid ${pids.join(', ')}) and has no haproxy.cfg`,
    why: 'It serves what nobody can see or change over the API, and may hold ports that others want.',
    todo: `If it is not wanted, end it: kill ${Math.min(...pids)}. If it is, upload its configuration.`,
  };
}

function withoutProcess(path: string): Finding {
  return {
    check: 'socket-without-process',
    severity: 'warning',
    what: `The socket ${path} has no haproxy of this agent`,
    why: 'A listener of that id is listed though nothing serves it, or another agent runs it.',
    todo: 'If no other agent runs it, start or delete that listener, or remove the socket.',
  };
}

function foreignListener(id: LoadBalancerId, address: string, pids: readonly number[]): Finding {
  return {
    check: 'foreign-listener',
    severity: 'error',
    what: `${address}, which ${id} wants, is listened on by another process (pid ${pids.join(', ')})`,
    why: 'The kernel shares a port among processes in silence: part of the traffic goes there, or the listener cannot start.',
    todo: 'End that process, or give one of both another address or port.',
  };
}
