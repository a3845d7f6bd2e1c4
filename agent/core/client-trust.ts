// Whom clients must be vouched for by: the authorities of agent_server_ca and the revocation lists of client_crl, read
// from their files. At the start both must be right; read again, a file that cannot be used leaves what it said before
// in force, and is among the findings until it can be used. Source: DESIGN "Server identity and connections".

import type { X509Certificate } from 'node:crypto';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { AgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import { readCaBundle } from '../pki/ca';
import { isIssuedBy, readRevocationLists, type RevocationList } from '../pki/crl';
import { rawFieldsOf } from '../pki/raw-fields';
import { namingFile, requiredText } from './required-file';

/** A CA certificate with the name by which its lists are found. */
export interface Authority {
  readonly certificate: X509Certificate;
  /** Hexadecimal of the DER form. */
  readonly subject: string;
}

export interface ClientTrust {
  readonly authorities: readonly Authority[];
  /** Undefined: revocation is not asked for. */
  readonly lists: readonly RevocationList[] | undefined;
}

export interface ClientTrustFiles {
  /** Reads the files. Throws `invalid-input` naming key and file; with `before`, that stays instead, file by file. */
  read(before?: ClientTrust): Promise<ClientTrust>;
  /** The files whose last reading was of no use. */
  findings(): readonly Finding[];
}

export interface ClientTrustDeps {
  readonly files: Files;
  readonly log: Log;
  readonly clientCaPath: string;
  readonly crlPath: string | undefined;
  /** Default: as `readAuthorities` does. Agents in one process share what they read. */
  readonly readAuthorities?: ReadAuthorities;
}

/** Reads authorities out of PEM. Throws `invalid-input`. */
export type ReadAuthorities = (pem: string) => readonly Authority[];

/** Reads the authorities of a PEM text. Throws `invalid-input`. */
export function readAuthorities(pem: string): readonly Authority[] {
  return readCaBundle(pem).map((certificate) => ({
    certificate,
    subject: rawFieldsOf(certificate).subject,
  }));
}

/** Makes the reader of both files. */
export function createClientTrustFiles({
  files,
  log,
  clientCaPath,
  crlPath,
  readAuthorities: read = readAuthorities,
}: ClientTrustDeps): ClientTrustFiles {
  const unusable = new Map<string, Finding>();

  async function authoritiesInFile(): Promise<readonly Authority[]> {
    const pem = await requiredText(files, clientCaPath, 'agent_server_ca');
    return namingFile(clientCaPath, 'agent_server_ca', () => read(pem));
  }

  async function readLists(
    path: string,
    authorities: readonly Authority[],
  ): Promise<readonly RevocationList[]> {
    const pem = await requiredText(files, path, 'client_crl');
    return namingFile(path, 'client_crl', () => {
      const lists = readRevocationLists(pem);
      for (const list of lists) refuseForged(list, authorities);
      return lists;
    });
  }

  async function orBefore<T>(check: string, before: T | undefined, read: () => Promise<T>): Promise<T> {
    try {
      const fresh = await read();
      unusable.delete(check);
      return fresh;
    } catch (thrown) {
      if (before === undefined) throw thrown;
      const detail = thrown instanceof AgentError && thrown.detail !== undefined ? `: ${thrown.detail}` : '';
      const error = `${messageOf(thrown)}${detail}`;
      log.error('a file about clients is not read again, what it said before stays in force', { error });
      unusable.set(check, unusableFinding(check, error));
      return before;
    }
  }

  return {
    async read(before) {
      const authorities = await orBefore('client-ca', before?.authorities, authoritiesInFile);
      if (crlPath === undefined) return { authorities, lists: undefined };
      const lists = await orBefore('client-crl', before?.lists, () => readLists(crlPath, authorities));
      return { authorities, lists };
    },
    findings: () => [...unusable.values()],
  };
}

/**
 * A list in the name of a configured authority must be signed by it. One of an intermediate that only clients show is
 * checked when they show it.
 */
function refuseForged(list: RevocationList, authorities: readonly Authority[]): void {
  const named = authorities.filter(({ subject }) => subject === list.issuer);
  if (named.length === 0 || named.some((authority) => isIssuedBy(list, authority))) return;
  throw new AgentError('invalid-input', 'Revocation list cannot be used', {
    detail: `the list of ${list.issuerText} is not signed by the configured CA of that name`,
  });
}

function unusableFinding(check: string, error: string): Finding {
  return {
    check,
    severity: 'error',
    what: `The new file cannot be used: ${error}.`,
    why: 'What the file said before is still in force; what changed in it since, such as a revocation, is not.',
    todo: 'Mend the file, see that `amphorad check` accepts it, and send SIGHUP.',
  };
}
