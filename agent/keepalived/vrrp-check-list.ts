// What the check script of the pair looks at: a list that the agent writes whole, so that a load balancer that was
// stopped on purpose moves nothing. Source: contract/vrrp.md section 4 "Check script".

import type { Files } from '../host/files';
import { internal } from '../model/errors';

/** One load balancer that should run. */
export interface CheckedLoadBalancer {
  readonly pidFile: string;
  readonly statsSocket: string;
}

export interface VrrpCheckList {
  /** The file name of haproxy's program. */
  readonly program: string;
  readonly loadBalancers: readonly CheckedLoadBalancer[];
  /** Ports that must be in LISTEN beside. */
  readonly servicePorts: readonly number[];
  /** What the check says without load balancers: success where the topology call made the configuration or only UDP listeners exist, failure where a controller uploaded it. */
  readonly whenNone: 'success' | 'failure';
}

/** Renders the list. Throws `internal` on a value that would break a line. */
export function renderCheckList(list: VrrpCheckList): string {
  const lines = [
    ['program', list.program],
    ['none', list.whenNone],
    ...list.loadBalancers.map(({ pidFile, statsSocket }) => ['haproxy', pidFile, statsSocket]),
    ...list.servicePorts.map((port) => ['port', String(port)]),
  ];
  if (lines.flat().some((word) => word === '' || /[\s\p{Cc}]/u.test(word))) {
    throw internal('a value for the check list of VRRP has a blank or a control character');
  }
  return `${lines.map((words) => words.join(' ')).join('\n')}\n`;
}

/** Writes the list durably unless it is there already. */
export async function writeCheckList(files: Files, path: string, list: VrrpCheckList): Promise<void> {
  const text = renderCheckList(list);
  if ((await files.readText(path)) !== text) await files.writeAtomic(path, text, 0o600);
}
