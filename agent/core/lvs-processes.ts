// The keepalived of a UDP or SCTP listener follows what is wanted: candidate, check, swap, verify, undo. Source: DESIGN
// "Two doors for change", contract/octavia-1.0.md "UDP and SCTP listeners".
//
// INVARIANTS:
// - runs under the listener's gate;
// - `live` is what keepalived was last told to read: an upload alone never changes it;
// - the state says `running` before anything is started, and `unsure` from before a reload until its outcome is known.

import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { KeepalivedCheck } from '../keepalived/check';
import type { KernelLvs } from '../keepalived/kernel';
import { inLinesOfUpload } from '../keepalived/live-text';
import { readLvsConfig } from '../keepalived/lvs-config';
import { lvsLiveText } from '../keepalived/lvs-live';
import { lvsPaths } from '../keepalived/paths';
import { refuseKeepalivedFaults, type BlockRule } from '../keepalived/policy';
import type { KeepalivedJob, KeepalivedProcess } from '../keepalived/process';
import { AgentError, isAgentError, messageOf, notFound } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import type { LvsKernelSettings } from './lvs-kernel-settings';
import type { LvsState, LvsStateStore } from './lvs-state';

export interface LvsProcesses {
  /** Throws `config-rejected` for what policy or keepalived refuses; the stored text is not touched. */
  check(id: LoadBalancerId, text: string): Promise<void>;
  /** Brings it up with the stored text when it does not run, and with `reload` also when it does. Throws `not-found`, `reload-failed`. */
  activate(id: LoadBalancerId, action: 'start' | 'reload'): Promise<ServiceProcess>;
  /** Ends it, and notes what is wanted from now on; `as before` for an end that is the agent's own. */
  end(id: LoadBalancerId, desired: LvsState['desired'] | 'as before'): Promise<void>;
  /** The living process, if any. */
  living(id: LoadBalancerId): Promise<ServiceProcess | undefined>;
}

export interface LvsProcessesDeps {
  readonly files: Files;
  readonly log: Log;
  readonly basePath: string;
  readonly state: LvsStateStore;
  readonly keepalived: KeepalivedProcess;
  readonly keepalivedCheck: KeepalivedCheck;
  readonly kernel: Pick<KernelLvs, 'forget'>;
  readonly grammar: BlockRule;
  readonly kernelSettings: LvsKernelSettings;
}

/** Makes the verbs on keepalived processes. */
export function createLvsProcesses(deps: LvsProcessesDeps): LvsProcesses {
  const { files, log, basePath, state, keepalived } = deps;
  const nameOf = (id: LoadBalancerId) => ({ id, paths: lvsPaths(basePath, id) });
  const living = async (id: LoadBalancerId, known: LvsState) => keepalived.adopt(nameOf(id), known.process);
  const check = (id: LoadBalancerId, text: string): Promise<void> => checkText(deps, id, text);

  return {
    check,

    async activate(id, action) {
      const text = await files.readText(lvsPaths(basePath, id).config);
      if (text === undefined) throw notFound('UDP listener', id);
      const before = await state.read(id);
      const process = await living(id, before);
      if (process !== undefined && action === 'start') {
        if (before.desired !== 'running') await state.write(id, { ...before, desired: 'running', process });
        return process;
      }
      await check(id, text);
      return process === undefined ? start(deps, id, text, before) : reload(deps, id, text, process);
    },

    async end(id, desired) {
      const before = await state.read(id);
      const process = await living(id, before);
      const wanted = desired === 'as before' ? before : { ...before, desired };
      const isRecorded = wanted === before || (await wrote(state, id, wanted));
      if (process === undefined) await forgetKilled(deps, id, before);
      else {
        await keepalived.stop(nameOf(id), process);
        log.info('keepalived stopped', { listener: id, pid: process.pid });
      }
      // A removal is about to free the space itself.
      if (!isRecorded && desired !== 'removed') await state.write(id, wanted);
    },

    living: async (id) => living(id, await state.read(id)),
  };
}

