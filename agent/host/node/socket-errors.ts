// What a UNIX request refuses before it connects, and what a failed one means. A command can carry a private
// key, so no error ever quotes it. A socket address holds 108 bytes with its NUL (unix(7)).

import { AgentError, invalidInput } from '../../model/errors';
import { errnoOf } from './errno';

const longestPathBytes = 107;

/** Refuses a command of more than one line (`invalid-input`) and a path that the kernel cannot hold (`unavailable`). */
export function refuseRequest(path: string, line: string): void {
  if (/[\n\r\0]/.test(line)) {
    throw invalidInput('Invalid request', 'a socket command is one line without NUL');
  }
  if (path === '' || path.includes('\0')) throw invalidInput('Invalid request', 'not a socket path');
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPathBytes) return;
  throw new AgentError(
    'unavailable',
    `Socket path of ${bytes} bytes, at most ${longestPathBytes} fit: ${path}`,
  );
}

/** Nobody listens at a path, or what listens broke off. */
export function noAnswer(path: string, thrown: unknown): AgentError {
  const errno = errnoOf(thrown) ?? 'unknown error';
  return new AgentError('unavailable', `no answer from ${path}: ${errno}`, { cause: thrown });
}

/** No whole answer came within the deadline. */
export function answerTimeout(path: string, timeoutMs: number): AgentError {
  return new AgentError('timeout', `no answer from ${path} within ${timeoutMs} ms`);
}

/** More came than the caller accepts. */
export function answerTooLong(path: string, maxBytes: number): AgentError {
  return new AgentError('unavailable', `the answer from ${path} is longer than ${maxBytes} bytes`);
}
