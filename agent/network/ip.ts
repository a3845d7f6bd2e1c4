// iproute2 as our door to the kernel's network tables: argv out, JSON in (`ip -j`, ip(8)). The only file of this
// room that knows how the tool fails.

import type { ProcessRunner, RunResult } from '../host/process';
import { AgentError } from '../model/errors';

/** One object of the tool's answer. Which keys it has depends on the sub-command. */
export type IpObject = Readonly<Record<string, unknown>>;

export interface IpCommand {
  /**
   * Runs `ip -j …` in the configured namespace and resolves with the objects that it printed, none for commands
   * that change something. Throws `timeout`, or `unavailable` with the tool's own words in `detail`.
   */
  run(args: readonly string[]): Promise<readonly IpObject[]>;
}

const timeoutMs = 10_000;

/** Makes the `ip` command for a network namespace; an empty name means our own namespace. */
export function createIpCommand(runner: ProcessRunner, namespace: string): IpCommand {
  const prefix = ['ip', '-j', ...(namespace === '' ? [] : ['-n', namespace])];
  return {
    async run(args) {
      const argv = [...prefix, ...args];
      const result = await runner.run(argv, { timeoutMs });
      refuseFailure(argv, result);
      return parseObjects(argv, result.stdout);
    },
  };
}

/** Tells whether an `ip` command failed only because its namespace has not been made. */
export function isMissingNamespace(thrown: unknown): boolean {
  if (!(thrown instanceof AgentError) || thrown.kind !== 'unavailable') return false;
  return /^Cannot open network namespace .*: No such file or directory/.test(thrown.detail ?? '');
}

/** Tells whether an `ip` command failed because the file that names its namespace is none: the namespace itself is gone. */
export function isSpoiledNamespace(thrown: unknown): boolean {
  if (!(thrown instanceof AgentError) || thrown.kind !== 'unavailable') return false;
  return /^setting the network namespace .* failed: Invalid argument/.test(thrown.detail ?? '');
}

/** Tells whether an `ip` command failed because the interface that it names is not there. */
export function isMissingDevice(thrown: unknown): boolean {
  if (!(thrown instanceof AgentError) || thrown.kind !== 'unavailable') return false;
  return /Cannot find device|No such device|Device "[^"]*" does not exist/.test(thrown.detail ?? '');
}

/** Tells whether a value inside the tool's answer is an object. */
export function isIpObject(value: unknown): value is IpObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseFailure(argv: readonly string[], result: RunResult): void {
  const command = argv.join(' ');
  if (result.timedOut) {
    throw new AgentError('timeout', `${command} took longer than ${timeoutMs} ms`);
  }
  if (result.code !== 0) {
    const ending = result.code === null ? `signal ${result.signal ?? 'unknown'}` : `code ${result.code}`;
    throw new AgentError('unavailable', `${command} ended with ${ending}`, { detail: result.stderr.trim() });
  }
  if (result.truncated) {
    throw new AgentError('unavailable', `${command} printed more than can be kept`);
  }
}

function parseObjects(argv: readonly string[], stdout: string): readonly IpObject[] {
  if (stdout.trim() === '') return [];
  const answer = parseJson(argv, stdout);
  if (!Array.isArray(answer)) throw notUnderstood(argv);
  // A filter that leaves out an interface makes iproute2 print `{}` in its place.
  return answer.filter((entry): entry is IpObject => isIpObject(entry) && Object.keys(entry).length > 0);
}

function parseJson(argv: readonly string[], stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch (thrown) {
    throw notUnderstood(argv, thrown);
  }
}

function notUnderstood(argv: readonly string[], cause?: unknown): AgentError {
  return new AgentError('unavailable', `${argv.join(' ')} did not print a JSON list`, { cause });
}
