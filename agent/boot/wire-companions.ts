// Builds what looks after the programs beside haproxy (companions/).

import { basename, dirname, join } from 'node:path';
import { createCompanionNeeds, type CompanionNeeds } from '../core/companion-needs';
import { createInstalledCompanions } from '../core/installed-companions';
import { createPingPermission } from '../core/ping-permission';
import { createPrometheusProxyKeeper } from '../core/prometheus-proxy';
import { version } from '../generated/version';
import type { FindProblems } from '../model/finding';
import type { ServiceSpec } from '../supervisor/service';
import type { Part } from './lifecycle';
import type { Drivers } from './wire-drivers';
import type { HostWithLog } from './wire-host';

export interface Companions extends CompanionNeeds {
  /** Puts scripts where configurations name them. */
  install(): Promise<void>;
  /** Begins to keep the prometheus proxy, once every load balancer was restored. */
  start(): Promise<void>;
  /** Stopped after haproxy; ends the prometheus proxy too when children are to be stopped. */
  part(stopChildren: boolean): Part;
  readonly findings: FindProblems;
}

const partStopMs = 4_000;

/** Builds the keepers of the companions; nothing runs yet. */
export function wireCompanions(host: HostWithLog, drivers: Drivers): Companions {
  const { basePath } = drivers.roots;
  const proxy = createPrometheusProxyKeeper({
    ...host,
    ...drivers,
    spec: proxySpec(basePath, drivers.through),
    recordPath: join(basePath, 'prometheus-proxy.json'),
    version,
  });
  const installed = createInstalledCompanions({ ...host, basePath });
  const ping = createPingPermission({ ...host, through: drivers.through });
  const needs = createCompanionNeeds({ ...host, ...drivers, proxy, ping });
  return {
    ...needs,
    install: () => installed.install(),
    start: async () => {
      await needs.settled();
      proxy.start();
    },
    part: (stopChildren) => ({
      name: 'prometheus proxy',
      stopMs: partStopMs,
      start: () => Promise.resolve(),
      stop: async () => {
        proxy.stop();
        if (stopChildren) await proxy.end();
      },
    }),
    findings: () => Promise.resolve([...installed.findings(), ...proxy.findings(), ...ping.findings()]),
  };
}

/** Not through its launcher, which is for people: what runs is node, by name and arguments. */
function proxySpec(basePath: string, through: readonly string[]): ServiceSpec {
  const program = join(programsDirectory(__dirname), 'prometheus-proxy.cjs');
  return {
    name: 'prometheus-proxy',
    argv: [
      process.execPath,
      '--max-semi-space-size=1',
      '--initial-old-space-size=4',
      '--v8-pool-size=1',
      program,
    ],
    marks: [[program]],
    // Newer Nodes name their main thread so.
    selfNames: ['node-MainThread'],
    through,
    logPath: join(basePath, 'prometheus-proxy.log'),
    // It reads haproxy's page over TCP, and answers on a port above 1023.
    confinement: { writes: [], capabilities: [] },
  };
}

/** The built programs lie in one directory, dist/; beside it is agent/boot, when tests run this file as it is. */
function programsDirectory(own: string): string {
  return basename(own) === 'boot' ? join(dirname(dirname(own)), 'dist') : own;
}
