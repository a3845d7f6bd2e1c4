// Asks haproxy itself whether a configuration is right. A large TLS session cache makes that slow (25 s seen), so
// the deadline is 55 s, under the 60 s that controllers wait. Source: contract/octavia-1.0.md.

import type { ProcessRunner } from '../host/process';
import { AgentError } from '../model/errors';
import type { Limiter } from '../model/limiter';

export interface CheckInput {
  readonly configPaths: readonly string[];
  readonly peer: string;
}

export type ConfigCheck = (input: CheckInput) => Promise<void>;

const deadlineMs = 55_000;

/** Makes the check; `atOnce` bounds how many run side by side, for each takes a core and memory. It throws `config-rejected` with what haproxy printed, `timeout`, or `unavailable` when a signal ended it and without its network namespace. */
export function createConfigCheck(
  runner: ProcessRunner,
  command: readonly string[],
  atOnce: Limiter,
): ConfigCheck {
  return ({ configPaths, peer }) =>
    atOnce(async () => {
      const files = configPaths.flatMap((path) => ['-f', path]);
      const result = await runner.run([...command, '-c', ...files, '-L', peer], { timeoutMs: deadlineMs });
      if (result.timedOut) {
        throw new AgentError('timeout', `haproxy -c did not finish within ${deadlineMs / 1000} s`);
      }
      // The machine's fault, not the configuration's: the kernel ended it for its memory, or it crashed.
      if (result.code === null) {
        throw new AgentError('unavailable', 'haproxy could not check the configuration', {
          detail: `haproxy -c was ended by ${result.signal ?? 'a signal'}\n${result.stderr}`.trim(),
        });
      }
      // Likewise: `ip netns exec` did not get as far as haproxy.
      if (/^Cannot open network namespace/m.test(result.stderr)) {
        throw new AgentError('unavailable', 'The network namespace is missing', {
          detail: result.stderr.trim(),
        });
      }
      if (result.code !== 0) {
        throw new AgentError('config-rejected', 'haproxy refuses the configuration', {
          detail: `${result.stderr}${result.stdout}`.trim(),
        });
      }
    });
}
