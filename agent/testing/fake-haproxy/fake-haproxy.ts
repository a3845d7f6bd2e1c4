// The hand by which harnesses steer a fake haproxy (fake-load-balancer.ts).

import { AgentError, invalidInput, notFound } from '../../model/errors';
import type { FakeGroupState, FakeHaproxy, ServerChange, Traffic } from '../fake-load-balancer';
import type { Faults } from './faults';
import type { FakeGroup } from './group';
import { statusOf } from './servers';
import type { Counted } from './tables';
import type { FakeWorker } from './worker';

export interface FakeHaproxyDeps {
  readonly faults: Faults;
  /** The living groups by the id of their load balancer. */
  readonly groups: () => ReadonlyMap<string, FakeGroup>;
}

/** Makes what harnesses steer. */
export function createFakeHaproxy({ faults, groups }: FakeHaproxyDeps): FakeHaproxy {
  const workerOf = (id: string): FakeWorker => {
    const worker = groups().get(id)?.worker();
    if (worker === undefined) throw notFound('load balancer', id);
    return worker;
  };
  const healAll = (): void => {
    faults.heal(undefined);
    for (const group of groups().values()) wake(group);
  };
  return {
    of: (id) => ({
      id,
      fail(fault, howOften = 'next') {
        const worker = groups().get(id)?.worker();
        const isNow = fault.kind === 'hangs' && worker !== undefined;
        if (isNow) worker.hangs = true;
        if (!isNow || howOften === 'always') faults.plan(id, fault, howOften);
      },
      heal() {
        faults.heal(id);
        wake(groups().get(id));
      },
      async die(printed = '') {
        const group = groups().get(id);
        if (group === undefined) throw notFound('load balancer', id);
        await group.die(printed);
      },
      setServer: (name, change) => changeServer(workerOf(id), name, change),
      count: (traffic) => addTraffic(workerOf(id), traffic),
      endOldWorkers() {
        const group = groups().get(id);
        for (const { listeners } of group?.oldWorkers() ?? [])
          for (const counted of listeners.values()) counted.current = 0;
        group?.sweep();
      },
      state: () => stateOf(groups().get(id)),
      planned: () => faults.planned(id),
    }),
    fail(fault, howOften = 'next') {
      if (fault.kind === 'hangs' && howOften === 'always') hangAll(groups());
      faults.plan(undefined, fault, howOften);
    },
    heal: healAll,
    running: () => [...groups().keys()].sort(),
  };
}

function hangAll(groups: ReadonlyMap<string, FakeGroup>): void {
  for (const group of groups.values()) {
    const worker = group.worker();
    if (worker !== undefined) worker.hangs = true;
  }
}

function wake(group: FakeGroup | undefined): void {
  const worker = group?.worker();
  if (worker !== undefined) worker.hangs = false;
}

function changeServer(
  { servers }: FakeWorker,
  name: string,
  { status, weight, sessions }: ServerChange,
): void {
  const server = servers.find(name);
  if (server === undefined) throw absent('server', name);
  if (status !== undefined) servers.setStatus(server, status);
  if (weight !== undefined) server.userWeight = weight;
  if (sessions !== undefined) server.sessions = sessions;
}

function addTraffic({ listeners }: FakeWorker, traffic: Traffic): void {
  const counted = listenerOf(listeners, traffic.listener);
  for (const name of ['connections', 'bytesIn', 'bytesOut', 'requestErrors'] as const)
    counted[name] += traffic[name] ?? 0;
  if (traffic.current !== undefined) counted.current = traffic.current;
}

function listenerOf(listeners: FakeWorker['listeners'], name: string | undefined): Counted {
  const [only, ...others] = listeners.values();
  if (name === undefined && only !== undefined && others.length === 0) return only;
  if (name === undefined)
    throw invalidInput('Invalid request', 'listener: there is not exactly one, so it must be named');
  const found = listeners.get(name);
  if (found === undefined) throw absent('listener', name);
  return found;
}

function stateOf(group: FakeGroup | undefined): FakeGroupState | undefined {
  const worker = group?.worker();
  if (group === undefined || worker === undefined) return undefined;
  const servers = worker.servers.all();
  return {
    masterPid: group.master.pid,
    workerPid: worker.process.pid,
    oldWorkers: group.oldWorkers().map(({ process }) => process.pid),
    reloads: group.reloads(),
    hangs: worker.hangs,
    listeners: [...worker.listeners.keys()],
    servers: Object.fromEntries(servers.map((one) => [`${one.backend}/${one.name}`, statusOf(one)])),
  };
}

function absent(what: string, name: string): AgentError {
  return new AgentError('not-found', `${what} not found: ${name}`);
}
