// Plugs ports: an interface of the host becomes one of the amphora's namespace, with all that a controller wants of
// it. Source: contract/octavia-1.0.md "Plugging", contract/amphora-v0.1.md "Plug VIP", "Plug network".
//
// INVARIANTS:
// - one change of the network at a time;
// - what is on record was done; what cannot be recorded is undone;
// - an interface that is inside and not on record was left by an agent that died over it: the next request finishes it.

import { AgentError, notFound } from '../model/errors';
import { sameIp } from '../model/ip';
import {
  isInterfaceName,
  vipInterface,
  type FoundInterface,
  type Mac,
  type WantedInterface,
} from '../model/network';
import type { Port } from '../model/port';
import type { Topology } from '../model/topology';
import type { PluggedInterface } from '../network/network';
import type { Gate } from './gate';
import { carryOut, type CarryOutDeps } from './plug-carry-out';
import { inPlugWords } from './plug-failure';
import type { PlugRequest } from './plug-request';
import { portOfPlan } from './port-of-plan';
import { planInterface } from './port-plan';

export interface PlugDeps extends CarryOutDeps {
  readonly gate: Gate<'network'>;
  readonly topology: { state(): Promise<{ readonly topology: Topology }> };
  /** Told of every port that was plugged: nobody need wait for it any longer. */
  readonly onPlugged: (mac: Mac) => void;
}

/** What came of a request. */
export interface PlugOutcome {
  readonly name: string;
  /** The port as it is now. */
  readonly port: Port;
  /** False: it had been plugged before, and was changed. */
  readonly isNew: boolean;
  /** What had to be left out, one sentence each. */
  readonly warnings: readonly string[];
}

export interface Plug {
  /** Plugs the port with the VIPs. Throws `already-exists`, `not-found` of the subject `network interface`, or `reload-failed` with what the tool said. */
  vip(request: PlugRequest): Promise<PlugOutcome>;
  /** Plugs a port to members, or changes one that is plugged. Throws `not-found`, `already-exists` for an address that another interface has, or `reload-failed`. */
  network(request: PlugRequest): Promise<PlugOutcome>;
}

/** Makes the verbs. */
export function createPlug(deps: PlugDeps): Plug {
  const { gate } = deps;
  return {
    vip: (request) =>
      gate.run('network', () => inPlugWords('Error plugging VIP', () => plugVip(deps, request))),
    network: (request) =>
      gate.run('network', () => inPlugWords('Error plugging network', () => plugNetwork(deps, request))),
  };
}

async function plugVip(deps: PlugDeps, { mac, isSriov, port }: PlugRequest): Promise<PlugOutcome> {
  const found = await look(deps, mac);
  const around = await recordsAround(deps, mac);
  if (found.isInside && (around.before !== undefined || found.name !== vipInterface)) {
    throw new AgentError('already-exists', 'Interface already exists');
  }
  return doPlug(deps, { mac, name: vipInterface, port, found, around, isClosed: isSriov });
}

async function plugNetwork(deps: PlugDeps, { mac, isSriov, port }: PlugRequest): Promise<PlugOutcome> {
  const found = await look(deps, mac);
  const around = await recordsAround(deps, mac);
  const { before } = around;
  if (found.isInside && !isInterfaceName(found.name)) {
    throw new AgentError('already-exists', 'Interface already exists', {
      detail: `${found.name} of the namespace has this MAC address, and is not the agent's`,
    });
  }
  const name = found.isInside ? found.name : await nameFor(deps, around);
  const whole = wholePort(port, name, before);
  const isClosed = isSriov && whole.vips.length > 0;
  return doPlug(deps, { mac, name, port: whole, found, around, isClosed });
}

async function doPlug(
  deps: PlugDeps,
  {
    mac,
    name,
    port,
    found,
    around,
    isClosed,
  }: {
    readonly mac: Mac;
    readonly name: string;
    readonly port: Port;
    readonly found: FoundInterface;
    readonly around: RecordsAround;
    readonly isClosed: boolean;
  },
): Promise<PlugOutcome> {
  const { before, others } = around;
  const wanted = planInterface(name, port, (await deps.topology.state()).topology);
  refuseMoving(others, wanted);
  const { warnings } = await carryOut(deps, {
    plugged: { mac, wanted },
    before,
    isInside: found.isInside,
    isClosed,
  });
  deps.onPlugged(mac);
  return { name, port, isNew: before === undefined || !found.isInside, warnings };
}

async function look({ network }: PlugDeps, mac: Mac): Promise<FoundInterface> {
  await network.ensureNamespace();
  const found = await network.find(mac);
  if (found === undefined) throw notFound('network interface', mac);
  return found;
}

interface RecordsAround {
  readonly before: PluggedInterface | undefined;
  readonly others: readonly PluggedInterface[];
}

async function recordsAround({ records }: PlugDeps, mac: Mac): Promise<RecordsAround> {
  const { interfaces } = await records.read();
  return {
    before: interfaces.find((each) => each.mac === mac),
    others: interfaces.filter((each) => each.mac !== mac),
  };
}

/** The network looks at what interfaces carry: an address that moves may be with the other half of the pair now. */
function refuseMoving(others: readonly PluggedInterface[], { name, ...wanted }: WantedInterface): void {
  const all = [...wanted.addresses, ...wanted.movingAddresses];
  for (const { wanted: other } of others.filter((each) => each.wanted.name !== name)) {
    const twice = other.movingAddresses.find(({ ip }) => all.some((each) => sameIp(each.ip, ip)));
    if (twice === undefined) continue;
    throw new AgentError('already-exists', 'Interface already exists', {
      detail: `${twice.ip.text} is a VIP of ${other.name}`,
    });
  }
}

function nameFor({ network }: PlugDeps, { before, others }: RecordsAround): Promise<string> {
  if (before !== undefined) return Promise.resolve(before.wanted.name);
  return network.freeName(others.map(({ wanted }) => wanted.name));
}

/** VIPs are only on the port that got them as such; there they stay when a request speaks of its other addresses alone. */
function wholePort(port: Port, name: string, before: PluggedInterface | undefined): Port {
  const { mtu, fixedIps } = port;
  const bare = { ...(mtu === undefined ? {} : { mtu }), fixedIps };
  if (name !== vipInterface) return { ...bare, vips: [] };
  if (port.vips.length > 0 || before === undefined) return port;
  const { vips, vrrp } = portOfPlan(before.wanted);
  return { ...bare, vips, ...(vrrp === undefined ? {} : { vrrp }) };
}
