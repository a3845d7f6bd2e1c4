// Keeps what must be known of a UDP or SCTP listener after a restart: whether it should run, and which process it was.
// Source: DESIGN "On disk".

import { validators } from '../generated/validators';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { lvsPaths } from '../keepalived/paths';
import type { LoadBalancerId } from '../model/ids';
import type { ServiceProcess } from '../supervisor/service';
import { readKeptJson } from './kept-json';
import { lvsStateSchemaNumber } from './lvs-state-schema';

export interface LvsState {
  /** `removed`: a delete was accepted and is finished at the next start when it could not be now. */
  readonly desired: 'running' | 'stopped' | 'removed';
  readonly process?: ServiceProcess;
  /** A reload is under way: what the process serves may be older than the text at `live`. */
  readonly unsure?: true;
  /** The file could not be understood; never written. */
  readonly isSpoiled?: true;
  /** There is no file: a listener that Octavia's own agent has left, or none. Never written. */
  readonly isUnknown?: true;
}

export interface LvsStateStore {
  /** Reads a state; `stopped` when there is none, or none that can be understood, which is logged. Throws `version-mismatch` for one of a newer agent. */
  read(id: LoadBalancerId): Promise<LvsState>;
  /** Writes a state durably. */
  write(id: LoadBalancerId, state: LvsState): Promise<void>;
}

/** Makes the store. */
export function createLvsStateStore(files: Files, log: Log, basePath: string): LvsStateStore {
  return {
    async read(id) {
      const path = lvsPaths(basePath, id).state;
      const kept = await readKeptJson(files, path, lvsStateSchemaNumber);
      if (kept === undefined) return { desired: 'stopped', isUnknown: true };
      const { value } = kept;
      if (validators.lvsState(value)) return value as LvsState;
      log.error('state not understood: what lives decides', { listener: id, path });
      return { desired: 'stopped', isSpoiled: true };
    },
    async write(id, { desired, process, unsure }) {
      const path = lvsPaths(basePath, id).state;
      const state = { schema: lvsStateSchemaNumber, desired, process, unsure };
      await files.writeAtomic(path, `${JSON.stringify(state, undefined, 2)}\n`, 0o600);
    },
  };
}
