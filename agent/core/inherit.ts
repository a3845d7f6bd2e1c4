// A load balancer that Octavia's own agent has left: a configuration and no state of ours. What runs of it is adopted;
// what ran until the machine was booted anew is wanted as well, as that agent's unit would have had it; what was
// stopped stays so. Its unit no longer starts it at a boot: the agent does. Source: DESIGN "Adopt", docs/take-over.md.
//
// INVARIANT: no process is started, signalled or ended here.

import { accountFileOf, inheritedUnit } from '../haproxy/inherited';
import type { AnyHaproxyProcess } from '../haproxy/inherited-process';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import { withoutExposure } from '../haproxy/take-over';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import type { LoadBalancerId } from '../model/ids';
import type { FormerUnits } from '../supervisor/former-units';
import type { ServiceProcess } from '../supervisor/service';
import { isPeerName, peerNameIn } from './peer-name';
import { initialState, type LoadBalancerState, type StateStore } from './state-store';

export interface InheritDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly runner: Pick<ProcessRunner, 'identify'>;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly haproxy: AnyHaproxyProcess;
  readonly formerUnits: FormerUnits;
  /** The amphora's id, from which controllers derive its peer name. */
  readonly usualPeer: string;
}

/** Writes the state of a load balancer that has none, or one that the former agent has outdated; gives nothing for one that has not even a configuration. */
export async function inheritLoadBalancer(
  deps: InheritDeps,
  id: LoadBalancerId,
): Promise<LoadBalancerState | undefined> {
  const { files, state, log } = deps;
  const paths = haproxyPaths(deps.roots, id);
  const text = await files.readText(paths.config);
  if (text === undefined) return undefined;
  const process = await deps.haproxy.adopt({ paths, peer: deps.usualPeer }, undefined);
  const wanted = await whatIsWanted(deps, paths, text, process);
  if (wanted === undefined) return undefined;
  // First: a state is what keeps all this from being done again.
  await deps.formerUnits.disable(inheritedUnit(paths));
  await state.write(id, wanted);
  log.info('load balancer of the former agent', { loadBalancer: id, pid: process?.pid });
  return wanted;
}

/** Finishes a hand-over that was cut short, or takes it back. */
export async function finishHandOver(
  { files, runner, roots, state, haproxy }: InheritDeps,
  id: LoadBalancerId,
  known: LoadBalancerState,
): Promise<void> {
  const { peer, process } = known;
  const paths = haproxyPaths(roots, id);
  if (process === undefined || (await files.stat(paths.config)) === undefined) return;
  const argv = (await runner.identify(process.pid))?.argv ?? [];
  const account = accountFileOf(argv, paths);
  if (account === undefined) return;
  const text = await files.readHostText(account);
  const mode = (await files.stat(account))?.mode ?? 0o644;
  if (text !== undefined && withoutExposure(text) !== text) {
    await files.writeAtomic(account, withoutExposure(text), mode);
  }
  const ours = await haproxy.finishTakeOver({ paths, peer }, process);
  if (ours !== undefined) await state.write(id, { ...known, process: ours });
}

async function whatIsWanted(
  deps: InheritDeps,
  paths: HaproxyPaths,
  text: string,
  process: ServiceProcess | undefined,
): Promise<LoadBalancerState | undefined> {
  const { runner, usualPeer } = deps;
  if (process !== undefined) {
    const argv = (await runner.identify(process.pid))?.argv ?? [];
    const named = argv[argv.indexOf('-L') + 1];
    const peer = isPeerName(named) ? named : peerNameIn(text, usualPeer);
    return { ...initialState, peer, desired: 'running', process };
  }
  const pidFile = await deps.files.stat(paths.pidFile);
  if (pidFile === undefined) return undefined;
  const bootMs = await bootTimeMs(deps);
  // Its unit would have restarted what died: what was started since the boot and is gone was stopped.
  const desired = bootMs !== undefined && pidFile.mtimeMs < bootMs ? 'running' : 'stopped';
  return { ...initialState, peer: peerNameIn(text, usualPeer), desired };
}

/** Wall time of the boot. Source: proc_uptime(5). */
async function bootTimeMs({ files, clock }: InheritDeps): Promise<number | undefined> {
  const seconds = Number((await files.readHostText('/proc/uptime'))?.split(' ')[0]);
  return Number.isFinite(seconds) ? clock.now() - seconds * 1_000 : undefined;
}
