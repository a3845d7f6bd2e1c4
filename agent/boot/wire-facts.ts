// Builds what tells facts of the amphora: details, traffic, interfaces. Nothing here does I/O.

import type { Config } from '../config/options';
import { createDetails, type Details } from '../core/details';
import type { LoadBalancerStatuses } from '../core/load-balancer-status';
import { createPackageVersions, type PackageVersions } from '../core/packages';
import { createTrafficRates, type TrafficRates } from '../core/rates';
import { version } from '../generated/version';
import { createBinaryVersion } from '../haproxy/version';
import { parseIp } from '../model/ip';
import { createAddresses } from '../network/addresses';
import { readNamespaceTraffic } from '../network/traffic';
import type { Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface Facts {
  readonly details: Details;
  readonly rates: TrafficRates;
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
}

/** Builds the readers. */
export function wireFacts(
  config: Config,
  host: HostWithLog,
  { binary, ip, namespace }: Drivers,
  statuses: LoadBalancerStatuses,
  packages: PackageVersions = createPackageVersions(host.files),
): Facts {
  const { clock, system } = host;
  const addresses = createAddresses(ip);
  const rates = createTrafficRates({
    sample: namespace === '' ? () => system.traffic() : () => readNamespaceTraffic(ip),
    clock,
  });
  return {
    rates,
    details: createDetails({
      ...host,
      rates,
      packages,
      haproxyCommand: binary,
      binaryVersion: createBinaryVersion(host.runner, binary),
      loadBalancers: () => statuses.count(),
      agentVersion: version,
      amphoraId: config.amphora_agent.amphora_id,
    }),
    interfaceOf: async (text) => {
      const parsed = parseIp(text);
      return parsed === undefined ? undefined : addresses.interfaceOf(parsed);
    },
  };
}
