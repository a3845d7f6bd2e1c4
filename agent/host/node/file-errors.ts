// Which errno of the file system means which kind of AgentError (errno(3)). Paths are named in
// `detail`, which an authenticated caller gets to see: an operator has to know which disk is full.

import { AgentError, isAgentError } from '../../model/errors';
import type { ErrorKind } from '../../model/errors';
import { errnoOf, hasErrno } from './errno';

/** What was attempted, as it reads after "Cannot". */
export type FileAction =
  | 'read a file'
  | 'write a file'
  | 'make a directory'
  | 'rename a file'
  | 'remove a file'
  | 'list a directory'
  | 'look at a file'
  | 'empty a file'
  | 'change a mode'
  | 'measure a file system';

const kinds: Readonly<Record<string, ErrorKind>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'unavailable',
  EACCES: 'unavailable',
  EPERM: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  EIO: 'unavailable',
  ENOMEM: 'unavailable',
  EBUSY: 'unavailable',
  ESTALE: 'unavailable',
  ENOENT: 'precondition',
  ENOTDIR: 'precondition',
  EISDIR: 'precondition',
  ELOOP: 'precondition',
  EEXIST: 'precondition',
  ENOTEMPTY: 'precondition',
  // Opening a socket as a file.
  ENXIO: 'precondition',
  ENAMETOOLONG: 'invalid-input',
  // Node's own refusal of a NUL in a path.
  ERR_INVALID_ARG_VALUE: 'invalid-input',
  ERR_FS_FILE_TOO_LARGE: 'too-large',
};

/** Turns a failure of the file system into an AgentError with errno and path in `detail`; an AgentError passes as it is. */
export function fileError(action: FileAction, path: string, thrown: unknown): AgentError {
  if (isAgentError(thrown)) return thrown;
  const errno = errnoOf(thrown) ?? 'unknown error';
  const kind = kinds[errno] ?? 'internal';
  const message = kind === 'no-space' ? 'No space left on the disk' : `Cannot ${action}`;
  return new AgentError(kind, message, { detail: `${errno}: ${path}`, cause: thrown });
}

/** Turns a failure to read a host's file into `unavailable`, whatever the errno. */
export function hostFileError(path: string, thrown: unknown): AgentError {
  const errno = errnoOf(thrown) ?? 'unknown error';
  return new AgentError('unavailable', 'Cannot read a file', { detail: `${errno}: ${path}`, cause: thrown });
}

/** Refuses what is not a regular file (`precondition`). */
export function notRegular(path: string): AgentError {
  return new AgentError('precondition', 'Not a regular file', { detail: path });
}

/** Tells whether a failure says that nothing lies at the path; ENOTDIR: a file stands where a parent should. */
export function isAbsent(thrown: unknown): boolean {
  return hasErrno(thrown, 'ENOENT', 'ENOTDIR');
}
