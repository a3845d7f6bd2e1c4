// The certificate files of load balancers: put, digest, remove. Contents never come back out, only their MD5.
// Source: contract/amphora-v0.1.md "Certificates", contract/octavia-1.0.md, DESIGN "On disk", "Limits on volume".
//
// INVARIANTS:
// - changes hold the gate that the load balancer's other changes hold;
// - a file is whole, private and in a directory that is private and no link;
// - what lies under a certificate's name and is no regular file is no certificate: never read, never followed.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import { isCertificateName, type CertificateName } from '../model/certificate';
import { AgentError, invalidInput, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { readBundle } from '../pki/bundle';
import { requireSpace } from './disk-reserve';
import type { Gate } from './gate';
import type { LoadBalancers } from './load-balancers';
import type { StateStore } from './state-store';

export interface PutOptions {
  /** Refuses what haproxy could not serve. False for what is no bundle: CA files, CRLs, crt-lists. */
  readonly inspect: boolean;
}

export interface Certificates {
  /** Stores a file durably; haproxy takes it up at its next reload. The load balancer need not exist yet. Throws `invalid-input`, `precondition` above a limit or for a directory that is none. */
  put(id: LoadBalancerId, name: CertificateName, pem: Buffer, options: PutOptions): Promise<{ md5: string }>;
  /** The MD5 of a stored file's bytes, in hex. Throws `not-found` with the load balancer or the certificate as its subject. */
  md5(id: LoadBalancerId, name: CertificateName): Promise<string>;
  /** Removes a file, with the directory when it was the last one. Throws as `md5`. */
  remove(id: LoadBalancerId, name: CertificateName): Promise<void>;
}

export interface CertificatesDeps {
  readonly files: Files;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  /** The very one that `loadBalancers` uses. */
  readonly gate: Gate<LoadBalancerId>;
  readonly loadBalancers: Pick<LoadBalancers, 'ids'>;
}

const mostFiles = 4_096;
const mostMebibytes = 64;
const fileMode = 0o600;
const directoryMode = 0o700;

/** Makes the verbs. */
export function createCertificates(deps: CertificatesDeps): Certificates {
  const { files, gate } = deps;
  const directoryOf = (id: LoadBalancerId): string => haproxyPaths(deps.roots, id).certificates;

  async function requireCertificate(id: LoadBalancerId, name: CertificateName): Promise<string> {
    const directory = directoryOf(id);
    if (!(await directoryExists(files, directory))) {
      const exists = (await deps.loadBalancers.ids()).includes(id);
      throw exists ? notFound('certificate', name) : notFound('load balancer', id);
    }
    const path = join(directory, name);
    if (!(await isRegular(files, path))) throw notFound('certificate', name);
    return path;
  }

  return {
    async put(id, name, pem, { inspect }) {
      if (inspect) refuseUnservable(pem);
      return gate.run(id, async () => {
        const directory = directoryOf(id);
        const wasThere = await directoryExists(files, directory);
        if (wasThere) await removeLeftovers(files, directory);
        await refuseAboveLimits(files, directory, name, pem.length);
        const { certDir, basePath } = deps.roots;
        await requireSpace(files, (await files.stat(certDir)) === undefined ? basePath : certDir, pem.length);
        await takeBackRemoval(deps.state, id);
        await files.makeDirectory(directory, directoryMode);
        try {
          await files.writeAtomic(join(directory, name), pem, fileMode);
        } catch (thrown) {
          if (!wasThere) await files.remove(directory);
          throw thrown;
        }
        return { md5: md5Of(pem) };
      });
    },

    async md5(id, name) {
      const content = await files.read(await requireCertificate(id, name));
      if (content === undefined) throw notFound('certificate', name);
      return md5Of(content);
    },

    remove: (id, name) =>
      gate.run(id, async () => {
        await files.remove(await requireCertificate(id, name));
        const directory = directoryOf(id);
        if ((await certificatesIn(files, directory)).length === 0) await files.remove(directory);
      }),
  };
}

// haproxy takes the first certificate of a file for the key's, and refuses the file when it is another's.
function refuseUnservable(pem: Buffer): void {
  if (readBundle(pem).isLeafFirst) return;
  throw invalidInput(
    'Certificate and key do not match',
    'the first certificate is not that of the private key; expected it before its chain',
  );
}

function md5Of(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** Tells whether the directory is there. Throws `precondition` for anything else in its place, a link to a directory too. */
async function directoryExists(files: Files, directory: string): Promise<boolean> {
  const kind = (await files.stat(directory))?.kind;
  if (kind === undefined || kind === 'directory') return kind !== undefined;
  throw new AgentError('precondition', 'The certificate directory is not a directory', {
    detail: `${directory} is a ${kind === 'other' ? 'special file' : kind}`,
  });
}

async function isRegular(files: Files, path: string): Promise<boolean> {
  return (await files.stat(path))?.kind === 'file';
}

async function certificatesIn(files: Files, directory: string): Promise<readonly string[]> {
  const names = (await files.list(directory)).filter(isCertificateName);
  const regular = await Promise.all(names.map((name) => isRegular(files, join(directory, name))));
  return names.filter((_, index) => regular[index]);
}

// Temporary files of writes that a crash cut short: they hold keys, and nobody writes now but the gate's holder.
async function removeLeftovers(files: Files, directory: string): Promise<void> {
  for (const name of await files.list(directory)) {
    if (/^\..*\.tmp$/.test(name)) await files.remove(join(directory, name));
  }
}

async function refuseAboveLimits(
  files: Files,
  directory: string,
  name: CertificateName,
  bytes: number,
): Promise<void> {
  const others = (await files.list(directory)).filter((other) => other !== name);
  if (others.length >= mostFiles) throw aboveLimit(`at most ${mostFiles} files`);
  const stats = await Promise.all(others.map((other) => files.stat(join(directory, other))));
  const total = stats.reduce((sum, stat) => sum + (stat?.size ?? 0), bytes);
  if (total > mostMebibytes * 1024 * 1024) throw aboveLimit(`at most ${mostMebibytes} MiB together`);
}

function aboveLimit(limit: string): AgentError {
  return new AgentError('precondition', 'Too many certificates', {
    detail: `a load balancer may have ${limit}`,
  });
}

// A removal that failed half-way is finished at the next start: it would take this certificate along.
async function takeBackRemoval(state: StateStore, id: LoadBalancerId): Promise<void> {
  const before = await state.read(id);
  if (before?.desired === 'removed') await state.write(id, { ...before, desired: 'stopped' });
}
