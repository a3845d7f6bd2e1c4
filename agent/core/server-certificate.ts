// Replaces the certificate that the agent itself shows, without a restart: candidate, check, swap, verify, undo.
// Source: contract/amphora-v0.1.md "Server certificate rotation".

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { AgentError } from '../model/errors';
import { certificateChainPem, checkServerBundle, readBundle, type Bundle } from '../pki/bundle';
import { readCaBundle } from '../pki/ca';
import { createGate } from './gate';

/** What a TLS server needs, all PEM; `certificates` begins with the leaf. */
export interface ServerIdentity {
  readonly key: string;
  readonly certificates: string;
  readonly clientCa: string;
}

export interface ServerCertificate {
  /** Reads and checks what the configuration names. Throws `invalid-input` naming the file. */
  load(): Promise<ServerIdentity>;
  /** Puts a new bundle into service for new connections, then on disk. Throws `invalid-input`; the old one then stays. */
  rotate(pem: Buffer): Promise<void>;
  /** Reads the files again and puts them into service; what cannot be used leaves the old ones in force. */
  reread(): Promise<void>;
}

export interface ServerCertificateDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly serverPath: string;
  readonly clientCaPath: string;
  /** Puts an identity into service. Throws `invalid-input` when TLS refuses it; the one before then stays. */
  readonly swap: (identity: ServerIdentity) => void;
}

/** Makes the keeper of the agent's own certificate. */
export function createServerCertificate(deps: ServerCertificateDeps): ServerCertificate {
  const { files, clock, log, serverPath, clientCaPath } = deps;
  const gate = createGate<'server certificate'>();

  async function readClientCa(): Promise<string> {
    const pem = await required(clientCaPath, 'agent_server_ca');
    return naming(clientCaPath, 'agent_server_ca', () => readCaBundle(pem))
      .map((certificate) => certificate.toString())
      .join('');
  }

  async function required(path: string, key: string): Promise<string> {
    const text = await files.readHostText(path);
    if (text === undefined) throw new AgentError('invalid-input', `${key}: there is no file ${path}`);
    return text;
  }

  async function load(): Promise<ServerIdentity> {
    const pem = await required(serverPath, 'agent_server_cert');
    const bundle = naming(serverPath, 'agent_server_cert', () => {
      const read = readBundle(pem);
      checkServerBundle(read, clock.now());
      return read;
    });
    return identityOf(bundle, await readClientCa());
  }

  async function rotate(pem: Buffer): Promise<void> {
    const bundle = readBundle(pem);
    checkServerBundle(bundle, clock.now());
    const before = await load().catch(() => undefined);
    deps.swap(identityOf(bundle, await readClientCa()));
    try {
      await files.writeAtomic(serverPath, pem, 0o600);
    } catch (thrown) {
      if (before !== undefined) deps.swap(before);
      throw thrown;
    }
    log.info('server certificate replaced', { serial: bundle.certificate.serialNumber });
  }

  return {
    load,
    rotate: (pem) => gate.run('server certificate', () => rotate(pem)),
    reread: () =>
      gate.run('server certificate', async () => {
        deps.swap(await load());
        log.info('server certificate and client CA read again');
      }),
  };
}

function identityOf(bundle: Bundle, clientCa: string): ServerIdentity {
  return { key: bundle.keyPem, certificates: certificateChainPem(bundle), clientCa };
}

/** Runs a check and names the file and its key in what it refuses. */
function naming<T>(path: string, key: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause;
    throw new AgentError(cause.kind, `${key}: ${path}: ${cause.message}`, {
      cause,
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  }
}
