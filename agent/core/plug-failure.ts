// A plug that failed, in the words of the amphora API: what the tool said is the detail.
// Source: contract/octavia-1.0.md "Plugging", contract/amphora-v0.1.md "Plug VIP".

import { AgentError, isAgentError, type ErrorKind } from '../model/errors';

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

// The client's doing, or nothing that a client should read.
const asTheyAre: ReadonlySet<ErrorKind> = new Set([
  'not-found',
  'already-exists',
  'invalid-input',
  'internal',
]);

function inWords(message: PlugMessage, error: AgentError): AgentError {
  if (asTheyAre.has(error.kind)) return error;
  const options = { detail: told(error), cause: error };
  if (error.kind === 'conflict') return new AgentError('already-exists', 'Interface already exists', options);
  return new AgentError(error.kind === 'no-space' ? 'no-space' : 'reload-failed', message, options);
}

function told({ message, detail }: AgentError): string {
  return detail === undefined || detail === '' ? message : `${message}: ${detail}`;
}
