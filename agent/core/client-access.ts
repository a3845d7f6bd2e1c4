// Who may call: the judgement of a client's certificate, apart from the handshake's. Connections outlive handshakes, and
// resumed sessions skip them, so it must hold at every request. Source: DESIGN "Server identity and connections".
//
// INVARIANTS
// - An examination is good for one generation; with the next one it must be made anew.
// - A judgement compares the clock and nothing else: it is made at every request.
// - Whatever is in doubt is refused: a CA without a list, a list past its date, a certificate that cannot be read.

import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../host/clock';
import { findPaths } from '../pki/client-chain';
import { describeCertificate } from '../pki/inspect';
import { isIssuedBy, type RevocationList } from '../pki/crl';
import { rightsOf, type NameLists } from './client-names';
import type { Authority, ClientTrust } from './client-trust';
import { createIntermediates } from './intermediates';
import { conditionsOf, firstFault, type Condition } from './path-conditions';

/** What a client has shown in its handshake; a resumed session shows the first alone. */
export interface PeerChain {
  readonly leaf: X509Certificate;
  readonly issuers: readonly X509Certificate[];
}

export type Verdict =
  | { readonly allowed: true; readonly readOnly: boolean }
  | { readonly allowed: false; readonly reason: string };

export interface ClientAccess {
  /** A number that changes whenever authorities, lists or names do. */
  generation(): number;
  /** Puts authorities and revocation lists into force. */
  trust(trust: ClientTrust): void;
  /** Puts the lists of names into force. */
  name(names: NameLists): void;
  /** Examines what a client has shown, by what is in force now; the result judges it by the clock. Never throws. */
  examine(peer: PeerChain): () => Verdict;
}

/** Makes the judge. Until authorities are in force it lets nobody in. */
export function createClientAccess(clock: Clock, initialNames: NameLists): ClientAccess {
  let generation = 0;
  let names = initialNames;
  let trusted: ClientTrust = { authorities: [], lists: undefined };
  const intermediates = createIntermediates();
  let issuedBy = createIssuedBy();

  function examine({ leaf, issuers }: PeerChain): () => Verdict {
    const { extendedKeyUsage } = describeCertificate(leaf);
    if (extendedKeyUsage?.includes('clientAuth') === false)
      return refuse('the client certificate is not meant for client authentication');
    const rights = rightsOf(leaf, names);
    if (rights === 'none') return refuse('no name of the client certificate is among those that may call');
    const authorities = trusted.authorities.map(({ certificate }) => certificate);
    const paths = findPaths(leaf, [...issuers, ...intermediates.all()], authorities);
    for (const path of paths) intermediates.remember(path.slice(1));
    const conditions = paths.map((path) => conditionsOf(path, trusted.lists, issuedBy));
    const allowed: Verdict = { allowed: true, readOnly: rights === 'read' };
    return () => judge(conditions, clock.now(), allowed);
  }

  return {
    generation: () => generation,
    trust(next) {
      if (sameTrust(trusted, next)) return;
      trusted = next;
      issuedBy = createIssuedBy();
      generation += 1;
    },
    name(next) {
      if (sameTexts(names.allowed, next.allowed) && sameTexts(names.readOnly, next.readOnly)) return;
      names = next;
      generation += 1;
    },
    examine(peer) {
      try {
        return examine(peer);
      } catch {
        // Whatever is wrong with it: a certificate that cannot be examined lets nobody in, and ends no agent.
        return refuse('the client certificate cannot be read');
      }
    },
  };
}

function judge(paths: readonly (readonly Condition[])[], nowMs: number, allowed: Verdict): Verdict {
  const faults: string[] = [];
  for (const conditions of paths) {
    const fault = firstFault(conditions, nowMs);
    if (fault === undefined) return allowed;
    faults.push(fault);
  }
  return {
    allowed: false,
    reason: faults[0] ?? 'the client certificate does not chain to the configured CA',
  };
}

function refuse(reason: string): () => Verdict {
  return () => ({ allowed: false, reason });
}

/** Remembers whose a list is: its whole text must be digested to tell. */
function createIssuedBy(): (list: RevocationList, authority: Authority) => boolean {
  const known = new WeakMap<RevocationList, Map<string, boolean>>();
  return (list, authority) => {
    const byAuthority = known.get(list) ?? new Map<string, boolean>();
    known.set(list, byAuthority);
    const key = authority.certificate.fingerprint256;
    const answer = byAuthority.get(key) ?? isIssuedBy(list, authority);
    byAuthority.set(key, answer);
    return answer;
  };
}

function sameTrust(a: ClientTrust, b: ClientTrust): boolean {
  return sameTexts(textsOf(a), textsOf(b));
}

function textsOf({ authorities, lists }: ClientTrust): readonly string[] {
  const revocation = lists === undefined ? ['none'] : ['lists', ...lists.map(({ pem }) => pem)];
  return [...authorities.map(({ certificate }) => certificate.fingerprint256), ...revocation];
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
