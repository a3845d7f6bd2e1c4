// Builds what changes and watches load balancers: the doors, the process groups behind them, and who looks after both.

import type { Config } from '../config/options';
import { createActivate } from '../core/activation';
import { createApply } from '../core/apply';
import { createBindProof } from '../core/bind-proof';
import { createCheckedTexts, type CheckedTexts } from '../core/checked-texts';
import type { Counters } from '../core/counters';
import { createCrashLog } from '../core/crash-log';
import { createDescriptorWatch } from '../core/descriptors';
import type { Gate } from '../core/gate';
import { createListenerRegistry } from '../core/listener-registry';
import { createLoadBalancers, type LoadBalancers } from '../core/load-balancers';
import { createOldWorkers, type OldWorkers } from '../core/old-workers';
import { createOperatorState, type OperatorState } from '../core/operator-state';
import { createPolicyGuard, type PolicyGuard } from '../core/policy-guard';
import { createProcessGroups, type Activation, type ProcessGroups } from '../core/process-groups';
import { createReloadQueue } from '../core/reload-queue';
import { createRuntimeActivation } from '../core/runtime-activation';
import { createKeptServers, type KeptServers } from '../core/runtime/kept-servers';
import { createLastingServers, type LastingServers } from '../core/runtime/lasting-servers';
import type { StateStore } from '../core/state-store';
import { createWatcher, type Watcher } from '../core/watcher';
import { createOldWorkerControl } from '../haproxy/old-workers';
import { haproxyPaths } from '../haproxy/paths';
import { planRuntimeChange } from '../haproxy/runtime-plan';
import type { LoadBalancerId } from '../model/ids';
import type { Companions } from './wire-companions';
import type { Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface LoadBalancerParts {
  readonly loadBalancers: LoadBalancers;
  readonly oldWorkers: OldWorkers;
  readonly watcher: Watcher;
  readonly keptServers: KeptServers;
  readonly lastingServers: LastingServers;
}

export interface LoadBalancerDeps {
  readonly config: Config;
  readonly host: HostWithLog;
  readonly drivers: Drivers;
  readonly state: StateStore;
  readonly gate: Gate<LoadBalancerId>;
  readonly companions: Pick<Companions, 'over'>;
  readonly counters: Counters;
  /** Before a reload: what the present worker has counted is noted. */
  readonly lastSample: (id: LoadBalancerId) => Promise<void>;
}

/** Builds the verbs on load balancers and those who watch them. */
export function wireLoadBalancers(deps: LoadBalancerDeps): LoadBalancerParts {
  const { config, host, drivers, state, gate } = deps;
  const { files, log, clock, sockets } = host;
  const { roots, haproxy } = drivers;
  const guard = createPolicyGuard({ files, contextOf: drivers.policyContext });
  const operatorState = createOperatorState({ files, sockets, haproxy, log });
  const keptServers = createKeptServers({ files, log, roots });
  const checked = createCheckedTexts();
  const { groups, watcher } = wireGroups(deps, { guard, checked, operatorState, keptServers });
  const oldWorkers = createOldWorkers({
    clock,
    log,
    roots,
    control: createOldWorkerControl(host),
    living: (id) => groups.living(id),
    most: config.amphorad.max_old_workers,
  });
  const reloads = createReloadQueue<Activation>({
    clock,
    windowMs: config.amphorad.reload_window * 1_000,
    run: (id, begin) =>
      gate.run(id, async () => {
        begin();
        const done = await groups.activate(id, 'reload');
        oldWorkers.note(id);
        if (done.applied === 'reload')
          deps.counters.add('amphorad_load_balancer_reloads_total', { load_balancer: id });
        return done;
      }),
  });
  const loadBalancers = createLoadBalancers({
    files,
    log,
    roots,
    state,
    gate,
    apply: createApply({ ...drivers, files, log, guard, checked }),
    groups,
    reloads,
    settle: async (id) => {
      await operatorState.recover(id, haproxyPaths(roots, id));
      oldWorkers.note(id);
    },
    mostLoadBalancers: config.amphorad.max_load_balancers,
  });
  const lastingServers = createLastingServers({ ...drivers, files, gate, state, keptServers });
  return { loadBalancers, oldWorkers, watcher, keptServers, lastingServers };
}

interface SharedParts {
  readonly guard: PolicyGuard;
  readonly checked: CheckedTexts;
  readonly operatorState: OperatorState;
  readonly keptServers: KeptServers;
}

function wireGroups(
  { config, host, drivers, state, gate, companions, counters, lastSample }: LoadBalancerDeps,
  shared: SharedParts,
): { readonly groups: ProcessGroups; readonly watcher: Watcher } {
  const { files, log, clock } = host;
  const { roots, haproxy, listListening, canBind } = drivers;
  const registry = createListenerRegistry();
  const proof = createBindProof({ haproxy, listListening, canBind, log });
  const descriptors = createDescriptorWatch(haproxy, log);
  const { apply } = config.amphorad;
  const withoutReload = createRuntimeActivation({
    ...host,
    ...drivers,
    guard: shared.guard,
    plan: planRuntimeChange,
    apply,
  });
  const checks = { registry, proof, descriptors };
  const activate = createActivate({
    ...drivers,
    ...shared,
    ...checks,
    files,
    log,
    withoutReload,
    lastSample,
  });
  const watcher = createWatcher({
    ...drivers,
    log,
    clock,
    state,
    descriptors,
    crashLog: createCrashLog(host),
    inTurn: (id, job) => gate.run(id, job),
    restart: (id, takeTurn) =>
      gate.run(id, () =>
        groups.restart(id, () => {
          const turn = takeTurn();
          if (turn !== undefined) counters.add('amphorad_restarts_total', { program: 'haproxy' });
          return turn;
        }),
      ),
    hangTimeoutMs: config.amphorad.hang_timeout * 1_000,
    restartHung: config.amphorad.restart_hung,
  });
  const watch = companions.over(watcher);
  const groups = createProcessGroups({ files, log, roots, state, activate, haproxy, registry, watch });
  return { groups, watcher };
}
