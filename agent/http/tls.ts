// The TLS side of the server: contexts made from PEM; what TLS cannot use is refused.
// Source: DESIGN "Server identity and connections", TOOLCHAIN section 0 (TLS).

import type { SecureContextOptions, SecureVersion } from 'node:tls';
import { AgentError } from '../model/errors';

/** What the server shows and what it trusts, all PEM. */
export interface TlsMaterial {
  readonly key: string;
  /** The certificate, then its chain. */
  readonly certificates: string;
  /** The CA certificates that client certificates must chain to. */
  readonly clientCa: string;
  /** Revocation lists, one PEM block each; none: revocation is not asked for. Node reads the first block of a text only. */
  readonly clientCrls: readonly string[];
}

export type LowestVersion = Extract<SecureVersion, 'TLSv1.2' | 'TLSv1.3'>;

/** Makes the context options of the server. */
export function secureContextOptions(material: TlsMaterial, minVersion: LowestVersion): SecureContextOptions {
  return {
    key: material.key,
    cert: material.certificates,
    ca: material.clientCa,
    ...(material.clientCrls.length === 0 ? {} : { crl: [...material.clientCrls] }),
    minVersion,
    honorCipherOrder: true,
  };
}

/** Puts material to use. Throws `invalid-input` when TLS itself cannot use it; its key is never named. */
export function usingMaterial<T>(use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const detail = cause instanceof Error && 'code' in cause ? String(cause.code) : 'refused by TLS';
    throw new AgentError(
      'invalid-input',
      'The server certificate or what is to vouch for clients cannot be used',
      { detail, cause },
    );
  }
}
