// What an agent finds in the directory of a harness: configuration and certificates.

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localOnlyEntries } from '../config/options';
import type { Files } from '../host/files';
import type { AmphoraPaths } from './amphora';
import type { Certificates, KeyPair, StoredKeyPair, ThrowAwayPki } from './certificates';

export type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

const secretMode = 0o600;
const publicMode = 0o644;
// As checkPathLengths reckons: 46 bytes of base_path, which is `<directory>/lib`.
const longestDirectory = 42;

/** Makes a directory below TMPDIR. Throws when sockets in it would have too long a name. */
export function newDirectory(parent = tmpdir()): string {
  refuseLong(join(parent, 'amph-XXXXXX'), `TMPDIR is ${parent}: set TMPDIR=/tmp, or give a directory`);
  return mkdtempSync(join(parent, 'amph-'));
}

/** Removes a directory, in which a start that was under way at the end may still write for a moment. */
export function removeDirectory(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** Names what lies in the directory. Throws when sockets in it would have too long a name. */
export function pathsIn(directory: string): AmphoraPaths {
  refuseLong(directory, 'give a shorter one');
  return {
    directory,
    basePath: join(directory, 'lib'),
    agentConf: join(directory, 'agent.conf'),
    localConf: join(directory, 'local.conf'),
    certificates: join(directory, 'certs'),
  };
}

/** Writes the certificates: the authority's, the client's, and one made for this amphora. */
export async function writeCertificates(
  files: Files,
  directory: string,
  pki: ThrowAwayPki,
  amphoraId: string,
  shared?: SharedCertificates,
): Promise<Certificates> {
  const { ca, client } = shared ?? (await writeSharedCertificates(files, directory, pki));
  if (shared !== undefined) await files.makeDirectory(directory, 0o700);
  return { ca, client, server: await store(files, directory, 'server', pki.issueServer(amphoraId)) };
}

/** What amphorae of one authority have in common. */
export type SharedCertificates = Pick<Certificates, 'ca' | 'client'>;

/** Writes the certificates of the authority and of the client. */
export async function writeSharedCertificates(
  files: Files,
  directory: string,
  pki: ThrowAwayPki,
): Promise<SharedCertificates> {
  await files.makeDirectory(directory, 0o700);
  const caPath = join(directory, 'ca.pem');
  await files.writeAtomic(caPath, pki.ca.certificatePem, publicMode);
  return {
    ca: { certificatePem: pki.ca.certificatePem, path: caPath },
    client: await store(files, directory, 'client', pki.client),
  };
}

async function store(files: Files, directory: string, name: string, pair: KeyPair): Promise<StoredKeyPair> {
  const keyPath = join(directory, `${name}.key`);
  const certificatePath = join(directory, `${name}.crt`);
  const bundlePath = join(directory, `${name}.pem`);
  await files.writeAtomic(keyPath, pair.keyPem, secretMode);
  await files.writeAtomic(certificatePath, pair.certificatePem, publicMode);
  await files.writeAtomic(bundlePath, pair.keyPem + pair.certificatePem, secretMode);
  return { ...pair, keyPath, certificatePath, bundlePath };
}

/** Writes agent.conf and local.conf: each section goes where it is honoured, and `over` wins over `base`. */
export async function writeConfiguration(
  files: Files,
  paths: AmphoraPaths,
  base: Sections,
  over: Sections,
): Promise<void> {
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  const entries = names.map((section) => ({ section, values: { ...base[section], ...over[section] } }));
  const local = localOnlyEntries(entries);
  await files.writeAtomic(
    paths.agentConf,
    textOf(entries.filter((entry) => !local.includes(entry))),
    secretMode,
  );
  await files.writeAtomic(paths.localConf, textOf(local), secretMode);
}

function refuseLong(directory: string, todo: string): void {
  const length = Buffer.byteLength(directory);
  if (length <= longestDirectory) return;
  throw new Error(
    `the directory ${directory} is too long for haproxy's sockets: it has ${length} bytes, at most ${longestDirectory} fit; ${todo}`,
  );
}

/** A path as a value of agent.conf, where a dollar sign begins a reference. */
export function pathValue(path: string): string {
  return path.replaceAll('$', '$$$$');
}

function textOf(entries: readonly { readonly section: string; readonly values: Sections[string] }[]): string {
  return entries
    .map(({ section, values }) => {
      const lines = Object.entries(values).map(
        ([key, value]) => `${key} = ${valueText(section, key, value)}\n`,
      );
      return `[${section}]\n${lines.join('')}`;
    })
    .join('\n');
}

function valueText(section: string, key: string, value: string | number | boolean): string {
  const text = String(value);
  if (/[\r\n]/.test(`${section}${key}${text}`))
    throw new Error(`config: a line break in [${section}] ${key}`);
  return text;
}
