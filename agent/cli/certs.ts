// The command that makes a development PKI: an authority, the agent's bundle and one client. `ca.pem` is written
// last, and a mark lies beside the files until then, so that a half-made directory is known from someone's own.

import { basename, join } from 'node:path';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import { AgentError } from '../model/errors';
import { parseAmphoraId } from '../model/ids';
import { isTemporaryName } from '../model/leftover';
import { issueCa, issueClient, issueServer } from '../pki/issue';

export interface CertsArgs {
  readonly directory: string;
  readonly amphoraId: string;
  /** DNS names and IP addresses of the server beside the amphora id. */
  readonly names: readonly string[];
  /** How long all of them are valid. */
  readonly days: number;
  /** Replaces what is there. */
  readonly force: boolean;
}

/** Where the files of a development PKI lie. */
export interface PkiPaths {
  readonly ca: string;
  readonly caKey: string;
  /** Key and certificate of the agent. */
  readonly server: string;
  /** Key and certificate of the client. */
  readonly client: string;
  readonly clientKey: string;
  readonly clientCertificate: string;
}

type PkiTexts = Readonly<Record<keyof PkiPaths, string>>;

const unfinished = '.unfinished';
const secretMode = 0o600;
const publicMode = 0o644;

/** Names the files of a development PKI in a directory. */
export function pkiPaths(directory: string): PkiPaths {
  return {
    ca: join(directory, 'ca.pem'),
    caKey: join(directory, 'ca.key'),
    server: join(directory, 'server.pem'),
    client: join(directory, 'client.pem'),
    clientKey: join(directory, 'client.key'),
    clientCertificate: join(directory, 'client.crt'),
  };
}

/**
 * Makes a development PKI and returns where it lies. Throws `already-exists` when one of its files is there (a
 * half-made one of ours is remade) and `force` is not set; `invalid-input` on a wrong id, name or number of days.
 */
export async function runCerts(
  args: CertsArgs,
  deps: { readonly files: Files; readonly clock: Clock },
): Promise<PkiPaths> {
  const { files } = deps;
  const paths = pkiPaths(args.directory);
  const mark = join(args.directory, unfinished);
  if (!args.force) await refuseToReplace(paths, mark, files);
  const contents = await makeContents(args, deps.clock.now());
  // An existing directory keeps its mode: it may be anyone's.
  const there = await files.stat(args.directory);
  if (there?.kind !== 'directory') await files.makeDirectory(args.directory, 0o700);
  await removeLeftovers(args.directory, paths, files);
  await files.writeAtomic(mark, '', secretMode);
  await files.remove(paths.ca);
  await files.writeAtomic(paths.server, contents.server, secretMode);
  await files.writeAtomic(paths.client, contents.client, secretMode);
  await files.writeAtomic(paths.clientKey, contents.clientKey, secretMode);
  await files.writeAtomic(paths.clientCertificate, contents.clientCertificate, publicMode);
  await files.writeAtomic(paths.caKey, contents.caKey, secretMode);
  await files.writeAtomic(paths.ca, contents.ca, publicMode);
  await files.remove(mark);
  return paths;
}

// Temporary files of a run that was killed: they hold keys.
async function removeLeftovers(directory: string, paths: PkiPaths, files: Files): Promise<void> {
  const own = [unfinished, ...Object.values(paths).map((path: string) => basename(path))];
  for (const name of await files.list(directory)) {
    if (own.some((each) => isTemporaryName(name, each))) await files.remove(join(directory, name));
  }
}

async function refuseToReplace(paths: PkiPaths, mark: string, files: Files): Promise<void> {
  if ((await files.stat(mark)) !== undefined) return;
  for (const path of Object.values(paths) as string[]) {
    if ((await files.stat(path)) === undefined) continue;
    throw new AgentError('already-exists', `Certificates are there already: ${path}`, {
      detail: 'choose another directory, or force their replacement',
    });
  }
}

async function makeContents(args: CertsArgs, now: number): Promise<PkiTexts> {
  const validity = { now, days: args.days };
  const amphoraId = parseAmphoraId(args.amphoraId);
  const ca = await issueCa({ commonName: 'amphorad development CA', ...validity });
  const [server, client] = await Promise.all([
    issueServer(ca, { amphoraId, names: args.names, ...validity }),
    issueClient(ca, { commonName: 'amphorad development client', ...validity }),
  ]);
  return {
    ca: ca.certificatePem,
    caKey: ca.keyPem,
    server: server.bundlePem,
    client: client.bundlePem,
    clientKey: client.keyPem,
    clientCertificate: client.certificatePem,
  };
}
