// Rebuilds the network from what is on record: namespace, interfaces, addresses, routes, rules, firewall. After a
// reboot nothing of it is there; after a restart of the agent all of it, and then nothing changes.
//
// INVARIANTS:
// - one interface that cannot be brought back keeps none of the others, and not the agent, from starting;
// - rules stand before their interface is up: nobody comes in while it is being brought back.

import type { Clock } from '../host/clock';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import { vipInterface, type Mac } from '../model/network';
import type { Topology } from '../model/topology';
import type { PluggedInterface } from '../network/network';
import type { Gate } from './gate';
import { announceOwn, type CarryOutDeps } from './plug-carry-out';
import { portOfPlan } from './port-of-plan';
import { isPlannedForPair, planInterface } from './port-plan';

export interface NetworkRestoreDeps extends CarryOutDeps {
  readonly clock: Clock;
  readonly gate: Gate<'network'>;
  readonly topology: { state(): Promise<{ readonly topology: Topology }> };
  /** Takes an interface of the namespace down. */
  readonly linkDown: (name: string) => Promise<void>;
  /** False: this profile has no namespace, and plugs nothing. */
  readonly hasNamespace: boolean;
}

export interface RestoredNetwork {
  /** Names of the interfaces that are as recorded. */
  readonly restored: readonly string[];
  /** What is not, and why. */
  readonly failed: readonly { readonly name: string; readonly why: string }[];
  /** What of the record could not be read, and why there is no namespace. */
  readonly problems: readonly string[];
}

export interface NetworkRestore {
  /** Makes everything as recorded; only the interface of this name when one is given. Never throws for what is on the machine. */
  restore(only?: string): Promise<RestoredNetwork>;
  /** The names of the interfaces on record. */
  names(): Promise<readonly string[]>;
  /** Takes addresses, routes and rules off an interface, which stays where it is, and on record. Throws what the network throws. */
  takeDown(name: string): Promise<void>;
  /** Tries again for five minutes what could not be brought back: at a boot ports may come late. Until aborted. */
  watch(signal: AbortSignal): void;
  /** A port was plugged: it is waited for no longer, and the namespace is there. */
  settled(mac: Mac): void;
  findings(): Promise<readonly Finding[]>;
}

const retryMs = 5_000;
const mostTries = 60;

/** Makes the restorer. */
export function createNetworkRestore(deps: NetworkRestoreDeps): NetworkRestore {
  const { gate, log } = deps;
  const pending = new Map<Mac, { readonly name: string; readonly why: string }>();
  let troubles: readonly string[] = [];
  let namespaceTroubles: readonly string[] = [];

  async function attempt(plugged: PluggedInterface): Promise<void> {
    const { mac } = plugged;
    const { name } = plugged.wanted;
    try {
      await restoreOne(deps, plugged);
      pending.delete(mac);
    } catch (thrown) {
      const why = told(thrown);
      if (pending.get(mac)?.why !== why) log.warning('interface not restored', { interface: name, mac, why });
      pending.set(mac, { name, why });
    }
  }

  async function restore(only?: string): Promise<RestoredNetwork> {
    if (!deps.hasNamespace) return { restored: [], failed: [], problems: [] };
    const { interfaces, problems } = await readAll(deps);
    troubles = problems;
    namespaceTroubles = await prepareNamespace(deps);
    for (const problem of [...troubles, ...namespaceTroubles])
      log.warning('network not restored in full', { problem });
    const chosen = interfaces.filter(({ wanted }) => only === undefined || wanted.name === only);
    for (const each of chosen) await attempt(each);
    return {
      restored: chosen.filter(({ mac }) => !pending.has(mac)).map(({ wanted }) => wanted.name),
      failed: chosen.flatMap(({ mac }) => pending.get(mac) ?? []),
      problems: [...troubles, ...namespaceTroubles],
    };
  }

  async function retry(): Promise<void> {
    if (namespaceTroubles.length > 0) namespaceTroubles = await prepareNamespace(deps);
    const { interfaces } = await readAll(deps);
    for (const each of interfaces) if (pending.has(each.mac)) await attempt(each);
    for (const mac of pending.keys()) if (!interfaces.some((each) => each.mac === mac)) pending.delete(mac);
  }

  return {
    restore: (only) => gate.run('network', () => restore(only)),
    names: async () => (await deps.records.read()).interfaces.map(({ wanted }) => wanted.name),
    takeDown: (name) => gate.run('network', () => takeDown(deps, name)),
    watch: (signal) =>
      watch(deps, signal, { isNeeded: () => pending.size > 0 || namespaceTroubles.length > 0, retry }),
    settled: (mac) => {
      pending.delete(mac);
      namespaceTroubles = [];
    },
    findings: () =>
      Promise.resolve([
        ...[...troubles, ...namespaceTroubles].map(troubleFinding),
        ...[...pending].map(([mac, each]) => missingFinding(mac, each)),
      ]),
  };
}

