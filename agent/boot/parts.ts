// Parts of a running agent's lifecycle that are no server and no sender.

import { boundHaproxyLogs } from '../core/haproxy-logs';
import type { Part } from './lifecycle';
import type { Access } from './wire-access';
import type { Core } from './wire-core';
import type { HostWithLog } from './wire-host';

const childrenGraceMs = 15_000;

/** What goes on beside all calls. */
export function background(core: Core, host: HostWithLog, access: Access): Part {
  const aborter = new AbortController();
  return {
    name: 'traffic rates, log bounds, late ports and revocation dates',
    stopMs: 100,
    start: () => {
      core.rates.start(aborter.signal);
      access.watch(aborter.signal);
      core.oldWorkers.start(aborter.signal);
      core.networkRestore.watch(aborter.signal);
      boundHaproxyLogs({ ...host, ...core }, aborter.signal);
      return Promise.resolve();
    },
    stop: () => {
      aborter.abort();
      return Promise.resolve();
    },
  };
}

/** Stopped before the children are, which it would else bring back. */
export function watching({ watcher }: Core): Part {
  return {
    name: 'watcher',
    stopMs: 100,
    start: () => {
      watcher.start();
      return Promise.resolve();
    },
    stop: () => {
      watcher.stop();
      return Promise.resolve();
    },
  };
}

/** Ends haproxy with the agent, where that is wanted. */
export function children(core: Core, stopChildren: boolean): readonly Part[] {
  if (!stopChildren) return [];
  const stop = async (): Promise<void> => {
    const paused = (await core.loadBalancers.ids()).map((id) => core.loadBalancers.pause(id));
    for (const outcome of await Promise.allSettled(paused)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  };
  return [{ name: 'haproxy', stopMs: childrenGraceMs, start: () => Promise.resolve(), stop }];
}
