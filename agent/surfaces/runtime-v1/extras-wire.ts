// Wire JSON of what goes beyond the document. Pure. Source: contract/runtime.md 6.

import type { Drained } from '../../core/runtime/drains';
import type { KeptServersList } from '../../core/runtime/kept-servers';
import type { Operation } from '../../core/runtime/operations';
import type { InstanceView, Readiness } from '../../core/runtime/overview';
import type { ServerEvent, ServerNow } from '../../core/runtime/server-changes';
import type { NumberedEvent } from '../../core/runtime/server-poller';
import { figure } from './wire';

/** A drain that is waited for. */
export function operationBody(
  { id, state, elapsedMs, progress, reason }: Operation<Drained>,
  cookieWarning: string,
): object {
  const { instance, backend, server, wish, sessionsStart, sessions, queue, cookiePersistent, cut } = progress;
  return {
    id,
    instance,
    backend,
    server,
    action: 'drain',
    state,
    sessions_start: sessionsStart,
    sessions,
    queue,
    elapsed: Math.round(elapsedMs / 100) / 10,
    cookie_persistent: cookiePersistent,
    timeout: wish.timeoutMs / 1_000,
    then: wish.afterwards ?? null,
    force: wish.force,
    forced: cut !== undefined,
    sessions_cut: cut ?? 0,
    warnings: cookiePersistent ? [cookieWarning] : [],
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The servers of a backend that are kept over reloads; nothing when there are none. */
export function additionsBody({ servers, leftOut }: KeptServersList): object {
  if (servers.length === 0) return {};
  const additions = servers.map(({ name, address, port, check }) => ({
    name,
    address,
    port,
    check,
    state: leftOut === undefined ? 'carried' : 'left out',
    ...(leftOut === undefined ? {} : { reason: leftOut }),
  }));
  return { persisted_additions: additions };
}

/** One haproxy of the list. */
export function instanceBody({ name, type, isOwn, facts }: InstanceView, told: object): object {
  const known = { name, type, load_balancer: isOwn };
  if ('error' in facts)
    return { ...known, reachable: false, version: null, level: null, uptime: null, ...told };
  const { version, level, uptimeS } = facts;
  return { ...known, reachable: true, version, level: level === '' ? null : level, uptime: uptimeS };
}

/** `show info` with figures as figures, and as haproxy said it. */
export function infoBody(instance: string, facts: ReadonlyMap<string, string>): object {
  const info = [...facts].map(([name, value]) => [snakeCase(name), figure(value) ?? value] as const);
  return { instance, info: Object.fromEntries(info), raw: Object.fromEntries(facts) };
}

/** `MaxConn` → `max_conn`, `Uptime_sec` → `uptime_sec`, `SslFrontendKeyRate` → `ssl_frontend_key_rate`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}

// What is text in `show stat`, whatever it looks like.
const texts: ReadonlySet<string> = new Set([
  'pxname',
  'svname',
  'status',
  'tracked',
  'check_status',
  'last_chk',
  'last_agt',
  'agent_status',
  'check_desc',
  'agent_desc',
  'addr',
  'cookie',
  'mode',
  'algo',
]);

/** A row of the statistics: figures as figures, null where haproxy has none. */
export function statBody(names: readonly string[], column: (name: string) => string): object {
  return Object.fromEntries(
    names.map((name) => [
      name,
      texts.has(name) ? column(name) : (figure(column(name)) ?? (column(name) || null)),
    ]),
  );
}

/** How many servers of each backend take traffic. */
export function readinessBody(instance: string, backends: ReadonlyMap<string, Readiness>): object {
  return { instance, backends: Object.fromEntries(backends) };
}

/** An event in the form of an event stream. */
export function eventText({ id, event }: NumberedEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(eventBody(event))}\n\n`;
}

function eventBody(event: ServerEvent): object {
  switch (event.type) {
    case 'snapshot':
      return { servers: event.servers.map(serverNowBody) };
    case 'changed':
      return { ...serverNowBody(event.server), previous: stateBody(event.previous) };
    case 'unavailable':
      return { reason: event.reason };
    case 'added':
    case 'removed':
      return serverNowBody(event.server);
  }
}

const stateBody = ({ status, adminState, weight }: ServerNow) => ({
  status,
  admin_state: adminState,
  weight: figure(weight),
});

const serverNowBody = (server: ServerNow): object => ({
  backend: server.backend,
  server: server.server,
  ...stateBody(server),
});
