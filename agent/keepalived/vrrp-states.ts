// Which state each instance has, by the lines that the notify script appends: they say which keepalived called it, so
// that the lines of one that was killed say nothing about the next. Source: contract/vrrp.md section 4 "Notify script".

import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import type { VrrpState } from '../model/vrrp';
import { readVrrpConfig } from './vrrp-config';
import type { VrrpPaths } from './vrrp-paths';

/** One change of state. */
export interface VrrpTransition {
  readonly instance: string;
  readonly state: VrrpState;
  readonly priority: number;
  /** Seconds since boot. */
  readonly uptimeS: number;
  /** The VRRP process that told it. */
  readonly pid: number;
}

export interface VrrpStates {
  /** The last state that each instance of the living VRRP process has told; empty when none lives. Cheap: it reads only what has changed. */
  read(): Promise<ReadonlyMap<string, VrrpState>>;
  /** Tells whether each of these instances, and there is one, has told its state. */
  haveAll(instances: readonly string[]): Promise<boolean>;
}

export interface VrrpStatesDeps {
  readonly files: Files;
  readonly runner: Pick<ProcessRunner, 'glance'>;
  readonly paths: Pick<VrrpPaths, 'notifyLog' | 'vrrpPidFile' | 'live'>;
}

/** Makes the reader. */
export function createVrrpStates({ files, runner, paths }: VrrpStatesDeps): VrrpStates {
  let known: { readonly stamp: string; readonly transitions: readonly VrrpTransition[] } | undefined;

  async function transitions(): Promise<readonly VrrpTransition[]> {
    const found = await files.stat(paths.notifyLog);
    if (found === undefined) return [];
    const stamp = `${found.inode} ${found.size} ${found.mtimeMs}`;
    if (known?.stamp !== stamp) {
      known = { stamp, transitions: readTransitions((await files.readText(paths.notifyLog)) ?? '') };
    }
    return known.transitions;
  }

  async function read(): Promise<ReadonlyMap<string, VrrpState>> {
    const pid = Number((await files.readText(paths.vrrpPidFile))?.trim());
    const lives = Number.isInteger(pid) && pid > 1 ? runner.glance(pid) : undefined;
    if (lives === undefined || lives.state === 'Z') return new Map();
    // An instance that a reload has taken away tells nothing any more.
    const text = (await files.readText(paths.live)) ?? '';
    const names = new Set(readVrrpConfig(text).instances.map(({ name }) => name));
    const told = (await transitions()).filter((each) => each.pid === pid && names.has(each.instance));
    return new Map(told.map(({ instance, state }) => [instance, state]));
  }

  return {
    read,
    async haveAll(instances) {
      const told = await read();
      return instances.length > 0 && instances.every((name) => told.has(name));
    },
  };
}

/** What an amphora is as a whole: `FAULT` when one instance is, `MASTER` when all are; undefined when none has told. */
export function overallState(states: ReadonlyMap<string, VrrpState>): VrrpState | undefined {
  const all = [...states.values()];
  if (all.length === 0) return undefined;
  if (all.includes('FAULT')) return 'FAULT';
  return all.every((state) => state === 'MASTER') ? 'MASTER' : 'BACKUP';
}

/** Reads the lines of the notify script, oldest first; what is no such line is passed over. */
export function readTransitions(text: string): readonly VrrpTransition[] {
  return text.split('\n').flatMap((line) => {
    const transition = readTransition(line);
    return transition === undefined ? [] : [transition];
  });
}

function readTransition(line: string): VrrpTransition | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { instance, state, priority, uptime, pid } = value as Readonly<Record<string, unknown>>;
  if (typeof instance !== 'string' || !isState(state)) return undefined;
  if (typeof priority !== 'number' || typeof uptime !== 'number' || typeof pid !== 'number') return undefined;
  return { instance, state, priority, uptimeS: uptime, pid };
}

function isState(value: unknown): value is VrrpState {
  return value === 'MASTER' || value === 'BACKUP' || value === 'FAULT';
}
