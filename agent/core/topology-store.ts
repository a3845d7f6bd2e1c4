// Keeps which topology was posted last, and whether the amphora was on its way to another, over restarts. The secret is
// in it: root alone may read it, and no message quotes it. Source: contract/amphora-v0.1.md "Topology".

import { join } from 'node:path';
import { validators } from '../generated/validators';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { HeldAddress, WantedTopology } from '../model/topology';
import { readKeptJson } from './kept-json';
import { topologySchemaNumber } from './topology-schema';

export interface TopologyRecord {
  /** The last one that was reached; undefined: none was ever posted, the configuration decides. */
  readonly settled?: WantedTopology;
  /** Where a transition that has not ended leads. */
  readonly next?: WantedTopology;
  /** Where this amphora had the moving address when the transition began; kept over one that could not be undone. */
  readonly held?: readonly HeldAddress[];
  /** Why the last transition failed. */
  readonly error?: string;
}

export interface TopologyStore {
  /** Reads the record; an empty one when there is none, or none that can be understood, which is logged. Throws `version-mismatch` for one of a newer agent. */
  read(): Promise<TopologyRecord>;
  /** Writes the record durably. */
  write(record: TopologyRecord): Promise<void>;
}

export interface TopologyStoreDeps {
  readonly files: Files;
  readonly log: Log;
  readonly basePath: string;
}

/** Names the file. */
export function topologyFile(basePath: string): string {
  return join(basePath, 'vrrp', 'topology.json');
}

/** Makes the store. */
export function createTopologyStore({ files, log, basePath }: TopologyStoreDeps): TopologyStore {
  const path = topologyFile(basePath);
  return {
    async read() {
      const kept = await readKeptJson(files, path, topologySchemaNumber);
      if (kept === undefined) return {};
      const { value } = kept;
      if (!validators.topology(value)) {
        log.error('topology not understood: the configuration decides until one is posted', { path });
        return {};
      }
      const { settled, next, held, error } = value as TopologyRecord;
      return withoutUndefined({ settled, next, held, error });
    },
    async write({ settled, next, held, error }) {
      await files.makeDirectory(join(basePath, 'vrrp'), 0o755);
      const text = JSON.stringify({ schema: topologySchemaNumber, settled, next, held, error }, undefined, 2);
      await files.writeAtomic(path, `${text}\n`, 0o600);
    },
  };
}

function withoutUndefined(record: {
  readonly [Key in keyof TopologyRecord]: TopologyRecord[Key] | undefined;
}) {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as TopologyRecord;
}
