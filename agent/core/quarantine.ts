// A state file whose content cannot be trusted is put aside, and what it said is worked out from what lies and runs
// on the machine. Source: DESIGN "On disk".
//
// INVARIANTS:
// - only a regular file of ours is put aside; a link, a directory or another user's file stays, and is reported;
// - what served goes on serving: a living group of ours, or the traces of one that a stop would have removed, means
//   `running`; no trace means that it was stopped;
// - without a configuration there is nothing to be in a state: none is written.

import { join } from 'node:path';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { HaproxyProcess } from '../haproxy/process';
import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import type { LoadBalancerId } from '../model/ids';
import { isPeerName, peerNameIn } from './peer-name';
import { initialState, isSpoiled, type LoadBalancerState, type StateStore } from './state-store';
import { findUnseenMaster, type UnseenGroupDeps } from './unseen-group';

export interface QuarantineDeps extends UnseenGroupDeps {
  readonly files: Files;
  readonly runner: Pick<ProcessRunner, 'identify' | 'processesOf'>;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly haproxy: Pick<HaproxyProcess, 'adopt'>;
  /** The amphora's id, from which controllers derive its peer name. */
  readonly usualPeer: string;
}

export interface Quarantined {
  /** Where the file lies now. */
  readonly keptAs: string;
  /** Why it could not be trusted. */
  readonly reason: string;
  /** What was worked out; undefined: nothing that could be in a state is there. */
  readonly rebuilt: LoadBalancerState | undefined;
}

const mostKept = 3;

/** Puts a load balancer's state aside when its content cannot be trusted, and writes what was worked out; undefined when there was no need. */
export async function quarantineState(
  deps: QuarantineDeps,
  id: LoadBalancerId,
): Promise<Quarantined | undefined> {
  const reason = await whyUntrusted(deps.state, id);
  if (reason === undefined) return undefined;
  const paths = haproxyPaths(deps.roots, id);
  const rebuilt = await workOut(deps, paths);
  const keptAs = await putAside(deps.files, paths);
  if (rebuilt !== undefined) await deps.state.write(id, rebuilt);
  return { keptAs, reason, rebuilt };
}

/** The names of states put aside among those of a load balancer's directory, oldest first. */
export function quarantinedNames(names: readonly string[]): readonly string[] {
  return names.filter((name) => numberOf(name) > 0).sort((a, b) => numberOf(a) - numberOf(b));
}

async function whyUntrusted(state: StateStore, id: LoadBalancerId): Promise<string | undefined> {
  try {
    await state.read(id);
    return undefined;
  } catch (thrown) {
    if (isSpoiled(thrown)) return thrown.detail ?? thrown.message;
    throw thrown;
  }
}

async function workOut(deps: QuarantineDeps, paths: HaproxyPaths): Promise<LoadBalancerState | undefined> {
  const { files, runner, haproxy, usualPeer } = deps;
  const process = await haproxy.adopt({ paths, peer: usualPeer }, await findUnseenMaster(deps, paths));
  if (process !== undefined) {
    const argv = (await runner.identify(process.pid))?.argv ?? [];
    const peer = argv[argv.indexOf('-L') + 1];
    return { ...initialState, peer: isPeerName(peer) ? peer : usualPeer, desired: 'running', process };
  }
  const texts = await existing(files, [paths.config, paths.running]);
  if (texts.length === 0) return undefined;
  const text = await files.readText(texts[0] ?? paths.config);
  const { pidFile, adminSocket, masterSocket, statsSocket } = paths;
  // A stop removes all of them; a crash, a power cut and `kill -9` none.
  const traces = await existing(files, [pidFile, adminSocket, masterSocket, statsSocket]);
  return {
    ...initialState,
    peer: peerNameIn(text ?? '', usualPeer),
    desired: traces.length > 0 ? 'running' : 'stopped',
  };
}

async function putAside(files: Files, paths: HaproxyPaths): Promise<string> {
  const kept = quarantinedNames(await files.list(paths.directory));
  const keptAs = `${paths.state}.corrupt-${Math.max(0, ...kept.map(numberOf)) + 1}`;
  await files.rename(paths.state, keptAs);
  for (const name of kept.slice(0, Math.max(0, kept.length + 1 - mostKept))) {
    await files.remove(join(paths.directory, name));
  }
  return keptAs;
}

async function existing(files: Files, paths: readonly string[]): Promise<readonly string[]> {
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.filter((_, index) => stats[index] !== undefined);
}

function numberOf(name: string): number {
  return Number(/^state\.json\.corrupt-(\d{1,9})$/.exec(name)?.[1] ?? 0);
}
