// UDP and SCTP listeners over keepalived and the kernel's load balancer. Source: contract/octavia-1.0.md "UDP and SCTP
// listeners".

import type { Files } from '../host/files';
import { readLvsConfig } from '../keepalived/lvs-config';
import { lvsLiveText } from '../keepalived/lvs-live';
import { isCandidateName, listenerOfName, lvsDirectory, lvsPaths } from '../keepalived/paths';
import { AgentError, notFound } from '../model/errors';
import { isLoadBalancerId, type LoadBalancerId } from '../model/ids';
import { isTemporaryName } from '../model/leftover';
import type { FormerUnits } from '../supervisor/former-units';
import { requireSpace } from './disk-reserve';
import type { Gate } from './gate';
import type { LvsProcesses } from './lvs-processes';
import type { LvsStateStore } from './lvs-state';
import type { LvsWatch } from './lvs-watch';
import type { UdpListeners } from './udp-listeners';

export interface KeepalivedLvs extends UdpListeners {
  /** Clears away what a killed agent left half-done. Throws `version-mismatch` for a state of a newer agent, before anything is touched. */
  prepare(): Promise<void>;
  /** Adopts what runs, starts what should, finishes what was begun. Throws what keeps this one from it. */
  restore(id: LoadBalancerId): Promise<void>;
  /** Ids of all of which anything is stored, removals that were cut short included. */
  restorable(): Promise<readonly LoadBalancerId[]>;
  /** Brings one up that should run and does not. */
  revive(id: LoadBalancerId): Promise<void>;
  /** Ends it until the agent's next start. */
  pause(id: LoadBalancerId): Promise<void>;
}

export interface KeepalivedLvsDeps {
  readonly files: Files;
  readonly basePath: string;
  readonly gate: Gate<LoadBalancerId>;
  readonly state: LvsStateStore;
  readonly processes: LvsProcesses;
  readonly watch: LvsWatch;
  readonly mostListeners: number;
  readonly formerUnits: Pick<FormerUnits, 'disable'>;
}

/** Makes the verbs. */
export function createKeepalivedLvs(deps: KeepalivedLvsDeps): KeepalivedLvs {
  const { files, basePath, gate, state, processes, watch } = deps;
  const directory = lvsDirectory(basePath);
  const storedIds = async (suffixes: readonly string[]): Promise<readonly LoadBalancerId[]> => {
    const found = (await files.list(directory)).map(listenerOfName);
    const names = found.flatMap((each) =>
      each !== undefined && suffixes.includes(each.suffix) ? [each.id] : [],
    );
    return [...new Set(names)].filter(isLoadBalancerId).sort();
  };
  const ids = () => storedIds(['conf']);
  const has = (id: LoadBalancerId): Promise<boolean> => exists(deps, id);
  const config = async (id: LoadBalancerId): Promise<string> => {
    const text = await files.readText(lvsPaths(basePath, id).config);
    if (text === undefined) throw notFound('UDP listener', id);
    return text;
  };
  const activate = (id: LoadBalancerId, action: 'start' | 'reload'): Promise<void> =>
    watch.through(id, () => processes.activate(id, action));
  const end = async (id: LoadBalancerId, desired: 'stopped' | 'removed' | 'as before'): Promise<void> => {
    watch.release(id);
    await processes.end(id, desired);
  };

  return {
    ids,
    has,
    config,
    list: async () => Promise.all((await ids()).map((id) => summary(deps, id))),

    upload: (id, text) => gate.run(id, () => upload(deps, id, text, ids)),

    start: (id) => gate.run(id, () => activate(id, 'start')),
    reload: (id) => gate.run(id, () => activate(id, 'reload')),
    revive: (id) =>
      gate.run(id, async () => {
        // A stop may have come first.
        if ((await state.read(id)).desired === 'running') await activate(id, 'start');
      }),
    pause: (id) => gate.run(id, () => end(id, 'as before')),

    stop: (id) =>
      gate.run(id, async () => {
        await config(id);
        await end(id, 'stopped');
      }),

    remove: (id) =>
      gate.run(id, async () => {
        await config(id);
        await end(id, 'removed');
        await removeFiles(deps, id);
      }),

    restorable: () => storedIds(['conf', 'json']),
    restore: (id) => gate.run(id, () => restore(deps, id, activate, end)),

    async prepare() {
      for (const id of await storedIds(['json'])) await state.read(id);
      for (const name of await files.list(directory)) {
        if (isCandidateName(name) || isTemporaryName(name)) await files.remove(`${directory}/${name}`);
      }
    },
  };
}

