// Where a configuration's files may lie and what may be an address: one place for each kind of file, below the load
// balancer's own directories. Sources: DESIGN "Configuration policy"; str2sa_range() of haproxy v2.6.0 src/tools.c.

import type { PolicyContext } from './policy-fault';
import type { FileKind } from './policy-report';

// Below base_cert_dir/<id>.
const certificateKinds: ReadonlySet<FileKind> = new Set([
  'certificate',
  'crt-list',
  'ca',
  'crl',
  'dh-parameters',
  'ticket-keys',
  'public-key',
]);

// Below base_path/<id>, apart from the agent's own files, which hold secrets.
const folders: Readonly<Partial<Record<FileKind, string>>> = {
  map: 'maps',
  acl: 'acls',
  errorfile: 'errors',
  content: 'files',
  socket: 'sockets',
};

// A path is never unquoted, expanded or normalised by anybody after us: letters, digits and a few marks; no segment is
// empty or begins with a dot.
const relativePath = /^[A-Za-z0-9_@+=][A-Za-z0-9_.@+=-]*(?:\/[A-Za-z0-9_@+=][A-Za-z0-9_.@+=-]*)*$/;

/** Says why a path may not be named as a file of this kind; undefined when it may. */
export function faultOfPath(kind: FileKind, path: string, context: PolicyContext): string | undefined {
  if (kind === 'format-file')
    return 'a file that holds a format is not allowed: write the format in the configuration';
  const exact = exactPlaces(kind, context);
  if (exact.includes(path)) return undefined;
  const place = placeOf(kind, context);
  if (place === undefined) {
    return exact.length === 0 ? 'is not allowed' : `must be ${exact.join(' or ')}`;
  }
  if (kind === 'certificate' && (path === place || path === `${place}/`)) return undefined;
  const isInside = path.startsWith(`${place}/`) && relativePath.test(path.slice(place.length + 1));
  return isInside ? undefined : `must lie in ${place}`;
}

function exactPlaces(kind: FileKind, context: PolicyContext): readonly string[] {
  const places: Readonly<Partial<Record<FileKind, readonly string[]>>> = {
    state: [`${directory(context.basePath)}/${context.id}/servers-state`],
    'stats-socket': [context.statsSocket],
    'log-socket': context.logSockets,
    helper: context.pingHelpers,
    ca: ['@system-ca', ...context.caBundles],
  };
  return places[kind] ?? [];
}

function placeOf(kind: FileKind, context: PolicyContext): string | undefined {
  if (certificateKinds.has(kind)) return `${directory(context.certDir)}/${context.id}`;
  const folder = folders[kind];
  return folder === undefined ? undefined : `${directory(context.basePath)}/${context.id}/${folder}`;
}

function directory(path: string): string {
  return path.replace(/\/+$/, '');
}

const networkAddress =
  /^(?:(?:stream\+|dgram\+)?(?:ip|ipv4|ipv6|tcp|tcp4|tcp6|udp|udp4|udp6|quic4|quic6)@)?[A-Za-z0-9_.:*%[\]+-]*$/;
const socketAddress = /^(?:(?:stream\+|dgram\+)?(?:unix|uxst|uxdg)@)?(?=\/)/;

/** The path of an address that is a UNIX socket's path, with or without its prefix; undefined for others. */
export function socketPathOf(address: string): string | undefined {
  const prefix = socketAddress.exec(address)?.[0];
  return prefix === undefined ? undefined : address.slice(prefix.length);
}

/** Says why a word is no address that may be used; undefined when it is one. haproxy expands `$` in addresses itself. */
export function faultOfAddress(
  word: string,
  socket: 'socket' | 'log-socket',
  context: PolicyContext,
): string | undefined {
  const path = socketPathOf(word);
  if (path !== undefined) return faultOfPath(socket, path, context);
  return networkAddress.test(word) ? undefined : 'is no network address';
}
