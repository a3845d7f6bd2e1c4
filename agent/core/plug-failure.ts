// A plug that failed, in the words of the amphora API: what the tool said is the detail.
// Source: contract/octavia-1.0.md "Plugging", contract/amphora-v0.1.md "Plug VIP".

import { AgentError, isAgentError } from '../model/errors';

/** What every failed plug begins with. */
export type PlugMessage = 'Error plugging VIP' | 'Error plugging network' | 'Error loading interface rules';

/** Runs a job whose errors of the network become `reload-failed` with this message; a conflict becomes `already-exists`, what is not there stays that. */
export async function inPlugWords<T>(message: PlugMessage, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (thrown) {
    throw isAgentError(thrown) ? inWords(message, thrown) : thrown;
  }
}

function inWords(message: PlugMessage, error: AgentError): AgentError {
  switch (error.kind) {
    case 'not-found':
    case 'already-exists':
    case 'invalid-input':
    case 'internal':
      return error;
    case 'conflict':
      return new AgentError('already-exists', 'Interface already exists', {
        detail: told(error),
        cause: error,
      });
    case 'no-space':
      return new AgentError('no-space', message, { detail: told(error), cause: error });
    default:
      return new AgentError('reload-failed', message, { detail: told(error), cause: error });
  }
}

function told({ message, detail }: AgentError): string {
  return detail === undefined || detail === '' ? message : `${message}: ${detail}`;
}
