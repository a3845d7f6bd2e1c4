// Builds UDP and SCTP listeners: keepalived and the kernel's load balancer below, the verbs and what heartbeats ask above.

import type { Config } from '../config/options';
import type { Counters } from '../core/counters';
import { createGate } from '../core/gate';
import { createKeepalivedLvs, type KeepalivedLvs } from '../core/keepalived-lvs';
import { createLvsHealth } from '../core/lvs-health';
import { createLvsKernelSettings } from '../core/lvs-kernel-settings';
import { createLvsProcesses } from '../core/lvs-processes';
import { createLvsStateStore } from '../core/lvs-state';
import { createLvsWatch, type LvsWatch } from '../core/lvs-watch';
import { createKeepalivedCheck } from '../keepalived/check';
import { createKernelLvs } from '../keepalived/kernel';
import { lvsGrammar } from '../keepalived/lvs-grammar';
import { lvsPaths, udpCheckScript } from '../keepalived/paths';
import { boundLog } from '../keepalived/printed';
import { createKeepalivedProcess } from '../keepalived/process';
import { isAgentError, messageOf } from '../model/errors';
import type { FindProblems } from '../model/finding';
import type { HealthSource } from '../model/health';
import type { LoadBalancerId } from '../model/ids';
import { createNetwork } from '../network/plug';
import type { Part } from './lifecycle';
import type { Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface Udp {
  readonly listeners: KeepalivedLvs;
  readonly health: HealthSource;
  readonly findings: FindProblems;
  /** Brings up what should run, logging what cannot, and watches it from then on. */
  restore(): Promise<void>;
  /** Ends the watch, and with `stopChildren` the processes. */
  part(options: { readonly stopChildren: boolean }): Part;
}

const keepalivedBinary = 'keepalived';
// Octavia's templates write it whatever the agent's configuration says.
const octaviaNamespace = 'amphora-haproxy';
const healthChecker = 'amphora-health-checker';
const logPeriodMs = 10_000;
const stopMs = 15_000;

/** Builds them over a host whose files are the core's own view. */
export function wireUdp(config: Config, host: HostWithLog, drivers: Drivers, counters: Counters): Udp {
  const { files, log, clock } = host;
  const { basePath } = drivers.roots;
  const { through, namespace, templates } = drivers;
  const kernel = createKernelLvs({ ...host, through });
  const state = createLvsStateStore(files, log, basePath);
  const { namespace_unit: namespaceUnit } = config.amphorad;
  const network = createNetwork({
    ...host,
    namespace,
    namespaceUnit,
    templates,
    ownPid: host.system.processId(),
  });
  const processes = createLvsProcesses({
    files,
    log,
    basePath,
    state,
    kernel,
    keepalived: createKeepalivedProcess({ ...host, ...drivers, kernel, binary: keepalivedBinary }),
    keepalivedCheck: createKeepalivedCheck(host.runner, [...through, keepalivedBinary]),
    grammar: lvsGrammar({
      namespaces: [...new Set([octaviaNamespace, ...(namespace === '' ? [] : [namespace])])],
      programs: [udpCheckScript(basePath), healthChecker],
    }),
    // The host's own settings are its operator's.
    kernelSettings: createLvsKernelSettings({ log, network: namespace === '' ? undefined : network }),
  });
  const watch = createLvsWatch({ clock, log, isAlive: (process) => drivers.liveness.isAlive(process) });
  const mostListeners = config.amphorad.max_load_balancers;
  const gate = createGate<LoadBalancerId>();
  const listeners = createKeepalivedLvs({
    files,
    basePath,
    gate,
    state,
    processes,
    watch,
    mostListeners,
    formerUnits: drivers.formerUnits,
  });
  return {
    listeners,
    health: createLvsHealth({ files, log, basePath, ids: () => listeners.ids(), processes, kernel }),
    findings: () => Promise.resolve(watch.findings()),
    restore: () => restoreAll(host, listeners, watch),
    part: ({ stopChildren }) =>
      lifecyclePart(host, basePath, countRevivals(listeners, counters), watch, stopChildren),
  };
}

function countRevivals(listeners: KeepalivedLvs, counters: Counters): KeepalivedLvs {
  return {
    ...listeners,
    revive: (id) => {
      counters.add('amphorad_restarts_total', { program: 'keepalived-lvs' });
      return listeners.revive(id);
    },
  };
}

async function restoreAll({ log }: HostWithLog, listeners: KeepalivedLvs, watch: LvsWatch): Promise<void> {
  const restoreOne = async (id: LoadBalancerId): Promise<void> => {
    try {
      await listeners.restore(id);
    } catch (thrown) {
      const detail = isAgentError(thrown) ? thrown.detail : undefined;
      log.error('UDP listener not restored', { listener: id, error: messageOf(thrown), detail });
      watch.retry(id);
    }
  };
  await Promise.all((await listeners.restorable()).map(restoreOne));
}

function lifecyclePart(
  { files, clock, log }: HostWithLog,
  basePath: string,
  listeners: KeepalivedLvs,
  watch: LvsWatch,
  stopChildren: boolean,
): Part {
  const aborter = new AbortController();
  const trimLogs = async (): Promise<void> => {
    try {
      for (const id of await listeners.ids()) await boundLog(files, lvsPaths(basePath, id).log);
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('keepalived logs are not bounded', { error: messageOf(thrown) });
    }
  };
  return {
    name: 'UDP listeners',
    stopMs: stopChildren ? stopMs : 100,
    start: () => {
      watch.start(aborter.signal, (id) => listeners.revive(id));
      clock.every(logPeriodMs, aborter.signal, () => void trimLogs());
      return Promise.resolve();
    },
    stop: async () => {
      aborter.abort();
      if (!stopChildren) return;
      const paused = (await listeners.ids()).map((id) => listeners.pause(id));
      for (const outcome of await Promise.allSettled(paused)) {
        if (outcome.status === 'rejected') throw outcome.reason;
      }
    },
  };
}
