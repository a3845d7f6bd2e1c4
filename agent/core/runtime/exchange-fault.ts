// What it means when a runtime socket does not answer as it should, in the words that clients of the runtime API know.
// Source: contract of the runtime API, 3.1.

import type { Exchanged, StreamAddress } from '../../host/sockets';
import { runtimeError, type RuntimeFault } from '../../model/runtime-fault';

export interface Expected {
  readonly at: StreamAddress;
  /** How an answer ends that nobody has cut short. */
  readonly whole: string;
  readonly mostBytes: number;
}

/** Gives the answer. Throws `unavailable`, `truncated`, `timeout` or `too_large`. */
export function exchangeFault(outcome: Exchanged, { at, whole, mostBytes }: Expected): string {
  if (outcome.ok) {
    const { answer } = outcome;
    if (answer.endsWith(whole)) return answer;
    throw runtimeError({ code: 'truncated', bytes: answer.length });
  }
  switch (outcome.why) {
    case 'too long':
      throw runtimeError({ code: 'too_large', mostBytes });
    case 'late':
      // A UNIX socket whose backlog is full is a haproxy that does not take commands.
      throw runtimeError({ code: 'timeout', while: at.type === 'unix' ? 'waiting' : outcome.while });
    case 'failed':
      throw runtimeError(failedFault(outcome.errno, at));
  }
}

function failedFault(errno: string, at: StreamAddress): RuntimeFault {
  const path = at.type === 'unix' ? at.path : '';
  switch (errno) {
    case 'ETIMEDOUT':
      return { code: 'timeout', while: 'connecting' };
    case 'ENOENT':
      return { code: 'unavailable', said: `Socket file not found: ${path}` };
    case 'EACCES':
    case 'EPERM':
      return { code: 'unavailable', said: `Permission denied: ${path}` };
    case 'ECONNREFUSED':
      return { code: 'unavailable', said: '[Errno 111] Connection refused' };
    default:
      return { code: 'unavailable', said: errno };
  }
}
