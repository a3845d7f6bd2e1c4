// What is plugged, as others need it: whoever renders keepalived's configuration asks here for a VIP's interface,
// subnet and ways, and a change of the topology moves the VIPs between the interface and keepalived.
// Source: contract/amphora-v0.1.md "Topology", contract/octavia-1.0.md "Plugging".

import { parseIp, sameIp } from '../model/ip';
import type { PluggedVip } from '../model/port';
import type { Topology } from '../model/topology';
import type { InterfaceRecords, Network } from '../network/network';
import type { Gate } from './gate';
import { portOfPlan } from './port-of-plan';
import { isPlannedForPair, planInterface } from './port-plan';

export interface PluggedDeps {
  readonly network: Network;
  readonly records: InterfaceRecords;
  readonly gate: Gate<'network'>;
}

export interface PluggedPorts {
  /** All VIPs on record, the first of each interface first. */
  vips(): Promise<readonly PluggedVip[]>;
  /** The VIP with this address; undefined when it was not plugged. */
  vipOf(ip: string): Promise<PluggedVip | undefined>;
  /**
   * Makes the interfaces with VIPs follow a topology: in a pair they leave the interface, for keepalived to put them
   * on; else they come back. Interfaces that follow it already are left alone. Throws what the network throws.
   */
  follow(topology: Topology): Promise<void>;
}

/** Makes the reader. */
export function createPluggedPorts({ network, records, gate }: PluggedDeps): PluggedPorts {
  const vips = async (): Promise<readonly PluggedVip[]> => {
    const { interfaces } = await records.read();
    return interfaces.flatMap(({ wanted }) => {
      const { vips: all, vrrp } = portOfPlan(wanted);
      return all.map((vip) => ({
        interface: wanted.name,
        vip,
        additional: all.filter((other) => other !== vip),
        ...(vrrp === undefined ? {} : { vrrp }),
      }));
    });
  };
  return {
    vips,
    async vipOf(text) {
      const ip = parseIp(text);
      return ip === undefined ? undefined : (await vips()).find(({ vip }) => sameIp(vip.ip, ip));
    },
    follow: (topology) =>
      gate.run('network', async () => {
        const isPair = topology === 'ACTIVE-STANDBY';
        const { interfaces } = await records.read();
        for (const { mac, wanted: before } of interfaces) {
          if ((isPlannedForPair(before) ?? isPair) === isPair) continue;
          const wanted = planInterface(before.name, portOfPlan(before), topology);
          // What moves is left alone: to take it off the interface, for once it must not be told that it moves.
          const leaving = isPair ? { ...wanted, movingAddresses: [] } : wanted;
          const done = await network.configure(leaving, { former: before.addresses });
          try {
            await records.save({ mac, wanted });
          } catch (thrown) {
            await done.undo();
            throw thrown;
          }
          if (isPair) continue;
          await network.announce(
            wanted.name,
            wanted.addresses.map(({ ip }) => ip),
          );
        }
      }),
  };
}
