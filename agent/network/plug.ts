// The network of the amphora, done: `Network` over iproute2, sysctl, nft and the announcers.

import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import { AgentError, messageOf } from '../model/errors';
import type { Mac, WantedInterface } from '../model/network';
import type { Templates } from '../model/template';
import { readActual, type ActualNetwork } from './actual';
import { announce } from './advertise';
import { chooseName, findByMac, withMac } from './find';
import { refuseUnfit } from './fit';
import { createNamespaceCommand } from './in-namespace';
import { createIpCommand, isMissingDevice } from './ip';
import { createOwnMaker, createUnitMaker } from './namespace-maker';
import { ensureNamespace, refuseNone, setAll } from './netns';
import type { Network } from './network';
import { createMasquerade } from './nft';
import { missingInterface, settle } from './settle';
import { othersThan, targetAsIs, targetOf, without, type Target } from './target';
import { createUndo, type Way } from './undo';

export interface NetworkDeps {
  readonly runner: ProcessRunner;
  readonly log: Log;
  /** '' when none is configured: then nothing is plugged. */
  readonly namespace: string;
  /** The systemd unit that makes the namespace; undefined: we do. */
  readonly namespaceUnit?: string | undefined;
  /** The agent's own process: what is put back goes into its namespace. */
  readonly ownPid: number;
  readonly templates: Pick<Templates, 'masquerade.nft'>;
}

/** Makes the network of a namespace. */
export function createNetwork(deps: NetworkDeps): Network {
  const { runner, log, namespace, namespaceUnit, ownPid, templates } = deps;
  const outside = createIpCommand(runner, '');
  const inside = createIpCommand(runner, namespace);
  const command = createNamespaceCommand(runner, namespace);
  const masquerade = createMasquerade(command, templates);
  const maker =
    namespaceUnit === undefined ? createOwnMaker(outside, namespace) : createUnitMaker(runner, namespaceUnit);
  const undo = createUndo({ inside, outside, masquerade, ownPid });

  /** Makes an interface that is inside what is wanted; what fails takes `way` back. */
  const make = async (wanted: WantedInterface, target: Target, way: Way) => {
    try {
      await setAll({ command, log }, staticOnly(wanted.name));
      const warnings = await settle(inside, target);
      await masquerade.set(wanted.name, wanted.masquerade);
      return { warnings, undo: () => undo(way) };
    } catch (thrown) {
      return await failAfterUndo(thrown, () => undo(way));
    }
  };

  return {
    ensureNamespace: () => ensureNamespace({ log, namespace, inside, command, maker }),
    find: (mac) => findByMac({ runner, log, inside, outside }, mac),
    freeName: (reserved) => chooseName(inside, reserved),
    announce: (name, ips) => announce(command, name, ips),

    async plug(mac, wanted, ready) {
      refuseNone(namespace);
      refuseUnfit(wanted);
      const [there, here] = [await readActual(inside), await readActual(outside)];
      refuseInside(there, mac);
      refuseTaken(there, wanted);
      const link = withMac(here.interfaces, mac);
      const before = link && targetAsIs(here, link.name, false);
      if (before === undefined) throw missingInterface(mac);
      await ready?.();
      await moveIn(before.name, wanted.name);
      return await make(wanted, targetOf(wanted), { kind: 'moved', name: wanted.name, before });
    },

    async configure(wanted, { ready, former } = {}) {
      refuseNone(namespace);
      refuseUnfit(wanted);
      const there = await readActual(inside);
      refuseDuplicates(there, wanted);
      const asIs = targetAsIs(there, wanted.name, true);
      if (asIs === undefined) throw missingInterface(wanted.name);
      const target = targetOf(wanted, othersThan(there, wanted.name, former));
      // What the change leaves alone may have moved by the time that it is undone.
      const before = without(asIs, target.leftAlone);
      const families = await masquerade.families(wanted.name);
      await ready?.();
      return await make(wanted, target, { kind: 'changed', before, families });
    },
  };

  async function moveIn(from: string, name: string): Promise<void> {
    try {
      await outside.run(['link', 'set', 'dev', from, 'netns', namespace, 'name', name]);
    } catch (thrown) {
      throw vanished(thrown, from);
    }
  }
}

// Addresses come from the controller alone.
function staticOnly(name: string): readonly string[] {
  return [`net.ipv6.conf.${name}.accept_ra=0`, `net.ipv6.conf.${name}.autoconf=0`];
}

function refuseInside(there: ActualNetwork, mac: Mac): void {
  const link = withMac(there.interfaces, mac);
  if (link === undefined) return;
  throw new AgentError('already-exists', 'Interface already exists', {
    subject: { what: 'network interface', id: link.name },
  });
}

function refuseTaken(there: ActualNetwork, wanted: WantedInterface): void {
  const holder = there.interfaces.find(({ name }) => name === wanted.name);
  if (holder !== undefined) {
    throw new AgentError('conflict', `${wanted.name} is another interface`, {
      detail: `the namespace has an interface ${wanted.name} with the MAC ${holder.mac}`,
    });
  }
  refuseDuplicates(there, wanted);
}

function refuseDuplicates(there: ActualNetwork, { name, addresses, movingAddresses }: WantedInterface): void {
  const wanted = new Set([...addresses, ...movingAddresses].map(({ ip }) => ip.text));
  for (const other of there.interfaces.filter((each) => each.name !== name)) {
    const twice = other.addresses.find(({ ip }) => wanted.has(ip.text));
    if (twice === undefined) continue;
    throw new AgentError('conflict', `${twice.ip.text} is in use`, {
      detail: `${other.name} of the namespace has the address ${twice.ip.text}`,
    });
  }
}

function vanished(thrown: unknown, name: string): unknown {
  return isMissingDevice(thrown) ? missingInterface(name, thrown) : thrown;
}

async function failAfterUndo(thrown: unknown, undo: () => Promise<void>): Promise<never> {
  try {
    await undo();
  } catch (second) {
    const words = second instanceof AgentError ? (second.detail ?? second.message) : messageOf(second);
    throw withMore(thrown, `; it could not be put back as it was: ${words}`);
  }
  throw thrown;
}

function withMore(thrown: unknown, more: string): unknown {
  if (!(thrown instanceof AgentError)) return thrown;
  const { kind, message, detail = message, subject } = thrown;
  const options = { detail: `${detail}${more}`, cause: thrown };
  return new AgentError(kind, message, subject === undefined ? options : { ...options, subject });
}
