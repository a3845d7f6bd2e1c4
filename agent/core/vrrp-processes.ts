// The pair's keepalived follows what is wanted: what it is given is checked, swapped, verified and undone by the trade;
// here is what is wanted of it. Source: DESIGN "Two doors for change", contract/vrrp.md.
//
// INVARIANTS:
// - callers hold the gate of VRRP;
// - `running` is on disk before anything is started, and `unsure` from before a reload until its outcome is known;
// - a start that nobody asked for first takes away the addresses that a killed keepalived has left.

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import type { VrrpProcess } from '../keepalived/vrrp-process';
import { AgentError, isAgentError } from '../model/errors';
import type { ServiceProcess } from '../supervisor/service';
import type { VrrpState, VrrpStateStore } from './vrrp-state';

export interface VrrpProcesses {
  /** The living process, if any. */
  living(): Promise<ServiceProcess | undefined>;
  /** Starts keepalived on the stored configuration. Throws `config-rejected`, `reload-failed`, `precondition` without one. */
  start(): Promise<ServiceProcess>;
  /** Has a living one read the stored configuration. Throws as `start` does; it then goes on as before. */
  reload(process: ServiceProcess): Promise<ServiceProcess>;
  /** Brings back one that should run: with the stored configuration, else with the last one that came up. */
  revive(): Promise<ServiceProcess>;
  /** Ends it, and notes what is wanted from now on; `as before` for an end that is the agent's own. Gives the pid of a file that names no keepalived of ours. */
  end(desired: 'stopped' | 'as before'): Promise<{ readonly stalePid?: number }>;
}

export interface VrrpProcessesDeps {
  readonly files: Files;
  readonly log: Log;
  readonly paths: VrrpPaths;
  readonly state: VrrpStateStore;
  readonly keepalived: VrrpProcess;
  /** Throws `config-rejected` for what no controller may have keepalived do. */
  readonly refuse: (text: string) => void;
}

/** Makes the verbs. */
export function createVrrpProcesses(deps: VrrpProcessesDeps): VrrpProcesses {
  const { files, log, paths, state, keepalived } = deps;
  const living = async () => keepalived.adopt((await state.read()).process);

  async function storedText(): Promise<string> {
    const text = await files.readText(paths.config);
    if (text === undefined) throw new AgentError('precondition', 'keepalived has no configuration');
    // Its file may have changed since it was accepted.
    deps.refuse(text);
    return text;
  }

  async function startOn(text: string): Promise<ServiceProcess> {
    const before = await state.read();
    const wanted = { desired: 'running', origin: before.origin } as const;
    await state.write(wanted);
    try {
      const process = await keepalived.start(text);
      await state.write({ ...wanted, process });
      log.info('keepalived started', { pid: process.pid });
      return process;
    } catch (thrown) {
      await state.write(before);
      throw thrown;
    }
  }

  async function lastGood(): Promise<string | undefined> {
    const text = await files.readText(paths.lastGood);
    if (text !== undefined) deps.refuse(text);
    return text;
  }

  return {
    living,
    start: async () => startOn(await storedText()),

    async reload(process) {
      const text = await storedText();
      const { origin } = await state.read();
      const wanted = { desired: 'running', origin, process } as const;
      await state.write({ ...wanted, unsure: true });
      try {
        await keepalived.reload(text, process);
      } finally {
        await state.write(wanted);
      }
      log.info('keepalived reloaded', { pid: process.pid });
      return process;
    },

    async revive() {
      await keepalived.cleanUp();
      try {
        return await startOn(await storedText());
      } catch (thrown) {
        const former = isAgentError(thrown) ? await lastGood() : undefined;
        if (former === undefined) throw thrown;
        const process = await startOn(former);
        log.warning('keepalived runs the last configuration that came up, not the stored one');
        return process;
      }
    },

    end: (desired) => end(deps, desired),
  };
}

async function end(
  deps: VrrpProcessesDeps,
  desired: 'stopped' | 'as before',
): Promise<{ readonly stalePid?: number }> {
  const { log, state, keepalived } = deps;
  const before = await state.read();
  const process = await keepalived.adopt(before.process);
  const wanted: VrrpState = desired === 'as before' ? before : { desired, origin: before.origin };
  const isRecorded = wanted === before || (await wrote(state, wanted));
  const stalePid = process === undefined ? await clearStale(deps) : undefined;
  if (process !== undefined) {
    await keepalived.stop(process);
    log.info('keepalived stopped', { pid: process.pid });
  }
  if (!isRecorded) await state.write(wanted);
  return stalePid === undefined ? {} : { stalePid };
}

/** What a killed one has left: its pid file and its addresses. */
async function clearStale({ files, paths, keepalived }: VrrpProcessesDeps): Promise<number | undefined> {
  const pid = Number((await files.readText(paths.pidFile))?.trim());
  await keepalived.cleanUp();
  for (const path of [paths.pidFile, paths.vrrpPidFile]) await files.remove(path);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** False on a full disk: ending a process must not wait for space. */
async function wrote(state: VrrpStateStore, wanted: VrrpState): Promise<boolean> {
  try {
    await state.write(wanted);
    return true;
  } catch (thrown) {
    if (isAgentError(thrown, 'no-space')) return false;
    throw thrown;
  }
}
