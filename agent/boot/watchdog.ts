// Keeps systemd informed while the agent runs: the watchdog fed at half its interval for as long as the agent is well, and
// one line of status when it changes. It runs systemd-notify, because Node has no datagram sockets of the UNIX kind.
// Sources: sd_notify(3), sd_watchdog_enabled(3), systemd-notify(1).

import type { Clock } from '../host/clock';
import { messageOf } from '../model/errors';
import type { Pulse } from '../core/pulse';
import { tellSystemd, type Teller } from './ready';
import type { Environment } from './wire-host';

const longestLookMs = 15_000;

/** Begins to, until aborted; does nothing where no service manager wants to know. */
export function informSystemd(
  host: Teller & { readonly clock: Clock },
  env: Environment,
  signal: AbortSignal,
  look: () => Promise<Pulse>,
): void {
  if (env['NOTIFY_SOCKET'] === undefined) return;
  const { clock, log } = host;
  const feedMs = watchdogMs(env, host.system.processId()) / 2;
  const lookMs = Math.min(longestLookMs, feedMs);
  let told = '';
  let fedMs = clock.monotonic();
  let isBusy = false;

  async function round(): Promise<void> {
    const { isWell, status } = await look();
    const isDue = clock.monotonic() - fedMs + lookMs > feedMs;
    const words = [
      ...(status === told ? [] : [`--status=${status}`]),
      ...(isWell && isDue ? ['WATCHDOG=1'] : []),
    ];
    if (words.length === 0 || !(await tellSystemd(host, env, words))) return;
    told = status;
    if (words.includes('WATCHDOG=1')) fedMs = clock.monotonic();
  }

  const tick = (): void => {
    if (isBusy) return;
    isBusy = true;
    void round()
      .catch((thrown: unknown) => log.warning('systemd is not informed', { error: messageOf(thrown) }))
      .finally(() => (isBusy = false));
  };
  tick();
  clock.every(lookMs, signal, tick);
}

/** The interval of the watchdog; infinite when there is none for this process. */
function watchdogMs({ WATCHDOG_USEC: usec, WATCHDOG_PID: pid }: Environment, own: number): number {
  const ms = Number(usec) / 1_000;
  const isOurs = pid === undefined || Number(pid) === own;
  return isOurs && ms > 0 ? ms : Infinity;
}
