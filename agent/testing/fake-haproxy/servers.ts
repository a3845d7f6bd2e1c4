// The servers of one fake worker: as configured, as operators have changed them since, as a script says they are. Answers
// have the words of 2.6.12. Sources: v2.6.0 src/server.c, include/haproxy/server-t.h (bits of the admin state).

import { readServer, type ProxyText, type ServerText } from './proxies';

export interface FakeServer extends ServerText {
  readonly backend: string;
  readonly backendId: number;
  readonly id: number;
  address: string;
  port: string;
  userWeight: number;
  adminState: number;
  /** What checks or a script say: `UP`, `DOWN`, `NOLB`, `no check` … */
  health: string;
  /** Whether its checks run; those of a server that was added do not by themselves. */
  runsChecks: boolean;
  sessions: number;
  changedMs: number;
}

export interface FakeServers {
  all(): readonly FakeServer[];
  find(name: string): FakeServer | undefined;
  /** Sets what `show stat` is to tell of a server. */
  setStatus(server: FakeServer, status: string): void;
  /** What the worker answers to a command; undefined when it is not about servers. */
  answer(words: readonly string[]): string | undefined;
}

const forcedMaintenance = 0x01;
const configuredMaintenance = 0x04;
const forcedDrain = 0x08;
// FMAINT, IMAINT, RMAINT, HMAINT: maintenance by the configuration is a mark beside the forced one.
const maintenance = 0x63;
const heaviest = 256;
const silence = '\n';
const noServer = 'No such server.\n\n';

/** The status as `show stat` tells it. */
export function statusOf({ adminState, health }: FakeServer): string {
  if ((adminState & maintenance) !== 0) return 'MAINT';
  return (adminState & forcedDrain) !== 0 && isRunning(health) ? 'DRAIN' : health;
}

/** The weight by which it gets traffic. */
export function effectiveWeight(server: FakeServer): number {
  return (server.adminState & forcedDrain) === 0 ? server.userWeight : 0;
}

/** Tells whether it is usable, whatever its weight. */
export function isUsable(server: FakeServer): boolean {
  return isRunning(statusOf(server));
}

function isRunning(status: string): boolean {
  return /^(UP|no check|DRAIN)/.test(status);
}

/** Makes the servers of a worker that begins now. */
export function createFakeServers(proxies: readonly ProxyText[], nowMs: () => number): FakeServers {
  const servers = proxies.flatMap((proxy) =>
    proxy.servers.map((text, index) => serverOf(text, proxy, index + 1, nowMs())),
  );
  const find = (name: string): FakeServer | undefined =>
    servers.find((server) => `${server.backend}/${server.name}` === name);

  const changes = createChanges(proxies, nowMs);
  const { add, remove } = createMembership({ proxies, servers, find, nowMs });

  const withServer = (name: string, then: (server: FakeServer) => string): string => {
    const server = find(name);
    return server === undefined ? noServer : then(server);
  };

  return {
    all: () => servers,
    find,
    setStatus(server, status) {
      const state = { MAINT: 'maint', DRAIN: 'drain' }[status] ?? 'ready';
      changes.admin(server, state);
      if (state === 'ready') changes.health(server, status);
    },
    answer([verb = '', what = '', name = '', ...rest]) {
      const command = `${verb} ${what}`;
      if (command === 'set server') return withServer(name, (server) => changes.set(server, rest));
      if (command === 'set weight')
        return withServer(name, (server) => changes.setWeight(server, rest[0] ?? ''));
      if (command === 'get weight')
        return withServer(name, ({ userWeight, weight }) => `${userWeight} (initial ${weight})\n\n`);
      if (command === 'enable server' || command === 'disable server')
        return withServer(name, (server) =>
          changes.set(server, ['state', verb === 'enable' ? 'ready' : 'maint']),
        );
      if (command === 'enable health' || command === 'disable health')
        return withServer(name, (server) => {
          if (!server.isChecked) return 'Health checks are not configured on this server, cannot enable.\n\n';
          server.runsChecks = verb === 'enable';
          return silence;
        });
      if (command === 'add server') return add(name, rest[0] ?? '', rest.slice(1));
      if (command === 'del server') return remove(name);
      if (command !== 'shutdown sessions' || name !== 'server') return undefined;
      return withServer(rest[0] ?? '', (server) => {
        server.sessions = 0;
        return silence;
      });
    },
  };
}

interface Membership {
  readonly proxies: readonly ProxyText[];
  readonly servers: FakeServer[];
  readonly find: (name: string) => FakeServer | undefined;
  readonly nowMs: () => number;
}

