// Tells the world that the agent answers: one line of JSON for harnesses, systemd-notify for systemd (Node cannot
// open datagram sockets of the UNIX kind). Source: DESIGN "Starting it".

import { messageOf } from '../model/errors';
import type { Environment, HostWithLog } from './wire-host';

export interface Ready {
  readonly pid: number;
  readonly address: string;
  readonly port: number;
  /** Path of the CA that client certificates must chain to; in the development profile also the server's. */
  readonly ca: string;
  readonly amphora_id: string;
  /** Where metrics are served in plain HTTP, where they are. */
  readonly metrics?: { readonly address: string; readonly port: number };
}

/** The line of `--ready-json`, newline included. */
export function readyLine(ready: Ready): string {
  return `${JSON.stringify({ ready: true, ...ready })}\n`;
}

/** What is told through, and of which process. */
export type Teller = Pick<HostWithLog, 'runner' | 'system' | 'log'>;

/** Tells systemd that the agent answers, when it waits to be told; a failure is logged and harms nothing else. */
export async function notifySystemd(host: Teller, env: Environment): Promise<void> {
  await tellSystemd(host, env, ['--ready']);
}

/** Gives systemd-notify these words, where somebody wants to know; a failure is logged. Resolves with whether systemd was told. */
export async function tellSystemd(
  { runner, system, log }: Teller,
  env: Environment,
  words: readonly string[],
): Promise<boolean> {
  if (env['NOTIFY_SOCKET'] === undefined) return false;
  try {
    const told = await runner.run(['systemd-notify', ...words, `--pid=${system.processId()}`]);
    if (told.code !== 0) log.warning('systemd-notify failed', { output: told.stderr });
    return told.code === 0;
  } catch (thrown) {
    log.warning('systemd-notify cannot be started', { error: messageOf(thrown) });
    return false;
  }
}
