// Replaces the certificate that the agent itself shows, without a restart: candidate, check, swap, verify, undo.
// Source: contract/amphora-v0.1.md "Server certificate rotation".

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { certificateChainPem, checkServerBundle, readBundle, type Bundle } from '../pki/bundle';
import { validityOf, type Validity } from '../pki/inspect';
import type { ClientTrust } from './client-trust';
import { createGate } from './gate';
import { namingFile, requiredText } from './required-file';

/** What a TLS server needs, all PEM; `certificates` begins with the leaf. */
export interface ServerIdentity {
  readonly key: string;
  readonly certificates: string;
  /** The dates of the leaf, in milliseconds since the epoch. */
  readonly validity: Validity;
  readonly clientCa: string;
  /** One revocation list each; empty when revocation is not asked for. */
  readonly clientCrls: readonly string[];
  /** The same authorities and lists, read. */
  readonly clientTrust: ClientTrust;
}

export interface ServerCertificate {
  /** Reads and checks what the configuration names. Throws `invalid-input` naming the file. */
  load(): Promise<ServerIdentity>;
  /** Puts a new bundle into service for new connections, then on disk. Throws `invalid-input`; the old one then stays. */
  rotate(pem: Buffer): Promise<void>;
  /** Reads the files again and puts them into service; of each that cannot be used the old one stays. Throws for the bundle. */
  reread(): Promise<void>;
}

export interface ServerCertificateDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly serverPath: string;
  /** Reads whom clients must be vouched for by; with `before`, that stays where a file cannot be used. */
  readonly readTrust: (before?: ClientTrust) => Promise<ClientTrust>;
  /** Puts an identity into service. Throws `invalid-input` when TLS refuses it; the one before then stays. */
  readonly swap: (identity: ServerIdentity) => void;
}

/** Makes the keeper of the agent's own certificate. */
export function createServerCertificate(deps: ServerCertificateDeps): ServerCertificate {
  const { files, clock, log, serverPath, readTrust } = deps;
  const gate = createGate<'server certificate'>();
  let inForce: ServerIdentity | undefined;

  async function readOwn(): Promise<Bundle> {
    const pem = await requiredText(files, serverPath, 'agent_server_cert');
    return namingFile(serverPath, 'agent_server_cert', () => {
      const read = readBundle(pem);
      checkServerBundle(read, clock.now());
      return read;
    });
  }

  async function load(): Promise<ServerIdentity> {
    const bundle = await readOwn();
    inForce = identityOf(bundle, await readTrust());
    return inForce;
  }

  function serve(identity: ServerIdentity): void {
    deps.swap(identity);
    inForce = identity;
  }

  async function rotate(pem: Buffer): Promise<void> {
    const bundle = readBundle(pem);
    checkServerBundle(bundle, clock.now());
    const before = inForce ?? (await load().catch(() => undefined));
    serve(identityOf(bundle, before?.clientTrust ?? (await readTrust())));
    try {
      await files.writeAtomic(serverPath, pem, 0o600);
    } catch (thrown) {
      if (before !== undefined) serve(before);
      throw thrown;
    }
    log.info('server certificate replaced', { serial: bundle.certificate.serialNumber });
  }

  async function reread(): Promise<void> {
    const trust = await readTrust(inForce?.clientTrust);
    try {
      serve(identityOf(await readOwn(), trust));
    } catch (thrown) {
      // A revocation must not wait until somebody has mended the bundle.
      if (inForce !== undefined) serve({ ...inForce, ...trustOf(trust) });
      throw thrown;
    }
    log.info('server certificate, client CA and revocation lists read again');
  }

  return {
    load,
    rotate: (pem) => gate.run('server certificate', () => rotate(pem)),
    reread: () => gate.run('server certificate', reread),
  };
}

function identityOf(bundle: Bundle, trust: ClientTrust): ServerIdentity {
  return {
    key: bundle.keyPem,
    certificates: certificateChainPem(bundle),
    validity: validityOf(bundle.certificate),
    ...trustOf(trust),
  };
}

function trustOf(trust: ClientTrust): Pick<ServerIdentity, 'clientCa' | 'clientCrls' | 'clientTrust'> {
  return {
    clientCa: trust.authorities.map(({ certificate }) => certificate.toString()).join(''),
    clientCrls: (trust.lists ?? []).map(({ pem }) => pem),
    clientTrust: trust,
  };
}
