// Tells in time that revocation lists run out: past its date a list lets nobody in. Findings for whoever asks, and a line
// in the log, once a day at most for each. Source: DESIGN "Server identity and connections" (seven days).

import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { Finding } from '../model/finding';
import { isIssuedBy, type RevocationList } from '../pki/crl';
import type { Authority, ClientTrust } from './client-trust';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const warnBeforeMs = 7 * dayMs;
const check = 'client-crl';
const todo = 'Fetch the current list of that CA into the client_crl file and send SIGHUP.';

/** Finds what is wrong, or soon will be, with the lists in force. */
export function revocationFindings({ authorities, lists }: ClientTrust, nowMs: number): readonly Finding[] {
  if (lists === undefined) return [];
  const missing = authorities.filter((authority) => !lists.some((list) => isIssuedBy(list, authority)));
  const issuers = [...new Set(lists.map(({ issuer }) => issuer))];
  return [
    ...missing.map(missingFinding),
    ...issuers.flatMap((issuer) => {
      const found = dateFinding(
        lists.filter((list) => list.issuer === issuer),
        nowMs,
      );
      return found === undefined ? [] : [found];
    }),
  ];
}

function missingFinding({ certificate }: Authority): Finding {
  const name = certificate.subject.split('\n').join(', ');
  return {
    check,
    severity: 'error',
    what: `There is no revocation list of ${name}.`,
    why: 'Every client whose certificate chains to this CA is refused.',
    todo: 'Add a list of this CA to the client_crl file, or take the CA out of agent_server_ca; then send SIGHUP.',
  };
}

function dateFinding(lists: readonly RevocationList[], nowMs: number): Finding | undefined {
  const [first] = lists;
  if (first === undefined) return undefined;
  const name = first.issuerText;
  const begun = lists.filter(({ thisUpdateMs }) => thisUpdateMs <= nowMs);
  const newest = begun.sort((a, b) => b.thisUpdateMs - a.thisUpdateMs)[0];
  const why = 'Every client whose certificate chains to this CA is refused.';
  if (newest === undefined) {
    const what = `The revocation list of ${name} is not valid before ${iso(first.thisUpdateMs)}.`;
    return { check, severity: 'error', what, why, todo: `Look at the clock of this machine. ${todo}` };
  }
  if (nowMs >= newest.nextUpdateMs) {
    const what = `The revocation list of ${name} was good until ${iso(newest.nextUpdateMs)}.`;
    return { check, severity: 'error', what, why, todo };
  }
  if (nowMs < newest.nextUpdateMs - warnBeforeMs) return undefined;
  return {
    check,
    severity: 'warning',
    what: `The revocation list of ${name} is good until ${iso(newest.nextUpdateMs)}.`,
    why: 'From then on every client whose certificate chains to this CA is refused.',
    todo,
  };
}

export interface RevocationWatch {
  /** Logs what was found and not logged within a day. */
  remind(): void;
  /** Reminds every hour until aborted. */
  start(signal: AbortSignal): void;
}

/** Makes the watch over what `findings` finds. */
export function createRevocationWatch(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  findings: () => readonly Finding[],
): RevocationWatch {
  let told = new Map<string, number>();
  function remind(): void {
    const now = clock.monotonic();
    const still = new Map<string, number>();
    for (const { severity, what, why, todo } of findings()) {
      const before = told.get(what);
      const isDue = before === undefined || now - before >= dayMs;
      if (isDue) log[severity](what, { why, todo });
      still.set(what, isDue ? now : before);
    }
    told = still;
  }
  return {
    remind,
    start: (signal) => {
      remind();
      clock.every(hourMs, signal, remind);
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
