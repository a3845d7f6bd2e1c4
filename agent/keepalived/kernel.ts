// Reads the kernel's load balancer as one process sees it (/proc/<pid>/net is its network namespace, whoever reads), and
// takes out of it what a keepalived that was killed has left there. Source: ipvsadm(8).

import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import { AgentError } from '../model/errors';
import {
  memberKey,
  parseKernelTable,
  parseServiceTraffic,
  serviceKey,
  type KernelTable,
  type ServiceTraffic,
} from './ipvs';
import type { LvsConfig } from './lvs-config';

export interface KernelLvs {
  /** The table of the namespace of a process; undefined when the kernel has no ip_vs, or the process is gone. */
  table(pid: number): Promise<KernelTable | undefined>;
  /** Traffic of every service of the amphora's namespace. Throws `unavailable` without ipvsadm, or with what it printed. */
  traffic(): Promise<ReadonlyMap<string, ServiceTraffic>>;
  /** Takes out what `before` has and `wanted` has not; silent for what is not there. Throws `unavailable` without ipvsadm. */
  forget(before: LvsConfig, wanted: LvsConfig | undefined): Promise<void>;
}

export interface KernelLvsDeps {
  readonly files: Files;
  readonly runner: ProcessRunner;
  /** `ip netns exec <ns>` as argv, empty for the host's own namespace. */
  readonly through: readonly string[];
}

// Under the 2 s that heartbeats give every source.
const deadlineMs = 1_500;

/** Makes the reader. */
export function createKernelLvs({ files, runner, through }: KernelLvsDeps): KernelLvs {
  const ipvsadm = (argv: readonly string[]) =>
    runner.run([...through, 'ipvsadm', ...argv], { timeoutMs: deadlineMs });
  return {
    async table(pid) {
      const text = await files.readHostText(`/proc/${pid}/net/ip_vs`);
      return text === undefined ? undefined : parseKernelTable(text);
    },
    async traffic() {
      const { code, stdout, stderr } = await ipvsadm(['-Ln', '--stats', '--exact']);
      if (code === 0) return parseServiceTraffic(stdout);
      throw new AgentError('unavailable', 'ipvsadm does not tell the traffic', { detail: stderr.trim() });
    },
    async forget(before, wanted) {
      for (const argv of leftovers(before, wanted)) await ipvsadm(argv);
    },
  };
}

/** The arguments of ipvsadm that take out, one by one, what one configuration has and another has not. */
export function leftovers(before: LvsConfig, wanted: LvsConfig | undefined): readonly (readonly string[])[] {
  const option = (config: LvsConfig): string => (config.protocol === 'SCTP' ? '--sctp-service' : '-u');
  return before.services.flatMap((service) => {
    const address = [option(before), memberKey(service)];
    const key = serviceKey(before.protocol, service);
    const still = wanted?.services.find((each) => serviceKey(wanted.protocol, each) === key);
    if (still === undefined) return [['-D', ...address]];
    const kept = new Set(still.members.map(memberKey));
    return service.members
      .filter((member) => !kept.has(memberKey(member)))
      .map((member) => ['-d', ...address, '-r', memberKey(member)]);
  });
}
