// What an amphora tells about itself (contract/amphora-v0.1.md, Info and details), in no dialect's words. Facts of the
// machine may be a second old; which load balancers there are is asked anew each time, so that a controller sees
// what it has just done.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { MemoryUse, System } from '../host/system';
import type { AmphoraId, LoadBalancerId } from '../model/ids';
import type { CpuShare } from './cpu-share';
import { createCpuShare } from './cpu-share';
import type { PackageVersions } from './packages';
import type { TrafficRate, TrafficRates } from './rates';
import { createRecent } from './recent';

export interface AmphoraIdentity {
  readonly hostname: string;
  readonly amphoraId: AmphoraId;
  readonly haproxyVersion: string;
}

export interface AmphoraDetails extends AmphoraIdentity {
  /** Undefined when the package is not installed. */
  readonly keepalivedVersion: string | undefined;
  readonly networks: readonly TrafficRate[];
  /** Running haproxy process groups. */
  readonly haproxyCount: number;
  readonly cpu: CpuShare;
  readonly memory: MemoryUse;
  /** The root file system. */
  readonly disk: { readonly usedKb: number; readonly availableKb: number };
  readonly load: readonly [number, number, number];
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  readonly loadBalancers: readonly LoadBalancerId[];
}

export interface Details {
  /** Tells who this amphora is. Throws `unavailable` when neither package nor binary tells haproxy's version. */
  info(): Promise<AmphoraIdentity>;
  /** Tells how this amphora does. Throws `unavailable` or `timeout` when a fact cannot be read. */
  details(): Promise<AmphoraDetails>;
}

export interface DetailsDeps {
  readonly system: System;
  readonly files: Files;
  readonly clock: Clock;
  readonly rates: Pick<TrafficRates, 'rates'>;
  readonly packages: PackageVersions;
  /** The configured `haproxy_cmd`. */
  readonly haproxyCommand: string;
  /** What `haproxy -v` says; used when dpkg does not know the configured binary. */
  readonly binaryVersion: () => Promise<string>;
  readonly loadBalancers: () => Promise<{
    readonly ids: readonly LoadBalancerId[];
    readonly running: number;
  }>;
  readonly agentVersion: string;
  readonly amphoraId: AmphoraId;
}

const maxAgeMs = 1_000;
const packagedBinary = '/usr/sbin/haproxy';
const shownPackages = ['haproxy', 'keepalived', 'openssl'] as const;

/** Makes the reader of an amphora's facts. */
export function createDetails(deps: DetailsDeps): Details {
  const software = createRecent(deps.clock, maxAgeMs, () => readSoftware(deps));
  const cpuShare = createCpuShare(() => deps.system.cpuTimes());
  const machine = createRecent(deps.clock, maxAgeMs, async () => {
    const [networks, cpu, memory, disk, load] = await Promise.all([
      deps.rates.rates(),
      cpuShare(),
      deps.system.memory(),
      deps.files.space('/'),
      deps.system.load(),
    ]);
    return { networks, cpu, memory, disk, load };
  });
  const identity = (haproxyVersion: string): AmphoraIdentity => ({
    hostname: deps.system.hostname(),
    amphoraId: deps.amphoraId,
    haproxyVersion,
  });

  return {
    async info() {
      return identity((await software()).haproxyVersion);
    },
    async details() {
      const [{ haproxyVersion, ...versions }, facts, { ids, running }] = await Promise.all([
        software(),
        machine(),
        deps.loadBalancers(),
      ]);
      return {
        ...identity(haproxyVersion),
        ...versions,
        ...facts,
        haproxyCount: running,
        loadBalancers: ids,
      };
    },
  };
}

type Software = Pick<AmphoraDetails, 'haproxyVersion' | 'keepalivedVersion' | 'packages'>;

async function readSoftware(deps: DetailsDeps): Promise<Software> {
  const versions = await deps.packages.versions(shownPackages);
  const packaged = deps.haproxyCommand === packagedBinary ? versions.get('haproxy') : undefined;
  const packages = [...versions].map(([name, version]) => ({ name, version }));
  return {
    haproxyVersion: packaged ?? (await deps.binaryVersion()),
    keepalivedVersion: versions.get('keepalived'),
    packages: [...packages, { name: 'amphorad', version: deps.agentVersion }],
  };
}
