// Whether this agent lives, and whether it is ready for work: two short lists of reasons why not. They name kinds of
// trouble with their number, and nothing that tells tenants apart: whoever may ask may not be allowed to know more.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import { isAgentError } from '../model/errors';
import type { FindProblems } from '../model/finding';
import type { CertificateDates } from './certificate-dates';
import { requireSpace } from './disk-reserve';
import type { LoopLag } from './loop-lag';
import { createRecent } from './recent';
import type { FindStandings } from './standings';
import type { Vrrp } from './vrrp';

export interface Reason {
  /** Lower case, hyphens. */
  readonly check: string;
  readonly what: string;
}

export interface Verdict {
  readonly isWell: boolean;
  readonly reasons: readonly Reason[];
}

export interface Readiness {
  /** Whether the agent does its work; when not, only a restart of it helps. Traffic does not depend on it. */
  live(): Verdict;
  /** Whether it takes changes, and all that should run does. Several who ask within a second get the same. */
  ready(): Promise<Verdict>;
}

export interface ReadinessDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly basePath: string;
  readonly lag: Pick<LoopLag, 'sinceLookMs'>;
  /** Milliseconds since the last round of heartbeats was over, and between two of them; undefined before the first. */
  readonly heartbeats: () => { readonly sinceMs: number; readonly intervalMs: number } | undefined;
  readonly isRestored: () => boolean;
  readonly holdsLock: () => Promise<boolean>;
  readonly dates: () => CertificateDates | undefined;
  readonly standings: FindStandings;
  readonly udpFindings: FindProblems;
  readonly vrrp: Pick<Vrrp, 'isWell'>;
}

type Check = () => Promise<string | undefined>;

const timersLateMs = 30_000;
const missedRounds = 6;
const maxAgeMs = 1_000;

/** Makes the judge. */
export function createReadiness(deps: ReadinessDeps): Readiness {
  const checks = readyChecks(deps);
  const ready = async (): Promise<Verdict> => {
    const found = await Promise.all(checks.map(([name, check]) => reasonOf(name, check)));
    return verdictOf(found.flat());
  };
  return {
    live: () => verdictOf(liveReasons(deps)),
    ready: createRecent(deps.clock, maxAgeMs, ready),
  };
}

/** A virtual machine that stood still is no reason: what it missed is made up for at its next look. */
function liveReasons({ lag, heartbeats }: ReadinessDeps): readonly Reason[] {
  const found: Reason[] = [];
  if (lag.sinceLookMs() > timersLateMs) found.push({ check: 'timers', what: 'timers do not run' });
  const rounds = heartbeats();
  if (rounds !== undefined && rounds.sinceMs > timersLateMs + missedRounds * rounds.intervalMs)
    found.push({ check: 'heartbeats', what: 'the sender of heartbeats stands still' });
  return found;
}

function readyChecks(deps: ReadinessDeps): readonly (readonly [name: string, check: Check])[] {
  const { clock, isRestored, holdsLock, standings } = deps;
  return [
    ['restore', () => Promise.resolve(isRestored() ? undefined : 'restore under way')],
    ['instance-lock', async () => ((await holdsLock()) ? undefined : 'the state directory was replaced')],
    ['server-certificate', () => Promise.resolve(certificateTrouble(deps.dates(), clock.now()))],
    ['client-crl', () => Promise.resolve(crlTrouble(deps.dates(), clock.now()))],
    ['disk', () => diskTrouble(deps)],
    [
      'load-balancers',
      async () => {
        const down = (await standings()).filter(({ isWanted, isUp }) => isWanted && !isUp);
        return countOf(down.length, 'load balancer', 'load balancers');
      },
    ],
    [
      'udp-listeners',
      async () => countOf((await deps.udpFindings()).length, 'UDP listener', 'UDP listeners'),
    ],
    [
      'keepalived',
      async () => ((await deps.vrrp.isWell()) ? undefined : 'keepalived should run and does not'),
    ],
  ];
}

async function reasonOf(check: string, look: Check): Promise<readonly Reason[]> {
  try {
    const what = await look();
    return what === undefined ? [] : [{ check, what }];
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    // Its words may name files.
    return [{ check, what: `cannot be looked at: ${thrown.kind}` }];
  }
}

function certificateTrouble(dates: CertificateDates | undefined, nowMs: number): string | undefined {
  if (dates === undefined) return 'no server certificate';
  if (nowMs < dates.serverFromMs) return 'the server certificate is not valid yet';
  return nowMs > dates.serverUntilMs ? 'the server certificate has run out' : undefined;
}

function crlTrouble(dates: CertificateDates | undefined, nowMs: number): string | undefined {
  const untilMs = dates?.clientCrlUntilMs;
  return untilMs !== undefined && nowMs > untilMs ? 'a revocation list of clients has run out' : undefined;
}

async function diskTrouble({ files, basePath }: ReadinessDeps): Promise<string | undefined> {
  try {
    await requireSpace(files, basePath, 0);
    return undefined;
  } catch (thrown) {
    if (isAgentError(thrown, 'no-space')) return 'disk nearly full';
    if (isAgentError(thrown, 'unavailable')) return 'the state directory is gone';
    throw thrown;
  }
}

function countOf(count: number, one: string, many: string): string | undefined {
  if (count === 0) return undefined;
  return count === 1 ? `1 ${one} should run and does not` : `${count} ${many} should run and do not`;
}

function verdictOf(reasons: readonly Reason[]): Verdict {
  return { isWell: reasons.length === 0, reasons };
}
