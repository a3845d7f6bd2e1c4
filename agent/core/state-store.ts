// Keeps what must be known of a load balancer after a restart: who owns it, whether it should run, and which
// process it was. One small JSON file each; there is no other database. Source: DESIGN "On disk".

import { validators } from '../generated/validators';
import type { Files } from '../host/files';
import { AgentError, isAgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { ServiceProcess } from '../supervisor/service';
import type { RunRecord } from './run-record';
import { stateSchemaNumber } from './state-schema';

/** The dialect that created a load balancer, and alone may write its configuration. */
export type Owner = 'octavia-v0.1' | 'octavia-v1.0' | 'runtime-v1' | 'dataplane-v3' | 'modaclouds-v1';

/** Nothing tells who created it: the first dialect to upload has it from then on. */
export const unclaimed = 'unclaimed';

export interface LoadBalancerState {
  readonly owner: Owner | typeof unclaimed;
  /** The name given to haproxy as `-L`. */
  readonly peer: string;
  /** `removed`: a delete was accepted and is finished at the next start when it could not be now. */
  readonly desired: 'running' | 'stopped' | 'removed';
  readonly process?: ServiceProcess;
  /** What that process was started from; without it nothing is known, and the next reload is a real one. */
  readonly running?: RunRecord;
  /** An upload under way that brings another peer name: it is the name once `haproxy.cfg` has this digest. */
  readonly next?: { readonly peer: string; readonly config: string } | undefined;
}

/** What holds for a load balancer of which nothing was written: an Octavia base_path taken over as it is. */
export const initialState: LoadBalancerState = { owner: unclaimed, peer: 'amphora', desired: 'stopped' };

export interface StateStore {
  /** Reads a state; undefined when there is none. Throws `version-mismatch` for one of a newer agent, `precondition` for one that cannot be trusted; both name the file. */
  read(id: LoadBalancerId): Promise<LoadBalancerState | undefined>;
  /** Writes a state durably. */
  write(id: LoadBalancerId, state: LoadBalancerState): Promise<void>;
}

// A record of 4,096 certificates takes some 600 KiB.
const longestStateBytes = 16 * 1024 * 1024;

/** Makes the store over `<base>/<id>/state.json`. */
export function createStateStore(files: Files, roots: HaproxyRoots): StateStore {
  return {
    async read(id) {
      const path = haproxyPaths(roots, id).state;
      if (((await files.stat(path))?.size ?? 0) > longestStateBytes) throw tooLong(path);
      const text = await files.readText(path);
      return text === undefined ? undefined : parseState(text, path);
    },
    async write(id, state) {
      const paths = haproxyPaths(roots, id);
      const text = `${JSON.stringify({ ...state, schema: stateSchemaNumber }, undefined, 2)}\n`;
      // What exists by its stats socket alone has no directory yet.
      await files.makeDirectory(paths.directory, 0o700);
      await files.writeAtomic(paths.state, text, 0o600);
    },
  };
}

/** Tells whether a refusal to read a state was about the content of the file: another user's file or a link is none of ours. */
export function isSpoiled(thrown: unknown): thrown is AgentError {
  return isAgentError(thrown, 'precondition') && thrown.message === spoiledMessage;
}

const spoiledMessage = 'The stored state cannot be trusted';

function spoiled(path: string, what: string, cause?: unknown): AgentError {
  const detail = `${path} ${what}; the agent puts it aside at its next start`;
  return new AgentError('precondition', spoiledMessage, { detail, cause });
}

function tooLong(path: string): AgentError {
  return spoiled(path, `is longer than ${longestStateBytes} bytes`);
}

function parseState(text: string, path: string): LoadBalancerState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw spoiled(path, 'is not JSON', cause);
  }
  if (isNewer(value)) {
    throw new AgentError('version-mismatch', `${path} was written by a newer agent`, {
      detail: `schema ${value.schema}, this agent knows ${stateSchemaNumber}`,
    });
  }
  const validate = validators.state;
  if (!validate(value)) {
    const faults = (validate.errors ?? []).map((fault) => `${fault.instancePath} ${fault.message ?? ''}`);
    throw spoiled(path, `is not a state of schema ${stateSchemaNumber}: ${faults.join('; ')}`);
  }
  return value as LoadBalancerState;
}

function isNewer(value: unknown): value is { readonly schema: number } {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return false;
  return typeof value.schema === 'number' && value.schema > stateSchemaNumber;
}
