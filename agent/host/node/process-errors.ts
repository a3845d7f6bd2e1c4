// What it means that a program cannot be started or a process not be signalled (execve(2), kill(2)).

import { AgentError, internal, isAgentError } from '../../model/errors';
import { errnoOf } from './errno';

/** Turns the failure to start a program into `unavailable`, naming program and errno; what Node itself refuses in an argv is `invalid-input`. */
export function cannotStart(program: string, thrown: unknown): AgentError {
  if (isAgentError(thrown)) return thrown;
  const errno = errnoOf(thrown) ?? 'unknown error';
  const kind = errno.startsWith('ERR_INVALID_ARG') ? 'invalid-input' : 'unavailable';
  return new AgentError(kind, `Cannot start ${program}: ${errno}`, { cause: thrown });
}

/** Refuses an argv without a program. Throws `internal`: no caller's input leads there. */
export function programOf(argv: readonly string[]): string {
  const program = argv[0];
  if (program === undefined || program === '') throw internal('An argv without a program');
  return program;
}

/** Refuses pids that kill(2) takes for everybody, a group or init. Throws `forbidden`. */
export function refuseSignal(pid: number): void {
  if (Number.isSafeInteger(pid) && pid > 1) return;
  throw new AgentError('forbidden', `Process ${pid} is not ours to signal`);
}

/** Turns the refusal of a signal into `forbidden`, anything else into `internal`. */
export function signalError(pid: number, thrown: unknown): AgentError {
  if (errnoOf(thrown) !== 'EPERM') return internal(`Cannot signal process ${pid}`, thrown);
  return new AgentError('forbidden', `Process ${pid} is not ours to signal`, { cause: thrown });
}
