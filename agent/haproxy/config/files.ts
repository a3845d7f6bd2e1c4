// Names every file that a configuration makes haproxy read, so that "unchanged" can be told by digests and every
// crt-list can be checked. Sources: DESIGN "Two doors for change"; HAProxy 2.6 manual, crt-base, ca-base.

import { globalLines } from './sections';
import { readConfig } from './policy-reader';
import type { FileKind } from './policy-report';

/** `certificate-directory`: haproxy loads every file in it as a certificate. */
export type NamedFileKind =
  Exclude<FileKind, 'socket' | 'stats-socket' | 'log-socket'> | 'certificate-directory';

/** A file that a configuration names, in the order of the lines; one may be named more than once. */
export interface NamedFile {
  /** Counted from 1. */
  readonly line: number;
  /** As written, after `crt-base` or `ca-base` where it is relative and one is set. */
  readonly path: string;
  readonly kind: NamedFileKind;
  /** True when haproxy serves or decides by what is in the file, so that another content is another configuration. */
  readonly hasContent: boolean;
}

const sockets: ReadonlySet<FileKind> = new Set(['socket', 'stats-socket', 'log-socket']);
const withoutContent: ReadonlySet<FileKind> = new Set(['state', 'helper']);
const caKinds: ReadonlySet<FileKind> = new Set(['ca', 'crl']);
const certificateKinds: ReadonlySet<FileKind> = new Set(['certificate', 'crt-list']);

/**
 * Lists the files that a configuration names. A `crt` whose last segment is empty or has no dot is listed as a
 * directory: which of the two it is only the disk knows, and files of certificates have a suffix here.
 */
export function namedFiles(text: string): readonly NamedFile[] {
  const files: NamedFile[] = [];
  const bases = globalLines(text, new Set(['crt-base', 'ca-base']));
  const baseOf = (keyword: string): string | undefined =>
    bases.findLast(({ words }) => words[0] === keyword)?.words[1];
  const crtBase = baseOf('crt-base');
  const caBase = baseOf('ca-base');
  readConfig(text, ({ number: line }) => ({
    file(kind, written) {
      if (!isNamed(kind) || written.startsWith('@')) return;
      const base = certificateKinds.has(kind) ? crtBase : caKinds.has(kind) ? caBase : undefined;
      const path = base === undefined || written.startsWith('/') ? written : `${base}/${written}`;
      const isDirectory = kind === 'certificate' && !(path.split('/').at(-1) ?? '').includes('.');
      files.push({
        line,
        path,
        kind: isDirectory ? 'certificate-directory' : kind,
        hasContent: !withoutContent.has(kind),
      });
    },
    refuse: () => undefined,
    address: () => undefined,
    fork: () => undefined,
  }));
  return files;
}

function isNamed(kind: FileKind): kind is Exclude<FileKind, 'socket' | 'stats-socket' | 'log-socket'> {
  return !sockets.has(kind);
}

// What haproxy loads beside a certificate by its name: key, OCSP answer, issuer, SCTs, and for a bundle the
// certificates of each kind of key, with the same beside them.
const extras = ['.key', '.ocsp', '.issuer', '.sctl'];
const bundle = ['.rsa', '.dsa', '.ecdsa'];

/**
 * Lists the paths at which haproxy looks for more, beside a certificate's own; most are not there. Source: HAProxy 2.6
 * manual, ssl-load-extra-files, ssl-load-extra-del-ext.
 */
export function pathsBeside(certificate: string): readonly string[] {
  const withoutSuffix = certificate.endsWith('.crt') ? [certificate.slice(0, -'.crt'.length)] : [];
  const bundled = bundle.map((suffix) => `${certificate}${suffix}`);
  const withExtras = [certificate, ...withoutSuffix, ...bundled];
  return [...bundled, ...withExtras.flatMap((path) => extras.map((suffix) => `${path}${suffix}`))];
}
