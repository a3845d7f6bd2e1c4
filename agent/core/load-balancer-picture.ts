// One load balancer as its operator sees it: what its configuration sets up, and how haproxy says that is. What
// haproxy does not tell in time is left null; the rest is told all the same.

import { readOutline, type Outline, type OutlinedBackend } from '../haproxy/config/outline';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { createRuntimeClient, createWorkerClient } from '../haproxy/runtime/client';
import { showProc, type ProcessGroup } from '../haproxy/runtime/show-proc';
import { showStat, type StatRow } from '../haproxy/runtime/show-stat';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { UnixSockets } from '../host/sockets';
import { isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { LoadBalancerStatus } from '../model/load-balancer';
import type { ListenerPicture, LoadBalancerPicture, MemberPicture, PoolPicture } from '../model/status';
import type { OldWorkers } from './old-workers';
import type { LoadBalancerState, StateStore } from './state-store';

export interface PictureDeps {
  readonly files: Files;
  readonly sockets: UnixSockets;
  readonly clock: Clock;
  readonly roots: HaproxyRoots;
  readonly state: Pick<StateStore, 'read'>;
  readonly oldWorkers: Pick<OldWorkers, 'of'>;
}

/** Draws a load balancer of a known status. */
export type DrawLoadBalancer = (
  id: LoadBalancerId,
  status: LoadBalancerStatus,
) => Promise<LoadBalancerPicture>;

const deadlineMs = 2_000;
const nothing: Outline = { frontends: [], backends: [] };

/** Makes the drawer; outlines are read once per stored text. */
export function createDrawLoadBalancer(deps: PictureDeps): DrawLoadBalancer {
  const { roots, sockets, oldWorkers, state } = deps;
  const outlineOf = createOutlines(deps);
  return async (id, status) => {
    const paths = haproxyPaths(roots, id);
    const record = await known<LoadBalancerState>(() => state.read(id));
    const runs = status === 'running';
    const ask = <T>(job: () => Promise<T>): Promise<T | undefined> =>
      runs ? inTime(deps.clock, () => known(job)) : Promise.resolve(undefined);
    const [outline, group, rows, old] = await Promise.all([
      known(() => outlineOf(runs ? paths.running : paths.config, paths.config)),
      ask(() => showProc(createRuntimeClient(sockets, paths.masterSocket))),
      ask(() => showStat(createWorkerClient(sockets, paths.masterSocket))),
      ask(() => oldWorkers.of(id)),
    ]);
    return {
      id,
      state: status,
      owner: record?.owner ?? null,
      desired: record?.desired ?? null,
      ...processOf(group),
      isOlder: runs && record?.running?.fallback === true,
      oldWorkers: (old ?? []).map(({ pid, ageS, sessions = null }) => ({ pid, ageS, sessions })),
      listeners: listenersOf(outline ?? nothing, rows),
      pools: poolsOf(outline ?? nothing, rows),
    };
  };
}

function processOf(
  group: ProcessGroup | undefined,
): Pick<LoadBalancerPicture, 'pid' | 'uptimeS' | 'reloads'> {
  if (group === undefined) return { pid: null, uptimeS: null, reloads: null };
  return { pid: group.masterPid, uptimeS: group.masterAgeS, reloads: group.reloads };
}

/** Reads the first of two files that exists, once for each version of it. */
function createOutlines({ files }: PictureDeps): (...paths: readonly string[]) => Promise<Outline> {
  const cache = new Map<string, { readonly version: string; readonly outline: Outline }>();
  return async (...paths) => {
    for (const path of paths) {
      const stat = await files.stat(path);
      if (stat === undefined) continue;
      const version = `${stat.inode}:${stat.mtimeMs}:${stat.size}`;
      const found = cache.get(path);
      if (found?.version === version) return found.outline;
      const outline = readOutline((await files.readText(path)) ?? '');
      cache.set(path, { version, outline });
      return outline;
    }
    for (const path of paths) cache.delete(path);
    return nothing;
  };
}

function listenersOf(
  { frontends }: Outline,
  rows: readonly StatRow[] | undefined,
): readonly ListenerPicture[] {
  const byName = new Map(
    rows?.filter(({ service }) => service === 'FRONTEND').map((row) => [row.proxy, row] as const),
  );
  return frontends.map((frontend) => ({
    id: frontend.name,
    type: frontend.terminatesTls ? 'TERMINATED_HTTPS' : frontend.mode === 'http' ? 'HTTP' : 'TCP',
    addresses: frontend.addresses,
    state: byName.get(frontend.name)?.status ?? null,
    sessions: countOf(byName.get(frontend.name)),
  }));
}

function poolsOf({ backends }: Outline, rows: readonly StatRow[] | undefined): readonly PoolPicture[] {
  if (rows === undefined) return backends.map(silentPool);
  const addressOf = new Map(
    backends.flatMap(({ name, servers }) =>
      servers.map((each) => [`${name}/${each.name}`, each.address] as const),
    ),
  );
  const configured = new Set(backends.map(({ name }) => name));
  const members = new Map<string, MemberPicture[]>();
  for (const row of rows.filter((each) => each.column('type') === '2')) {
    const list = members.get(row.proxy) ?? [];
    members.set(row.proxy, list);
    const address = row.column('addr') || (addressOf.get(`${row.proxy}/${row.service}`) ?? '');
    list.push({ id: row.service, address, state: row.status, sessions: countOf(row) });
  }
  return rows
    .filter(({ service, proxy }) => service === 'BACKEND' && (configured.has(proxy) || members.has(proxy)))
    .map((row) => ({
      id: row.proxy,
      state: row.status,
      sessions: countOf(row),
      members: members.get(row.proxy) ?? [],
    }));
}

function silentPool({ name, servers }: OutlinedBackend): PoolPicture {
  const members = servers.map(({ name: id, address }) => ({ id, address, state: null, sessions: null }));
  return { id: name, state: null, sessions: null, members };
}

function countOf(row: StatRow | undefined): number | null {
  const text = row?.column('scur') ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Undefined for what cannot be read now. */
async function known<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (isAgentError(thrown)) return undefined;
    throw thrown;
  }
}

/** Undefined for what is not told in time: one that hangs must not keep the others from being shown. */
async function inTime<T>(clock: Clock, job: () => Promise<T | undefined>): Promise<T | undefined> {
  const aborter = new AbortController();
  const late = clock.sleep(deadlineMs, aborter.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([job(), late]);
  } finally {
    aborter.abort();
  }
}
