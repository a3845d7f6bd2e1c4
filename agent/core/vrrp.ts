// VRRP as every dialect and the topology see it: a configuration that a controller uploads or that we make, and the
// keepalived that runs it. Source: contract/vrrp.md 6, contract/octavia-1.0.md "Endpoints".

import type { Files } from '../host/files';
import { vrrpLiveText } from '../keepalived/vrrp-live';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import type { VrrpProcess } from '../keepalived/vrrp-process';
import { isTemporaryName } from '../model/leftover';
import { AgentError } from '../model/errors';
import type { VrrpState as VrrpRole } from '../model/vrrp';
import type { FormerUnits } from '../supervisor/former-units';
import type { ServiceProcess } from '../supervisor/service';
import { requireSpace } from './disk-reserve';
import type { Gate } from './gate';
import type { VrrpProcesses } from './vrrp-processes';
import { readVrrpOrigin, type VrrpStateStore } from './vrrp-state';
import type { VrrpWatch } from './vrrp-watch';

export interface Vrrp {
  /** Stores a configuration that policy and keepalived accept; the process is not touched. Throws `config-rejected`, `too-large`. */
  upload(text: string): Promise<void>;
  /** Starts keepalived, or reloads one that runs. Throws `precondition` without a configuration, `config-rejected`, `reload-failed`. */
  start(): Promise<'started' | 'reloaded'>;
  /** Has keepalived read the stored configuration. Throws as `start` does, and when it does not run. */
  reload(): Promise<void>;
  /** Stops it, which takes the addresses away; a stopped one is left alone. Gives the pid of a pid file that names no process of ours. */
  stop(): Promise<{ readonly stalePid?: number }>;
  /** Stores a configuration of our own and starts or reloads keepalived on it. Throws `conflict` over an uploaded one. */
  generate(text: string): Promise<void>;
  /** Stops keepalived and removes its configuration, when it is our own; an uploaded one is left alone. */
  withdraw(): Promise<void>;
  /** Whose the stored configuration is; undefined when there is none. */
  origin(): Promise<'uploaded' | 'generated' | undefined>;
  /** What keepalived reports of itself; undefined when it does not run or has told nothing. */
  role(): Promise<VrrpRole | undefined>;
  /** False when keepalived is configured and does not run. */
  isWell(): Promise<boolean>;
  /** Clears away what a killed agent left half-done. Throws `version-mismatch` for a state of a newer agent, before anything is touched. */
  prepare(): Promise<void>;
  /** Adopts what runs, starts what should, stops what should not. */
  restore(): Promise<void>;
  /** Brings one up that should run and does not. */
  revive(): Promise<void>;
  /** Takes away the addresses that a killed keepalived has left; nothing while one lives. */
  sweep(): Promise<void>;
  /** Ends it until the agent's next start. */
  pause(): Promise<void>;
}

export interface VrrpDeps {
  readonly files: Files;
  readonly basePath: string;
  readonly paths: VrrpPaths;
  readonly gate: Gate<'vrrp'>;
  readonly state: VrrpStateStore;
  readonly processes: VrrpProcesses;
  readonly keepalived: Pick<VrrpProcess, 'check' | 'cleanUp'>;
  readonly watch: VrrpWatch;
  readonly refuse: (text: string) => void;
  /** Puts the scripts where configurations name them, and the list that they read. */
  readonly install: () => Promise<void>;
  readonly role: () => Promise<VrrpRole | undefined>;
  readonly formerUnits: Pick<FormerUnits, 'disable'>;
}

const largestBytes = 256 * 1024;

/** Makes the verbs. */
export function createVrrp(deps: VrrpDeps): Vrrp {
  const { files, paths, gate, state, processes, watch } = deps;
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => gate.run('vrrp', job);
  const origin = () => readVrrpOrigin(files, paths, state);

  async function startOrReload(): Promise<'started' | 'reloaded'> {
    const living = await processes.living();
    await deps.install();
    await watch.through(() => (living === undefined ? processes.start() : processes.reload(living)));
    return living === undefined ? 'started' : 'reloaded';
  }

  async function end(desired: 'stopped' | 'as before'): Promise<{ readonly stalePid?: number }> {
    watch.release();
    return processes.end(desired);
  }

  return {
    upload: (text) => inTurn(() => upload(deps, text)),

    start: () => inTurn(startOrReload),

    reload: () =>
      inTurn(async () => {
        await requireConfigured(deps);
        if ((await processes.living()) === undefined) throw notRunning();
        await startOrReload();
      }),

    stop: () =>
      inTurn(async () => {
        await requireConfigured(deps);
        return end('stopped');
      }),

    generate: (text) =>
      inTurn(async () => {
        if ((await origin()) === 'uploaded') throw uploadedWins();
        await storeGenerated(deps, text);
        await startOrReload();
      }),

    withdraw: () =>
      inTurn(async () => {
        if ((await origin()) === 'uploaded') return;
        await end('stopped');
        for (const path of [paths.config, paths.live, paths.lastGood]) await files.remove(path);
      }),

    origin,
    role: deps.role,
    isWell: async () => !(await isConfigured(deps)) || (await processes.living()) !== undefined,

    prepare: () => prepare(deps),
    restore: () => inTurn(() => restore(deps, () => end('stopped'))),

    revive: () =>
      inTurn(async () => {
        // A stop may have come first.
        if ((await state.read()).desired === 'running') await watch.through(() => processes.revive());
      }),

    sweep: () =>
      inTurn(async () => {
        if ((await processes.living()) === undefined) await deps.keepalived.cleanUp();
      }),

    pause: () =>
      inTurn(async () => {
        await end('as before');
      }),
  };
}

