// Asks keepalived whether a configuration is right. `-t` answers 0 for a missing or empty file too, 5 for any remark,
// harmless ones included, 6 when scripts are not secured; its remarks are on stderr. Source: contract/vrrp.md, pitfall 1.

import type { ProcessRunner } from '../host/process';
import { AgentError } from '../model/errors';

export type KeepalivedCheck = (configPath: string) => Promise<void>;

const deadlineMs = 20_000;
const configRemark = 5;

// What keepalived remarks about configurations that do what their controller means: a pool without members yet,
// defaults that it names, a password that it cuts or has no use for.
const harmless: readonly RegExp[] = [
  /^Virtual server \S+ has no real servers - ignoring$/,
  /^Virtual server \S+ no (?:scheduler|forwarding method) set, setting default \S+$/,
  /^(?:\([^)]*\) )?Truncating auth_pass to \d+ characters$/,
  // Octavia's own templates say all of it: `nopreempt` beside MASTER, no peer yet, a password on IPv6.
  /^\([\w.-]+\) Warning - nopreempt will not work with initial state MASTER - clearing$/,
  /^\([\w.-]+\) A unicast keyword has been specified without any unicast peers\. Defaulting to multicast\./,
  /^\([\w.-]+\) VRRP version 3 does not support authentication\. Ignoring\.$/,
];

/** Makes the check; `command` is keepalived, inside its network namespace. It throws `config-rejected` with what keepalived printed, `timeout`, or `unavailable` when keepalived is not there, is killed, or has no namespace. */
export function createKeepalivedCheck(runner: ProcessRunner, command: readonly string[]): KeepalivedCheck {
  return async (configPath) => {
    const result = await runner.run([...command, '-t', '-f', configPath], { timeoutMs: deadlineMs });
    if (result.timedOut) {
      throw new AgentError('timeout', `keepalived -t did not finish within ${deadlineMs / 1_000} s`);
    }
    const detail = `${result.stderr}${result.stdout}`.trim();
    if (result.code === null) {
      throw new AgentError('unavailable', 'keepalived could not check the configuration', {
        detail: `keepalived -t was ended by ${result.signal ?? 'a signal'}\n${detail}`.trim(),
      });
    }
    if (/^Cannot open network namespace/m.test(result.stderr)) {
      throw new AgentError('unavailable', 'The network namespace is missing', { detail });
    }
    if (/^exec of ".*" failed/m.test(result.stderr)) {
      throw new AgentError('unavailable', 'keepalived could not check the configuration', { detail });
    }
    if (result.code === 0 || (result.code === configRemark && isHarmless(result.stderr))) return;
    throw new AgentError('config-rejected', 'keepalived refuses the configuration', { detail });
  };
}

function isHarmless(stderr: string): boolean {
  const remarks = stderr.split('\n').filter((line) => line !== '');
  return remarks.length > 0 && remarks.every((line) => harmless.some((pattern) => pattern.test(line)));
}
