// Where the files of one UDP or SCTP listener lie: Octavia's names, because its tools look for them, and ours beside
// them. Source: contract/octavia-1.0.md "UDP and SCTP listeners".

import { join } from 'node:path';

export interface LvsPaths {
  readonly directory: string;
  /** The last accepted upload. */
  readonly config: string;
  /** What keepalived reads: the text that was last activated, and what the agent adds. */
  readonly live: string;
  /** A text while keepalived checks it. */
  readonly candidate: string;
  readonly pidFile: string;
  readonly checkersPidFile: string;
  readonly log: string;
  readonly state: string;
}

const prefix = 'octavia-keepalivedlvs-';

/** The directory of all UDP and SCTP listeners. */
export function lvsDirectory(basePath: string): string {
  return join(basePath, 'lvs');
}

/** The health script that Octavia's UDP-CONNECT monitors name. */
export function udpCheckScript(basePath: string): string {
  return join(lvsDirectory(basePath), 'check', 'udp_check.sh');
}

/** Names every path of one listener. */
export function lvsPaths(basePath: string, id: string): LvsPaths {
  const directory = lvsDirectory(basePath);
  const name = (suffix: string): string => join(directory, `${prefix}${id}.${suffix}`);
  return {
    directory,
    config: name('conf'),
    live: name('live'),
    candidate: name('candidate'),
    pidFile: name('pid'),
    checkersPidFile: name('check.pid'),
    log: name('log'),
    state: name('json'),
  };
}

/** The id behind the name of a configuration or a state, with its suffix; undefined for any other name. */
export function listenerOfName(
  name: string,
): { readonly id: string; readonly suffix: 'conf' | 'json' } | undefined {
  const found = /^octavia-keepalivedlvs-(.+)\.(conf|json)$/.exec(name);
  return found?.[1] === undefined
    ? undefined
    : { id: found[1], suffix: found[2] === 'conf' ? 'conf' : 'json' };
}

/** Tells whether a name in the directory is that of a text that was being checked. */
export function isCandidateName(name: string): boolean {
  return name.startsWith(prefix) && name.endsWith('.candidate');
}
