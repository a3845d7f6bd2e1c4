// What must hold at a moment for a chain of certificates to count: the dates of each, and for each a list of its issuer
// that is in force and does not name it. Everything but the moment is worked out beforehand.
// Sources: RFC 5280, 6.1.3, 6.3; OpenSSL's X509_V_FLAG_CRL_CHECK_ALL (the root needs a list of its own too).

import { validityOf } from '../pki/inspect';
import type { RevocationList } from '../pki/crl';
import type { CertificatePath } from '../pki/client-chain';
import { rawFieldsOf } from '../pki/raw-fields';
import type { Authority } from './client-trust';

/** Tells what is wrong at a moment (milliseconds since the epoch); undefined when nothing is. */
export type Condition = (nowMs: number) => string | undefined;

interface ListStatus {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly isRevoked: boolean;
}

/** Works out the conditions of a path. `lists` undefined: revocation is not asked for. */
export function conditionsOf(
  path: CertificatePath,
  lists: readonly RevocationList[] | undefined,
  isIssuedBy: (list: RevocationList, authority: Authority) => boolean,
): readonly Condition[] {
  return path.flatMap((certificate, index) => {
    const name =
      index === 0 ? 'the client certificate' : `the CA certificate ${oneLine(certificate.subject)}`;
    const dates = withinDates(name, validityOf(certificate));
    if (lists === undefined) return [dates];
    // The root is the last one and issued itself.
    const issuer = path[index + 1] ?? certificate;
    const { subject } = rawFieldsOf(issuer);
    const own = lists.filter((list) => isIssuedBy(list, { certificate: issuer, subject }));
    const { serial } = rawFieldsOf(certificate);
    const statuses = own
      .map((list) => ({
        fromMs: list.thisUpdateMs,
        untilMs: list.nextUpdateMs,
        isRevoked: list.revoked.has(serial),
      }))
      .sort((a, b) => b.fromMs - a.fromMs);
    return [dates, notRevoked(name, oneLine(issuer.subject), statuses)];
  });
}

/** Finds the first condition that does not hold. */
export function firstFault(conditions: readonly Condition[], nowMs: number): string | undefined {
  for (const condition of conditions) {
    const fault = condition(nowMs);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function withinDates(name: string, { notBefore, notAfter }: ReturnType<typeof validityOf>): Condition {
  return (nowMs) => {
    if (nowMs >= notBefore && nowMs < notAfter) return undefined;
    return nowMs < notBefore ? `${name} is not yet valid` : `${name} has expired`;
  };
}

/** `statuses`: by the issuer's lists, newest first. The newest that has begun counts, and it alone. */
function notRevoked(name: string, issuer: string, statuses: readonly ListStatus[]): Condition {
  return (nowMs) => {
    const status = statuses.find(({ fromMs }) => fromMs <= nowMs);
    if (statuses.length === 0) return `there is no revocation list of ${issuer}, and every CA needs one`;
    if (status === undefined) return `the revocation list of ${issuer} is not yet valid`;
    if (nowMs >= status.untilMs)
      return `the revocation list of ${issuer} is past its date (${new Date(status.untilMs).toISOString()})`;
    return status.isRevoked ? `${name} is revoked` : undefined;
  };
}

function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