function watch(
  { clock, gate }: NetworkRestoreDeps,
  signal: AbortSignal,
  { isNeeded, retry }: { readonly isNeeded: () => boolean; readonly retry: () => Promise<void> },
): void {
  let tries = 0;
  let isBusy = false;
  clock.every(retryMs, signal, () => {
    if (!isNeeded() || isBusy || tries >= mostTries) return;
    tries += 1;
    isBusy = true;
    void gate.run('network', retry).finally(() => (isBusy = false));
  });
}

async function restoreOne(
  deps: NetworkRestoreDeps,
  { mac, wanted: recorded }: PluggedInterface,
): Promise<void> {
  const { network, firewall, records, log } = deps;
  const { topology } = await deps.topology.state();
  const isPair = topology === 'ACTIVE-STANDBY';
  const fits = (isPlannedForPair(recorded) ?? isPair) === isPair;
  const wanted = fits ? recorded : planInterface(recorded.name, portOfPlan(recorded), topology);
  const found = await network.find(mac);
  if (found === undefined) throw new AgentError('not-found', 'there is no interface with its MAC address');
  const rules = await records.readRules(wanted.name);
  const ready = async (): Promise<void> => {
    if (rules !== undefined) await firewall.admit(wanted.name, rules);
  };
  // What moves is left alone: to take it off the interface, for once it must not be told that it moves.
  const whole = fits ? wanted : { ...wanted, movingAddresses: [] };
  const { warnings } = found.isInside
    ? await network.configure(whole, { ready, former: recorded.addresses })
    : await network.plug(mac, wanted, ready);
  for (const warning of warnings)
    log.warning('interface restored in part', { interface: wanted.name, warning });
  if (!fits) await records.save({ mac, wanted });
  if (found.isInside) return;
  log.info('interface restored', { interface: wanted.name, mac });
  await announceOwn(deps, { mac, wanted });
}

async function takeDown({ network, linkDown }: NetworkRestoreDeps, name: string): Promise<void> {
  const nothing = { addresses: [], movingAddresses: [], routes: [], rules: [], masquerade: [] };
  await network.configure({ name, ...nothing });
  await linkDown(name);
}

async function readAll({ records }: NetworkRestoreDeps) {
  try {
    return await records.read();
  } catch (thrown) {
    return { interfaces: [], problems: [told(thrown)] };
  }
}

async function prepareNamespace({ network }: NetworkRestoreDeps): Promise<readonly string[]> {
  try {
    await network.ensureNamespace();
    return [];
  } catch (thrown) {
    return [told(thrown)];
  }
}

function told(thrown: unknown): string {
  if (!isAgentError(thrown)) throw thrown;
  return thrown.detail === undefined ? messageOf(thrown) : `${thrown.message}: ${thrown.detail}`;
}

function troubleFinding(problem: string): Finding {
  return {
    check: 'network',
    severity: 'error',
    what: problem,
    why: 'What was plugged before may not have come back.',
    todo: 'Deal with what is said there, then run amphorad network restore, or restart the agent.',
  };
}

function missingFinding(mac: Mac, { name, why }: { readonly name: string; readonly why: string }): Finding {
  return {
    check: 'network',
    // Controllers detach ports to members without a word to the agent.
    severity: name === vipInterface ? 'error' : 'warning',
    what: `The interface ${name} (${mac}) is not as it was plugged: ${why}`,
    why: 'Its VIPs or members cannot be reached.',
    todo: 'Attach the port again, or have the controller plug it; then amphorad network restore, or restart the agent. A port that was detached for good: remove its line from plugged_interfaces.',
  };
}
