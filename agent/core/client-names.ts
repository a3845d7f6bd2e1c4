// Which clients an operator means by a name: a CN or an alternative name of the certificate, whole, never a pattern.
// Letter case counts but in DNS names; addresses are compared as addresses.

import type { X509Certificate } from 'node:crypto';
import { parseIp } from '../model/ip';
import { clientNamesOf } from '../pki/inspect';

/** `[amphorad] allowed_client_names` and `read_only_client_names`. */
export interface NameLists {
  /** Empty: whoever the authorities vouch for. */
  readonly allowed: readonly string[];
  /** May read, on the other list or not, and never write. */
  readonly readOnly: readonly string[];
}

export type Rights = 'none' | 'read' | 'all';

/** Tells what the lists let the holder of a certificate do. */
export function rightsOf(certificate: X509Certificate, { allowed, readOnly }: NameLists): Rights {
  if (allowed.length + readOnly.length === 0) return 'all';
  const isNamed = namedIn(certificate);
  if (readOnly.some(isNamed)) return 'read';
  return allowed.length === 0 || allowed.some(isNamed) ? 'all' : 'none';
}

function namedIn(certificate: X509Certificate): (wanted: string) => boolean {
  const { exact, dns, ip } = clientNamesOf(certificate);
  return (wanted) => {
    const address = parseIp(wanted);
    return (
      exact.includes(wanted) ||
      dns.includes(wanted.toLowerCase()) ||
      (address !== undefined && ip.includes(address.text))
    );
  };
}
