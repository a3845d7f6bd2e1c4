// Interfaces by their MAC, and a rescan for those that the hypervisor has plugged but the kernel has not seen: PCI
// hot-plug events get lost. Source: Documentation/ABI/testing/sysfs-bus-pci, rescan.

import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import { messageOf } from '../model/errors';
import type { FoundInterface, Mac } from '../model/network';
import { vipInterface } from '../model/network';
import { readInterfaces, type ActualInterface } from './actual';
import { isMissingNamespace, type IpCommand } from './ip';

export interface FindDeps {
  readonly runner: ProcessRunner;
  readonly log: Log;
  readonly inside: IpCommand;
  readonly outside: IpCommand;
}

const rescanPath = '/sys/bus/pci/rescan';

/** Finds an interface; see `Network.find`. */
export async function findByMac(deps: FindDeps, mac: Mac): Promise<FoundInterface | undefined> {
  const inside = withMac(await interfacesInside(deps.inside), mac);
  if (inside !== undefined) return { name: inside.name, isInside: true };
  const outside = withMac(await readInterfaces(deps.outside), mac);
  if (outside !== undefined) return { name: outside.name, isInside: false };
  await rescan(deps);
  return undefined;
}

/** Chooses the next name; see `Network.freeName`. */
export async function chooseName(inside: IpCommand, reserved: readonly string[]): Promise<string> {
  const taken = new Set([
    ...(await interfacesInside(inside)).map(({ name }) => name),
    ...reserved,
    vipInterface,
  ]);
  let number = 2;
  while (taken.has(`eth${number}`)) number += 1;
  return `eth${number}`;
}

/** The interface that has a MAC; the first when a bridge or bond on top of it has it, too. */
export function withMac(interfaces: readonly ActualInterface[], mac: Mac): ActualInterface | undefined {
  return interfaces.find((each) => each.mac === mac);
}

async function interfacesInside(inside: IpCommand): Promise<readonly ActualInterface[]> {
  try {
    return await readInterfaces(inside);
  } catch (thrown) {
    if (isMissingNamespace(thrown)) return [];
    throw thrown;
  }
}

// A kernel file takes no temporary file beside it, so it is written by a program.
async function rescan({ runner, log }: FindDeps): Promise<void> {
  try {
    const { code, stderr } = await runner.run(['tee', rescanPath], { input: '1\n' });
    if (code !== 0) log.debug('the PCI bus was not rescanned', { words: stderr.trim() });
  } catch (thrown) {
    log.debug('the PCI bus was not rescanned', { words: messageOf(thrown) });
  }
}
