// VRRP and the topology as a part of the running agent: brought back at its start, looked after, left alone at its end.

import type { TopologyControl } from '../core/topology';
import type { Vrrp } from '../core/vrrp';
import type { VrrpWatch } from '../core/vrrp-watch';
import { boundLog } from '../keepalived/printed';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import { isAgentError, messageOf } from '../model/errors';
import type { Part } from './lifecycle';
import type { HostWithLog } from './wire-host';

const logPeriodMs = 10_000;
const stopMs = 15_000;

/** Brings keepalived up where it should run, and goes on with a transition; what cannot be brought up is tried again. */
export async function restorePairing(
  { log }: HostWithLog,
  vrrp: Vrrp,
  topology: TopologyControl,
  watch: VrrpWatch,
): Promise<void> {
  try {
    await vrrp.restore();
  } catch (thrown) {
    const detail = isAgentError(thrown) ? thrown.detail : undefined;
    log.error('keepalived not restored', { error: messageOf(thrown), detail });
    watch.retry();
  }
  topology.resume();
}

export interface Living {
  readonly host: HostWithLog;
  readonly paths: VrrpPaths;
  readonly vrrp: Vrrp;
  readonly topology: TopologyControl;
  readonly watch: VrrpWatch;
  readonly changed: () => void;
}

/** Looks after keepalived while the agent runs, and ends it with the agent where that is wanted. */
export function pairingPart(
  { host, paths, vrrp, topology, watch, changed }: Living,
  stopChildren: boolean,
): Part {
  const { clock, files, log } = host;
  const aborter = new AbortController();
  const trimLog = async (): Promise<void> => {
    try {
      await boundLog(files, paths.log);
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('log of keepalived is not bounded', { error: messageOf(thrown) });
    }
  };
  return {
    name: 'VRRP and topology',
    stopMs: stopChildren ? stopMs : 100,
    start: () => {
      const acts = { restart: () => vrrp.revive(), cleanUp: () => vrrp.sweep(), roleChanged: changed };
      watch.start(aborter.signal, acts);
      clock.every(logPeriodMs, aborter.signal, () => void trimLog());
      return Promise.resolve();
    },
    stop: async () => {
      aborter.abort();
      topology.stop();
      if (stopChildren) await vrrp.pause();
    },
  };
}
