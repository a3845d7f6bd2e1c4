// What a service manager is told of an agent while it runs: whether it does its work, and one line for people.

import type { Readiness } from './readiness';
import type { FindStandings } from './standings';

export interface Pulse {
  /** False: only a restart of the agent helps. */
  readonly isWell: boolean;
  readonly status: string;
}

export interface PulseDeps {
  readonly amphoraId: string;
  readonly readiness: Pick<Readiness, 'live'>;
  readonly holdsLock: () => Promise<boolean>;
  readonly standings: FindStandings;
  readonly udpListeners: () => Promise<readonly unknown[]>;
  /** UDP listeners that should run and do not, one each. */
  readonly udpFindings: () => Promise<readonly unknown[]>;
}

/** Makes the reader of it. */
export function createPulse(deps: PulseDeps): () => Promise<Pulse> {
  return async () => {
    const { isWell, reasons } = deps.readiness.live();
    const holdsLock = await deps.holdsLock();
    const faults = [
      ...reasons.map(({ what }) => what),
      ...(holdsLock ? [] : ['the state directory was replaced']),
    ];
    const serving = faults.length === 0 ? await servingOf(deps) : `not well: ${faults.join(', ')}`;
    return { isWell: isWell && holdsLock, status: `amphora ${deps.amphoraId}: ${serving}` };
  };
}

async function servingOf({ standings, udpListeners, udpFindings }: PulseDeps): Promise<string> {
  const [all, udp, udpDown] = await Promise.all([standings(), udpListeners(), udpFindings()]);
  const down = all.filter(({ isWanted, isUp }) => isWanted && !isUp).length + udpDown.length;
  return [
    counted(all.length, 'load balancer'),
    ...(udp.length === 0 ? [] : [counted(udp.length, 'UDP listener')]),
    ...(down === 0 ? [] : [`${down} not serving`]),
  ].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
