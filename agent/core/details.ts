// What an amphora tells about itself (contract/amphora-v0.1.md and octavia-1.0.md, details), in no dialect's words. Facts of the
// machine may be a second old; which load balancers there are is asked anew each time, so that a controller sees
// what it has just done.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { CpuTimes, InterfaceTraffic, MemoryUse, System } from '../host/system';
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
  /** Undefined when the package is not installed; so is the next. */
  readonly keepalivedVersion: string | undefined;
  readonly ipvsadmVersion: string | undefined;
}

export interface AmphoraDetails extends AmphoraIdentity {
  readonly networks: readonly TrafficRate[];
  /** Bytes since each interface came up, `lo` left out. */
  readonly traffic: readonly InterfaceTraffic[];
  /** Running haproxy process groups. */
  readonly haproxyCount: number;
  readonly cpu: CpuShare;
  /** Jiffies since boot. */
  readonly cpuTimes: CpuTimes;
  readonly cpuCount: number;
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
  readonly rates: Pick<TrafficRates, 'read'>;
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
const shownPackages = ['haproxy', 'keepalived', 'openssl'];

/** Makes the reader of an amphora's facts. */
export function createDetails(deps: DetailsDeps): Details {
  const software = createRecent(deps.clock, maxAgeMs, () => readSoftware(deps));
  const cpuShare = createCpuShare(() => deps.system.cpuTimes());
  const machine = createRecent(deps.clock, maxAgeMs, async () => {
    const [{ rates: networks, traffic }, cpu, cpuTimes, cpuCount, memory, disk, load] = await Promise.all([
      deps.rates.read(),
      cpuShare(),
      deps.system.cpuTimes(),
      deps.system.cpuCount(),
      deps.system.memory(),
      deps.files.space('/'),
      deps.system.load(),
    ]);
    return { networks, traffic, cpu, cpuTimes, cpuCount, memory, disk, load };
  });
  const identity = ({ haproxyVersion, keepalivedVersion, ipvsadmVersion }: Software): AmphoraIdentity => ({
    hostname: deps.system.hostname(),
    amphoraId: deps.amphoraId,
    haproxyVersion,
    keepalivedVersion,
    ipvsadmVersion,
  });

  return {
    async info() {
      return identity(await software());
    },
    async details() {
      const [known, facts, { ids, running }] = await Promise.all([
        software(),
        machine(),
        deps.loadBalancers(),
      ]);
      return {
        ...identity(known),
        ...facts,
        packages: known.packages,
        haproxyCount: running,
        loadBalancers: ids,
      };
    },
  };
}

type Software = Pick<AmphoraDetails, 'haproxyVersion' | 'keepalivedVersion' | 'ipvsadmVersion' | 'packages'>;

async function readSoftware(deps: DetailsDeps): Promise<Software> {
  const versions = await deps.packages.versions([...shownPackages, 'ipvsadm']);
  const packaged = deps.haproxyCommand === packagedBinary ? versions.get('haproxy') : undefined;
  const shown = [...versions].filter(([name]) => shownPackages.includes(name));
  const packages = shown.map(([name, version]) => ({ name, version }));
  return {
    haproxyVersion: packaged ?? (await deps.binaryVersion()),
    keepalivedVersion: versions.get('keepalived'),
    ipvsadmVersion: versions.get('ipvsadm'),
    packages: [...packages, { name: 'amphorad', version: deps.agentVersion }],
  };
}
