// How long a configuration may be in lines, beside its bytes: a line costs far more than its letters, also an empty
// one, and while one text is read the agent answers nobody.

import { AgentError } from '../../model/errors';

// 10,000 members are some 12,000 lines; each 100,000 take half a second.
const mostLines = 200_000;

/** Refuses what no balancer needs. Throws `config-rejected`. */
export function refuseTooManyLines(text: string): void {
  let count = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  if (count <= mostLines) return;
  throw new AgentError('config-rejected', 'The configuration is too long', {
    detail: `expected at most ${mostLines} lines, got ${count}`,
  });
}