async function exists({ files, basePath }: KeepalivedLvsDeps, id: LoadBalancerId): Promise<boolean> {
  return (await files.stat(lvsPaths(basePath, id).config)) !== undefined;
}

async function upload(
  deps: KeepalivedLvsDeps,
  id: LoadBalancerId,
  text: string,
  ids: () => Promise<readonly LoadBalancerId[]>,
): Promise<void> {
  const { files, basePath, state, processes, mostListeners } = deps;
  if (!(await exists(deps, id)) && (await ids()).length >= mostListeners) throw tooMany(mostListeners);
  await requireSpace(files, basePath, Buffer.byteLength(text));
  await files.makeDirectory(lvsDirectory(basePath), 0o755);
  await processes.check(id, text);
  const before = await state.read(id);
  // An upload takes a removal back that could not be finished.
  if (before.desired === 'removed') await state.write(id, { ...before, desired: 'stopped' });
  await files.writeAtomic(lvsPaths(basePath, id).config, text, 0o600);
}

async function summary({ files, basePath, processes }: KeepalivedLvsDeps, id: LoadBalancerId) {
  const { protocol, services } = readLvsConfig((await files.readText(lvsPaths(basePath, id).config)) ?? '');
  // One that its controller has switched off has nothing to serve: that is no listener in service.
  const isRunning = services.length > 0 && (await processes.living(id)) !== undefined;
  return { id, type: protocol, isRunning };
}

async function restore(
  deps: KeepalivedLvsDeps,
  id: LoadBalancerId,
  activate: (id: LoadBalancerId, action: 'start' | 'reload') => Promise<void>,
  end: (id: LoadBalancerId, desired: 'stopped' | 'removed') => Promise<void>,
): Promise<void> {
  const { state, processes } = deps;
  const known = await state.read(id);
  const living = await processes.living(id);
  if (known.desired === 'removed') {
    await end(id, 'removed');
    await removeFiles(deps, id);
  } else if (known.isUnknown === true && living !== undefined) {
    await inherit(deps, id);
    await activate(id, 'start');
  } else if (known.desired === 'running' || (known.isSpoiled === true && living !== undefined)) {
    await activate(id, known.unsure === true ? 'reload' : 'start');
  } else if (living !== undefined) await end(id, 'stopped');
}

/** One that Octavia's own agent has left running serves its upload, and is ours to bring back from now on. */
async function inherit(
  { files, basePath, formerUnits }: KeepalivedLvsDeps,
  id: LoadBalancerId,
): Promise<void> {
  const { config, live } = lvsPaths(basePath, id);
  const text = await files.readText(config);
  if (text !== undefined) await files.writeAtomic(live, lvsLiveText(text).text, 0o600);
  await formerUnits.disable(`octavia-keepalivedlvs-${id}.service`);
}

/** The configuration first: without it the listener is gone; the state last: until then the removal is finished at the next start. */
async function removeFiles({ files, basePath }: KeepalivedLvsDeps, id: LoadBalancerId): Promise<void> {
  const paths = lvsPaths(basePath, id);
  const { config, live, candidate, pidFile, checkersPidFile, log, state } = paths;
  for (const path of [config, live, candidate, pidFile, checkersPidFile, log, state])
    await files.remove(path);
}

function tooMany(most: number): AgentError {
  return new AgentError('precondition', 'Too many listeners', { detail: `at most ${most} are kept` });
}
