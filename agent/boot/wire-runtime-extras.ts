// Builds what the runtime API offers beyond its document: drains that wait, additions, settings, overview, events.

import { createAdditions, type Additions } from '../core/runtime/additions';
import { createDrains, type Drained, type Drains } from '../core/runtime/drains';
import type { Instances } from '../core/runtime/instances';
import { readServersNow } from '../core/runtime/look';
import { createOperations } from '../core/runtime/operations';
import { createOverview, type Overview } from '../core/runtime/overview';
import { createServerEvents, type ServerEvents } from '../core/runtime/server-events';
import type { RuntimeServers } from '../core/runtime/servers';
import { createSettings, type Settings } from '../core/runtime/settings';
import { haproxyPaths } from '../haproxy/paths';
import type { Part } from './lifecycle';
import type { Core } from './wire-core';
import type { HostWithLog } from './wire-host';

export interface RuntimeExtras {
  readonly verbs: {
    readonly drains: Drains;
    readonly additions: Additions;
    readonly settings: Settings;
    readonly overview: Overview;
    readonly events: ServerEvents;
    readonly instances: Instances;
  };
  /** Ends what goes on behind answered requests; to be stopped before the listeners. */
  readonly part: Part;
}

const stopMs = 500;

/** Builds them. */
export function wireRuntimeExtras(
  { roots, lastingServers: lasting }: Pick<Core, 'roots' | 'lastingServers'>,
  { sockets, clock, log }: HostWithLog,
  { instances, servers }: { readonly instances: Instances; readonly servers: RuntimeServers },
): RuntimeExtras {
  const operations = createOperations<Drained>({ clock, log });
  const events = createServerEvents({
    clock,
    log,
    look: async (name) => readServersNow((await instances.find(name)).channel),
  });
  const drains = createDrains({
    instances,
    servers,
    operations,
    sockets,
    clock,
    masterSocketOf: (id) => haproxyPaths(roots, id).masterSocket,
    settled: (id) => lasting.settled(id),
  });
  return {
    verbs: {
      drains,
      additions: createAdditions({ instances, lasting, clock }),
      settings: createSettings({ instances, servers }),
      overview: createOverview(instances),
      events,
      instances,
    },
    part: {
      name: 'runtime API streams',
      stopMs,
      start: () => Promise.resolve(),
      stop: async () => {
        events.stop();
        await operations.stop();
      },
    },
  };
}