async function checkText(
  { files, basePath, grammar, keepalivedCheck }: LvsProcessesDeps,
  id: LoadBalancerId,
  text: string,
): Promise<void> {
  if (text.trim() === '') throw new AgentError('config-rejected', 'The configuration is empty');
  refuseKeepalivedFaults(text, grammar);
  const { candidate } = lvsPaths(basePath, id);
  const live = lvsLiveText(text);
  await files.writeAtomic(candidate, live.text, 0o600);
  try {
    await inLinesOfUpload(live, () => keepalivedCheck(candidate));
  } finally {
    await files.remove(candidate);
  }
}

async function start(
  deps: LvsProcessesDeps,
  id: LoadBalancerId,
  text: string,
  before: LvsState,
): Promise<ServiceProcess> {
  const { files, log, basePath, state, keepalived, kernelSettings } = deps;
  const paths = lvsPaths(basePath, id);
  const former = await files.readText(paths.live);
  await state.write(id, { desired: 'running' });
  try {
    const live = lvsLiveText(text);
    if (former !== undefined && before.process !== undefined) await forget(deps, id, former, live.text);
    await files.writeAtomic(paths.live, live.text, 0o600);
    const job = jobOf(deps, id, live.text);
    const process = await inLinesOfUpload(live, () => keepalived.start(job));
    await state.write(id, { desired: 'running', process });
    log.info('keepalived started', { listener: id, pid: process.pid });
    await kernelSettings.served(job.config);
    return process;
  } catch (thrown) {
    await state.write(id, before);
    throw thrown;
  }
}

async function reload(
  deps: LvsProcessesDeps,
  id: LoadBalancerId,
  text: string,
  process: ServiceProcess,
): Promise<ServiceProcess> {
  const { files, log, basePath, state, keepalived, kernelSettings } = deps;
  const paths = lvsPaths(basePath, id);
  const former = await files.readText(paths.live);
  const live = lvsLiveText(text);
  const job = jobOf(deps, id, live.text);
  await state.write(id, { desired: 'running', process, unsure: true });
  await files.writeAtomic(paths.live, live.text, 0o600);
  try {
    await inLinesOfUpload(live, () => keepalived.reload(job, process));
  } catch (thrown) {
    if (former !== undefined) await startAgain(deps, id, former);
    throw thrown;
  }
  await state.write(id, { desired: 'running', process });
  log.info('keepalived reloaded', { listener: id, pid: process.pid });
  await kernelSettings.served(job.config);
  return process;
}

/** A keepalived that ended over its new text is brought back with the old one. */
async function startAgain(deps: LvsProcessesDeps, id: LoadBalancerId, former: string): Promise<void> {
  const { files, log, basePath, state, keepalived } = deps;
  try {
    await files.writeAtomic(lvsPaths(basePath, id).live, former, 0o600);
    const process = await keepalived.start(jobOf(deps, id, former));
    await state.write(id, { desired: 'running', process });
    log.warning('keepalived serves the former configuration', { listener: id, pid: process.pid });
  } catch (thrown) {
    const detail = isAgentError(thrown) ? thrown.detail : undefined;
    log.error('keepalived does not come back', { listener: id, error: messageOf(thrown), detail });
  }
}

/** False on a full disk: ending a process must not wait for space. */
async function wrote(state: LvsStateStore, id: LoadBalancerId, wanted: LvsState): Promise<boolean> {
  try {
    await state.write(id, wanted);
    return true;
  } catch (thrown) {
    if (isAgentError(thrown, 'no-space')) return false;
    throw thrown;
  }
}

/** One that was killed has left its services in the kernel, which go on without it. */
async function forgetKilled(deps: LvsProcessesDeps, id: LoadBalancerId, before: LvsState): Promise<void> {
  const live = await deps.files.readText(lvsPaths(deps.basePath, id).live);
  if (live !== undefined && before.process !== undefined) await forget(deps, id, live, undefined);
}

async function forget(
  { kernel, log }: LvsProcessesDeps,
  id: LoadBalancerId,
  before: string,
  wanted: string | undefined,
): Promise<void> {
  try {
    await kernel.forget(readLvsConfig(before), wanted === undefined ? undefined : readLvsConfig(wanted));
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    log.warning('services of a killed keepalived may be left', { listener: id, error: messageOf(thrown) });
  }
}

function jobOf({ basePath }: LvsProcessesDeps, id: LoadBalancerId, live: string): KeepalivedJob {
  return { id, paths: lvsPaths(basePath, id), config: readLvsConfig(live) };
}
