// Names of what exists only while a change is under way. Whoever finds such a name when nothing is under way looks
// at the leftover of an agent that was killed: the change was never acknowledged, and the leftover can go.

import { isLoadBalancerId } from './ids';

/** Names the temporary file of a write. A leading dot: haproxy skips such names in certificate directories (manual, `crt`). Shortened: a name of the longest length must leave room for what is added. */
export function temporaryName(name: string, random: string): string {
  return `.${name.slice(0, 48)}.${random}.tmp`;
}

/** Tells whether a name is that of a temporary file, of writes to `name` when it is given. */
export function isTemporaryName(candidate: string, name?: string): boolean {
  const found = /^\.(.*)\.[0-9a-f]{12}\.tmp$/s.exec(candidate);
  return found !== null && (name === undefined || found[1] === name.slice(0, 48));
}

/** Names the directory of a load balancer that is being removed: from the renaming on it is gone. */
export function discardedName(id: string): string {
  return `.${id}.removed`;
}

/** Tells whether a name is that of a directory whose removal was under way. */
export function isDiscardedName(candidate: string): boolean {
  const found = /^\.(.*)\.removed$/s.exec(candidate);
  return found !== null && isLoadBalancerId(found[1] ?? '');
}

/** The pid of the haproxy that was about to bind, or had moved aside, a socket; undefined for any other name. haproxy binds `<path>.<pid>.tmp` first and keeps the old one as `<path>.<pid>.bak` meanwhile. */
export function pidOfSocketLeftover(candidate: string): number | undefined {
  const pid = /\.sock\.(\d{1,10})\.(?:tmp|bak)$/.exec(candidate)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
