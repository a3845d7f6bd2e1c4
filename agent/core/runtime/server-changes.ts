// What has changed between two looks at the servers of an instance. Pure. Source: contract/runtime.md 6.17.

/** A server as events tell it. */
export interface ServerNow {
  readonly backend: string;
  readonly server: string;
  /** As haproxy words it. */
  readonly status: string;
  readonly adminState: string;
  /** The operator's weight, in haproxy's digits. */
  readonly weight: string;
}

export type ServerEvent =
  | { readonly type: 'snapshot'; readonly servers: readonly ServerNow[] }
  | { readonly type: 'added' | 'removed'; readonly server: ServerNow }
  | { readonly type: 'changed'; readonly server: ServerNow; readonly previous: ServerNow }
  /** haproxy does not answer; a snapshot follows when it does again. */
  | { readonly type: 'unavailable'; readonly reason: string };

const keyOf = ({ backend, server }: ServerNow): string => `${backend}/${server}`;

/** Lists the events that lead from one look to the next, in the order of the servers. */
export function serverChanges(
  before: readonly ServerNow[],
  now: readonly ServerNow[],
): readonly ServerEvent[] {
  const known = new Map(before.map((server) => [keyOf(server), server] as const));
  const found: ServerEvent[] = [];
  for (const server of now) {
    const previous = known.get(keyOf(server));
    known.delete(keyOf(server));
    if (previous === undefined) found.push({ type: 'added', server });
    else if (differs(previous, server)) found.push({ type: 'changed', server, previous });
  }
  return [...found, ...[...known.values()].map((server) => ({ type: 'removed', server }) as const)];
}

function differs(a: ServerNow, b: ServerNow): boolean {
  return a.status !== b.status || a.adminState !== b.adminState || a.weight !== b.weight;
}
