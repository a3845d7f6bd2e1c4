// Other tools than `ip` inside the namespace: sysctl, nft, arping, ndptool. `ip netns exec` enters it for them.

import type { ProcessRunner, RunResult } from '../host/process';
import { AgentError } from '../model/errors';

export interface NamespaceCommand {
  /** Runs a tool in the namespace, whatever its exit code. Throws `timeout`, or `unavailable` when it cannot be started. */
  attempt(argv: readonly string[], input?: string): Promise<RunResult>;
  /** Runs a tool in the namespace and resolves with what it printed. Throws `unavailable` with the tool's words when it fails. */
  run(argv: readonly string[], input?: string): Promise<string>;
}

const timeoutMs = 20_000;

/** Makes the door into a namespace; an empty name means our own. */
export function createNamespaceCommand(runner: ProcessRunner, namespace: string): NamespaceCommand {
  const through = namespace === '' ? [] : ['ip', 'netns', 'exec', namespace];
  const attempt: NamespaceCommand['attempt'] = async (argv, input) => {
    const options = input === undefined ? { timeoutMs } : { timeoutMs, input };
    const result = await runner.run([...through, ...argv], options);
    if (result.timedOut)
      throw new AgentError('timeout', `${argv.join(' ')} took longer than ${timeoutMs} ms`);
    return result;
  };
  return {
    attempt,
    async run(argv, input) {
      const result = await attempt(argv, input);
      if (result.code === 0) return result.stdout;
      throw new AgentError('unavailable', `${argv.join(' ')} failed`, { detail: wordsOf(result) });
    },
  };
}

/** What a tool said about its failure. */
export function wordsOf({ stdout, stderr, code, signal }: RunResult): string {
  const words = stderr.trim() === '' ? stdout.trim() : stderr.trim();
  return words === ''
    ? `it ended with ${code === null ? `signal ${signal ?? 'unknown'}` : `code ${code}`}`
    : words;
}
