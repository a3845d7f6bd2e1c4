// Keeps what must be known of the pair's keepalived after a restart: whether it should run, which process it was, and
// whose its configuration is. Source: DESIGN "On disk", "Who owns what".

import { validators } from '../generated/validators';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import type { ServiceProcess } from '../supervisor/service';
import { readKeptJson } from './kept-json';
import { vrrpStateSchemaNumber } from './vrrp-schema';

export interface VrrpState {
  readonly desired: 'running' | 'stopped';
  /** Who made the configuration: a controller, or the topology call. */
  readonly origin: 'uploaded' | 'generated';
  readonly process?: ServiceProcess;
  /** A reload is under way: what keepalived has read may be older than what it was told to. */
  readonly unsure?: true;
  /** The file could not be understood; never written. */
  readonly isSpoiled?: true;
  /** There is no file: Octavia's own agent has left a configuration, or there is none. Never written. */
  readonly isUnknown?: true;
}

export interface VrrpStateStore {
  /** Reads the state; `stopped` and `uploaded` when there is none, or none that can be understood, which is logged. Throws `version-mismatch` for one of a newer agent. */
  read(): Promise<VrrpState>;
  /** Writes the state durably. */
  write(state: VrrpState): Promise<void>;
}

/** Tells whose the stored configuration is; undefined when there is none. */
export async function readVrrpOrigin(
  files: Files,
  { config }: Pick<VrrpPaths, 'config'>,
  state: Pick<VrrpStateStore, 'read'>,
): Promise<VrrpState['origin'] | undefined> {
  return (await files.stat(config)) === undefined ? undefined : (await state.read()).origin;
}

const initial: VrrpState = { desired: 'stopped', origin: 'uploaded' };

/** Makes the store for a file whose directory is there when it is written. */
export function createVrrpStateStore(files: Files, log: Log, path: string): VrrpStateStore {
  return {
    async read() {
      const kept = await readKeptJson(files, path, vrrpStateSchemaNumber);
      if (kept === undefined) return { ...initial, isUnknown: true };
      const { value } = kept;
      if (validators.vrrpState(value)) return value as VrrpState;
      log.error('state of VRRP not understood: what lives decides', { path });
      return { ...initial, isSpoiled: true };
    },
    async write({ desired, origin, process, unsure }) {
      const state = { schema: vrrpStateSchemaNumber, desired, origin, process, unsure };
      await files.writeAtomic(path, `${JSON.stringify(state, undefined, 2)}\n`, 0o600);
    },
  };
}
