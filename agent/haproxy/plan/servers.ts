// What becomes of a backend's servers between two configurations that differ in nothing else. Sources: HAProxy 2.6
// management guide, 9.3 "set server", "add server", "del server"; v2.6.0 src/server.c; docs/changes-without-reload.md.

import { isPlainName } from '../runtime/command';
import type { ExpectedServer, RuntimeChange } from '../runtime-change';
import { algorithmOf, says, type Algorithm, type Backend, type PlannedServer } from './backends';
import { newServer } from './new-server';
import { readPlace, type Place } from './place';
import { isReload, reload, type Reload } from './reload';
import { differenceOf, readServerWords, type ServerWords } from './server-words';
import { refusalOfAddition, refusalOfOrder, refusalOfRemoval } from './set-of-servers';

/** A server as both texts have it, or one of them. */
interface Read {
  readonly server: PlannedServer;
  readonly place: Place | undefined;
  readonly words: ServerWords;
}

export interface BackendPlan {
  readonly changes: readonly RuntimeChange[];
  readonly expected: readonly ExpectedServer[];
}

/** What else the planner has to know of the whole configuration. */
export interface Surroundings {
  /** Tells whether a server of the running configuration has this word and file. */
  readonly loads: (keyword: string, path: string) => boolean;
  /** Tells whether a line that is not the server's own may mean it. */
  readonly isNamedElsewhere: (server: string) => boolean;
  /** Servers follow the state of others, or clients are kept at addresses. */
  readonly hasTracking: boolean;
  readonly keepsAddresses: boolean;
}

const nothing: BackendPlan = { changes: [], expected: [] };

/** Plans the changes of one backend. */
export function planBackend(before: Backend, after: Backend, around: Surroundings): BackendPlan | Reload {
  if (linesOf(before) === linesOf(after)) return nothing;
  const running = readAll(before);
  const wanted = readAll(after);
  if (isReload(running)) return running;
  if (isReload(wanted)) return wanted;
  const algorithm = algorithmOf(after);
  const doubt = doubtOf(after, algorithm, around);
  if (algorithm === undefined || doubt !== undefined) return reload(doubt ?? 'an algorithm is not known');
  const order = refusalOfOrder(before, after, algorithm);
  if (order !== undefined) return reload(order);
  const changes: RuntimeChange[] = [];
  for (const [name, was] of running) {
    const is = wanted.get(name);
    const step =
      is === undefined
        ? removal(after, was, algorithm, around)
        : alteration(after, was, is, algorithm, around);
    if (isReload(step)) return step;
    changes.push(...step);
  }
  for (const [name, is] of wanted) {
    if (running.has(name)) continue;
    const step = addition(after, is, algorithm, around);
    if (isReload(step)) return step;
    changes.push(step);
  }
  return changes.length === 0 ? nothing : withExpected(after, changes, wanted);
}

function linesOf({ servers }: Backend): string {
  return JSON.stringify(servers);
}

/** The servers by name, in order. */
function readAll({ name, servers }: Backend): ReadonlyMap<string, Read> | Reload {
  const all = new Map<string, Read>();
  for (const server of servers) {
    const words = readServerWords(server);
    if (isReload(words)) return reload(`server ${name}/${server.name}: ${words.reload}`);
    if (all.has(server.name)) return reload(`server ${name}/${server.name} stands there twice`);
    all.set(server.name, { server, words, place: readPlace(server.place) });
  }
  return all;
}

/** Why nothing can be said of this backend. */
function doubtOf(
  backend: Backend,
  algorithm: Algorithm | undefined,
  { hasTracking }: Surroundings,
): string | undefined {
  const { name, servers, lines } = backend;
  if (algorithm === undefined) return `backend ${name} has an algorithm that is not known`;
  if (hasTracking) return 'servers track others';
  if (lines.some(({ words }) => words[0] === 'server-template'))
    return `backend ${name} has a server-template`;
  if (says(backend, 'disabled')) return `backend ${name} is disabled`;
  if (!isPlainName(name) || !servers.every((server) => isPlainName(server.name)))
    return `backend ${name} has unusual names`;
  return undefined;
}

