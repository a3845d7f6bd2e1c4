// A whole amphora of fakes: floor 1 by script, an haproxy on it, and the real core wired over them as the daemon
// wires it. The agent can be "killed" and started anew on the same machine.

import { loadConfig } from '../../agent/config/load';
import { restoreLoadBalancers, type RestoreReport } from '../../agent/core/restore';
import { wireCore, type Core } from '../../agent/boot/wire-core';
import { haproxyPaths, type HaproxyPaths } from '../../agent/haproxy/paths';
import { parseListenerUuid, type LoadBalancerId } from '../../agent/model/ids';
import { createHandClock, type HandClock } from './hand-clock';
import { createLiteralSystem, type LiteralSystem } from './literal-system';
import { createMemoryFiles, type MemoryFiles } from './memory-files';
import { createScriptedLocalServers } from './scripted-local-servers';
import { createMortalHost, untilDeath } from './mortal-host';
import { passTime } from './pass-time';
import { createRecordedLog, type RecordedLog } from './recorded-log';
import { installHaproxy, type ScriptedHaproxy } from './scripted-haproxy';
import { installListeners, type ScriptedListeners } from './scripted-listeners';
import { createScriptedRunner, type ScriptedRunner } from './scripted-runner';
import { createScriptedSockets, type ScriptedSockets } from './scripted-socket';

export interface ScriptedAmphora {
  readonly files: MemoryFiles;
  readonly runner: ScriptedRunner;
  readonly sockets: ScriptedSockets;
  readonly clock: HandClock;
  readonly system: LiteralSystem;
  readonly log: RecordedLog;
  readonly haproxy: ScriptedHaproxy;
  readonly listeners: ScriptedListeners;
  /** The core of the agent that runs now. */
  readonly core: () => Core;
  /** Starts another agent on this machine, as after `kill -9`, and lets it restore what it finds. */
  restartAgent(): Promise<RestoreReport>;
  /** Has the present agent die at its nth step from now (a change of a file, a start, a signal), as by `kill -9`: it never does or hears anything again. */
  killAgentAt(step: number): void;
  /** Runs a job of the present agent until it settles or the agent dies of `killAgentAt`. */
  untilDeath<T>(job: () => Promise<T>): Promise<'died' | { readonly done: T } | { readonly thrown: unknown }>;
  /** Lets time pass until `job` settles. */
  readonly pass: <T>(job: Promise<T>) => Promise<T>;
  paths(id: LoadBalancerId): HaproxyPaths;
}

export const amphoraId = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
export const firstId = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
export const secondId = parseListenerUuid('0b000000-0000-4000-8000-000000000002');
export const thirdId = parseListenerUuid('0c000000-0000-4000-8000-000000000003');

/** Makes an amphora with an agent that has restored nothing; `local` is the text of its local configuration. */
export async function createScriptedAmphora({
  userId = 0,
  local = '[amphorad]\nnetwork_namespace =\n',
} = {}): Promise<ScriptedAmphora> {
  const initial = {
    '/etc/agent.conf': `[amphora_agent]\namphora_id = ${amphoraId}\n`,
    '/etc/local.conf': local,
    '/var/lib/octavia/': '',
  };
  const files = createMemoryFiles(initial, undefined, userId);
  const host = {
    files,
    runner: createScriptedRunner([], { userId }),
    sockets: createScriptedSockets(),
    localServers: createScriptedLocalServers(),
    clock: createHandClock(),
    system: createLiteralSystem({ userId }),
    log: createRecordedLog(),
  };
  const haproxy = installHaproxy(host);
  const listeners = installListeners(host.runner, haproxy);
  const loaded = await loadConfig(
    {
      configFiles: ['/etc/agent.conf'],
      configDirs: [],
      localFiles: [{ path: '/etc/local.conf', required: true }],
      environment: {},
    },
    files,
  );
  if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join('; '));
  const { config } = loaded;
  let life = createMortalHost(host);
  let core = wireCore(config, life.host);

  return {
    ...host,
    haproxy,
    listeners,
    core: () => core,
    pass: (job) => passTime(host.clock, job),
    paths: (id) => haproxyPaths(core.roots, id),
    async restartAgent() {
      life = createMortalHost(host);
      core = wireCore(config, life.host);
      const mine = life.host;
      const born = async (): Promise<RestoreReport> => {
        await core.reconcile();
        return restoreLoadBalancers({ ...mine, ...core, basePath: core.roots.basePath });
      };
      return passTime(host.clock, born());
    },
    killAgentAt: (step) => life.dieAt(step),
    untilDeath: (job) => passTime(host.clock, untilDeath(life, job)),
  };
}