async function prepare({ files, paths, state }: VrrpDeps): Promise<void> {
  await state.read();
  for (const name of await files.list(paths.directory)) {
    if (isTemporaryName(name)) await files.remove(`${paths.directory}/${name}`);
  }
  await files.remove(paths.candidate);
}

async function upload(deps: VrrpDeps, text: string): Promise<void> {
  const { files, paths, state } = deps;
  if (Buffer.byteLength(text) > largestBytes) {
    throw new AgentError('too-large', 'Request body too large', {
      detail: `at most ${largestBytes} bytes of keepalived configuration are accepted`,
    });
  }
  // keepalived takes an empty file for a right one.
  if (text.trim() === '') throw empty();
  deps.refuse(text);
  await prepareDirectory(deps, text);
  await deps.install();
  await deps.keepalived.check(text);
  await files.writeAtomic(paths.config, text, 0o600);
  // An agent killed in between has acknowledged nothing: the topology may still replace the text.
  const { desired, process, unsure } = await state.read();
  await state.write({ desired, origin: 'uploaded', ...known({ process, unsure }) });
  // Who uploads wants the check to fail on an amphora without load balancers.
  await deps.install();
}

async function storeGenerated(deps: VrrpDeps, text: string): Promise<void> {
  const { files, paths, state } = deps;
  await prepareDirectory(deps, text);
  const { desired, process, unsure } = await state.read();
  await state.write({ desired, origin: 'generated', ...known({ process, unsure }) });
  await files.writeAtomic(paths.config, text, 0o600);
}

async function prepareDirectory({ files, basePath, paths }: VrrpDeps, text: string): Promise<void> {
  await requireSpace(files, basePath, Buffer.byteLength(text));
  await files.makeDirectory(paths.directory, 0o755);
}

async function restore(deps: VrrpDeps, end: () => Promise<unknown>): Promise<void> {
  const { paths, files, state, processes, keepalived, watch, install } = deps;
  const known = await state.read();
  const living = await processes.living();
  if (known.isUnknown === true && living !== undefined) {
    await inherit(deps, living);
    await watch.through(() => Promise.resolve(living));
  } else if (known.desired === 'running' || (known.isSpoiled === true && living !== undefined)) {
    await install();
    await watch.through(async () => {
      if (living === undefined) return processes.revive();
      return known.unsure === true ? processes.reload(living) : living;
    });
  } else if (living !== undefined) await end();
  else if ((await files.stat(paths.live)) !== undefined) await keepalived.cleanUp();
}

/** One that Octavia's own agent has left running has read the upload, and is ours to bring back from now on. */
async function inherit(
  { files, paths, state, install, formerUnits }: VrrpDeps,
  process: ServiceProcess,
): Promise<void> {
  const text = (await files.readText(paths.config)) ?? '';
  await files.writeAtomic(paths.live, vrrpLiveText(text, paths).text, 0o600);
  // Its configuration names our check script's path: the list that ours reads has to be there with it.
  await install();
  await formerUnits.disable('octavia-keepalived.service');
  // Last: a state is what keeps all this from being done again.
  await state.write({ desired: 'running', origin: 'uploaded', process });
}

async function isConfigured({ files, paths }: VrrpDeps): Promise<boolean> {
  return (await files.stat(paths.config)) !== undefined;
}

async function requireConfigured(deps: VrrpDeps): Promise<void> {
  if (!(await isConfigured(deps))) throw new AgentError('precondition', 'keepalived has no configuration');
}

type Known<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

function known<T extends object>(facts: T): Known<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<T>;
}

function empty(): AgentError {
  const detail = 'the configuration is empty';
  return new AgentError('config-rejected', 'keepalived would have nothing to do', { detail });
}

function notRunning(): AgentError {
  return new AgentError('reload-failed', 'keepalived is not running');
}

function uploadedWins(): AgentError {
  return new AgentError('conflict', 'an uploaded configuration of keepalived is in force');
}
