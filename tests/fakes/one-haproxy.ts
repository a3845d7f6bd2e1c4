// One haproxy for the runtime API, named `one`, whose answers are those of a test's rules.

import { createInstances, type Instances } from '../../agent/core/runtime/instances';
import type { HaproxyRoots } from '../../agent/haproxy/paths';
import { createHandClock, type HandClock } from './hand-clock';
import { createRecordedLog } from './recorded-log';
import { createScriptedStreams, type ScriptedStreams, type StreamRule } from './scripted-streams';

export interface OneHaproxy {
  readonly instances: Instances;
  readonly streams: ScriptedStreams;
  readonly clock: HandClock;
}

const roots: HaproxyRoots = { basePath: '/base', certDir: '/certs', runtimeDir: '/base' };

/** Makes it. */
export function createOneHaproxy(rules: readonly StreamRule[]): OneHaproxy {
  const streams = createScriptedStreams(rules);
  const clock = createHandClock();
  const instances = createInstances({
    streams,
    clock,
    log: createRecordedLog(),
    timeoutMs: 5_000,
    offered: [{ name: 'one', address: { type: 'unix', path: '/run/one.sock' } }],
    loadBalancers: { ids: () => Promise.resolve([]) },
    roots,
  });
  return { instances, streams, clock };
}

/** Words `show stat` with a backend `b` and these servers, each with its number of sessions. */
export function statOf(servers: Readonly<Record<string, number>>): string {
  const rows = Object.entries(servers).map(([name, sessions]) => `b,${name},UP,2,${sessions},0,\n`);
  return `# pxname,svname,status,type,scur,qcur,\n${rows.join('')}b,BACKEND,UP,1,0,0,\n\n`;
}