function alteration(
  { name: backend }: Backend,
  was: Read,
  is: Read,
  algorithm: Algorithm,
  around: Surroundings,
): readonly RuntimeChange[] | Reload {
  const { name: server } = is.server;
  const refuse = (why: string): Reload => reload(`server ${backend}/${server}: ${why}`);
  const difference = differenceOf(was.words, is.words);
  if (difference !== undefined) return refuse(`${difference} changes`);
  const changes: RuntimeChange[] = [];
  if (was.server.place !== is.server.place) {
    if (was.place === undefined || is.place === undefined)
      return refuse('its place is no IP address and port');
    const { address, port } = is.place;
    const follows = ['resolvers', 'init-addr'].every((keyword) => !is.words.settings.has(keyword));
    if (!follows || around.keepsAddresses) return refuse('its address is more than a place');
    if (was.place.written !== is.place.written)
      changes.push({ kind: 'address', backend, server, address, port });
  }
  const { weight } = is.words;
  if (was.words.weight !== weight) {
    // haproxy takes 0 and the weight that the worker began with, and refuses the rest: then the file is read again.
    if (!algorithm.isDynamic && weight !== 0 && was.words.weight !== 0)
      return refuse(`its weight changes, which ${algorithm.name} does not allow`);
    changes.push({ kind: 'weight', backend, server, weight });
  }
  if (is.words.isDisabled && !was.words.isDisabled && cutsSessions(is.words)) return refuse(sessionsCut);
  if (was.words.isDisabled !== is.words.isDisabled)
    changes.push({ kind: 'standing', backend, server, standing: is.words.isDisabled ? 'maint' : 'ready' });
  return changes;
}

function addition(
  backend: Backend,
  { server, place, words }: Read,
  algorithm: Algorithm,
  around: Surroundings,
): RuntimeChange | Reload {
  const why =
    place === undefined
      ? 'its place is no IP address and port'
      : refusalOfAddition(backend, algorithm, around);
  if (place === undefined || why !== undefined)
    return reload(`server ${backend.name}/${server.name} is new: ${why ?? ''}`);
  const added = newServer(backend, server, place, words, around.loads);
  return isReload(added) ? added : { kind: 'add', server: added };
}

function removal(
  backend: Backend,
  { server: { name }, words }: Read,
  algorithm: Algorithm,
  around: Surroundings,
): readonly RuntimeChange[] | Reload {
  const why = cutsSessions(words) ? sessionsCut : refusalOfRemoval(backend, name, algorithm, around);
  if (why !== undefined) return reload(`server ${backend.name}/${name} goes: ${why}`);
  return [{ kind: 'remove', backend: backend.name, server: name }];
}

/** Maintenance counts as "down", and a reload ends no session. */
function cutsSessions({ settings }: ServerWords): boolean {
  return settings.has('on-marked-down');
}

const sessionsCut = 'on-marked-down would end its sessions';

function withExpected(
  { name: backend }: Backend,
  changes: readonly RuntimeChange[],
  wanted: ReadonlyMap<string, Read>,
): BackendPlan | Reload {
  const changed = new Set(changes.map(serverOf));
  const expected: ExpectedServer[] = [];
  for (const [server, { place, words }] of wanted) {
    // What cannot be read back cannot be trusted.
    if (place === undefined) return reload(`server ${backend}/${server} has no IP address and port`);
    expected.push({
      backend,
      server,
      address: place.address,
      port: place.port,
      weight: words.weight,
      standing: words.isDisabled ? 'maint' : 'ready',
      changes: changed.has(server),
    });
  }
  return { changes, expected };
}

function serverOf(change: RuntimeChange): string | undefined {
  if (change.kind === 'add') return change.server.server;
  return change.kind === 'certificate' ? undefined : change.server;
}