/** Adds servers and removes them, at run time. */
function createMembership({ proxies, servers, find, nowMs }: Membership) {
  const add = (name: string, address: string, options: readonly string[]): string => {
    const [backend = '', own = ''] = name.split('/');
    const proxy = proxies.find((one) => one.isBackend && one.name === backend);
    if (own === '') return "Require 'backend/server'.\n\n";
    if (proxy === undefined) return 'No such backend.\n\n';
    if (proxy.isStatic) return 'Backend must use a dynamic load balancing to support dynamic servers.\n\n';
    if (find(name) !== undefined) return 'Already exists a server with the same name in backend.\n\n';
    const id = 1 + Math.max(0, ...servers.filter((one) => one.backend === backend).map((one) => one.id));
    const text = { ...readServer(own, address, options), isDisabled: false };
    const server = serverOf(text, proxy, id, nowMs());
    servers.push({ ...server, adminState: forcedMaintenance, runsChecks: false });
    return 'New server registered.\n\n';
  };

  const remove = (name: string): string => {
    const server = find(name);
    if (server === undefined) return 'No such server.\n';
    if ((server.adminState & maintenance) === 0) return 'Only servers in maintenance mode can be deleted.\n';
    if (server.sessions > 0) return 'Server still has connections attached to it, cannot remove it.\n';
    servers.splice(servers.indexOf(server), 1);
    return 'Server deleted.\n';
  };

  return { add, remove };
}

/** Changes servers as commands do. */
function createChanges(proxies: readonly ProxyText[], nowMs: () => number) {
  const changeAdmin = (server: FakeServer, state: string): void => {
    const forced = { ready: 0, maint: forcedMaintenance, drain: forcedDrain }[state] ?? 0;
    server.adminState = (server.adminState & configuredMaintenance) | forced;
    server.changedMs = nowMs();
  };
  const changeHealth = (server: FakeServer, health: string): void => {
    server.health = health;
    server.changedMs = nowMs();
  };

  const setWeight = (server: FakeServer, text: string): string => {
    const percent = /^(\d+)%$/.exec(text)?.[1];
    const weight = percent === undefined ? Number(text) : Math.round((server.weight * Number(percent)) / 100);
    if (!/^\d+%?$/.test(text)) return 'Empty weight string empty or preceded by garbage\n\n';
    if (weight > heaviest) return `Absolute weight can only be between 0 and ${heaviest} inclusive.\n\n`;
    const isStatic = proxies.some(({ id, isStatic }) => id === server.backendId && isStatic);
    if (isStatic && percent !== '0' && percent !== '100')
      return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n\n";
    server.userWeight = weight;
    return silence;
  };

  const set = (server: FakeServer, [what = '', value = '', , port]: readonly string[]): string => {
    if (what === 'weight') return setWeight(server, value);
    if (what === 'addr') return setAddress(server, value, port);
    if (what === 'health') {
      const health = { up: server.isChecked ? 'UP' : 'no check', down: 'DOWN', stopping: 'NOLB' }[value];
      if (health === undefined) return "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n\n";
      changeHealth(server, health);
      return silence;
    }
    if (what !== 'state')
      return 'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n\n';
    if (!['ready', 'drain', 'maint'].includes(value))
      return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n";
    changeAdmin(server, value);
    return silence;
  };

  return { set, setWeight, admin: changeAdmin, health: changeHealth };
}

function serverOf(
  text: ServerText,
  { name, id: backendId }: ProxyText,
  id: number,
  nowMs: number,
): FakeServer {
  return {
    ...text,
    backend: name,
    backendId,
    id,
    userWeight: text.weight,
    adminState: text.isDisabled ? configuredMaintenance | forcedMaintenance : 0,
    health: text.isChecked ? 'UP' : 'no check',
    runsChecks: text.isChecked,
    sessions: 0,
    changedMs: nowMs,
  };
}

function setAddress(server: FakeServer, address: string, port: string | undefined): string {
  if (!/^[0-9a-f.:]+$/i.test(address)) return `Invalid addr '${address}' by 'stats socket command'\n\n`;
  const changes = [
    address === server.address
      ? 'no need to change the addr'
      : `IP changed from '${server.address}' to '${address}'`,
    ...(port === undefined
      ? []
      : port === server.port
        ? ['no need to change the port']
        : [`port changed from '${server.port}' to '${port}'`]),
  ];
  const isChanged = address !== server.address || (port !== undefined && port !== server.port);
  Object.assign(server, { address, port: port ?? server.port });
  return `${changes.join(', ')}${isChanged ? " by 'stats socket command'" : ''}\n\n`;
}
