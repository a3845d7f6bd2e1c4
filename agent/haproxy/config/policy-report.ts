// What is told of a configuration's lines while they are read: the files and addresses that they name and the words
// that have no place there. One reader, several listeners: the policy judges it, config/files collects it.

/** Why a configuration names a file; each kind has its own place (policy-places). */
export type FileKind =
  | 'certificate'
  | 'crt-list'
  | 'ca'
  | 'crl'
  | 'dh-parameters'
  | 'ticket-keys'
  | 'public-key'
  | 'map'
  | 'acl'
  | 'errorfile'
  | 'content'
  | 'format-file'
  | 'state'
  | 'helper'
  | 'socket'
  | 'stats-socket'
  | 'log-socket';

/** Listens to one line while it is read. */
export interface Report {
  /** A word that is not allowed where it stands, with the reason. */
  refuse(word: string, reason: string): void;
  /** A word that haproxy takes for a path, whatever it looks like. */
  file(kind: FileKind, path: string): void;
  /** A word that haproxy takes for one address; `socket` is what it names when it is a UNIX socket. */
  address(word: string, socket: 'socket' | 'log-socket'): void;
  /** The wish to let haproxy start other programs. */
  fork(word: string): void;
}

/** Reads the words after a keyword. */
export type Rule = (words: readonly string[], report: Report) => void;
