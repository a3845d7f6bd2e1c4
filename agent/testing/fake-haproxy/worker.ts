// One fake worker: what it serves, has counted and answers on its socket. Source: HAProxy 2.6 management guide, 9.3.

import type { Clock } from '../../host/clock';
import type { FakeProcess } from './process-table';
import { readProxies, type ProxyText } from './proxies';
import { createFakeServers, type FakeServers } from './servers';
import {
  backendRow,
  fakeVersion,
  frontendRow,
  serverRow,
  serversConnTable,
  serversStateTable,
  statHeader,
  type Counted,
} from './tables';

export interface FakeWorker {
  readonly process: FakeProcess;
  readonly texts: readonly string[];
  readonly servers: FakeServers;
  readonly listeners: ReadonlyMap<string, Counted>;
  /** A reload has put another one in its place. */
  isReplaced: boolean;
  /** It accepts connections and says nothing. */
  hangs: boolean;
  /** Conversations that are open with it: each keeps a replaced worker alive. */
  talks: number;
  /** Connections of clients. */
  clients(): number;
  /** What it says to a command. */
  answer(line: string): string;
}

interface Facts {
  readonly proxies: readonly ProxyText[];
  readonly nowMs: () => number;
}

/** Makes a worker that serves `texts` from now on. */
export function createFakeWorker(process: FakeProcess, texts: readonly string[], clock: Clock): FakeWorker {
  const proxies = readProxies(texts.join('\n'));
  const nowMs = (): number => clock.monotonic();
  const servers = createFakeServers(proxies, nowMs);
  const listeners = new Map(
    proxies
      .filter(({ isFrontend }) => isFrontend)
      .map(({ name }) => [name, { bytesIn: 0, bytesOut: 0, connections: 0, requestErrors: 0, current: 0 }]),
  );
  const worker: FakeWorker = {
    process,
    texts,
    servers,
    listeners,
    isReplaced: false,
    hangs: false,
    talks: 0,
    clients: () => [...listeners.values()].reduce((sum, { current }) => sum + current, 0),
    answer: (line) => answer(worker, { proxies, nowMs }, line),
  };
  return worker;
}

function answer(worker: FakeWorker, facts: Facts, line: string): string {
  const words = line.trim().split(/\s+/);
  const { servers } = worker;
  const [verb = '', what = '', third = ''] = words;
  if (verb === 'show') return show(worker, facts, what, words.slice(2)) ?? unknown;
  // The prompt itself is what ends an answer in a conversation: nobody sees it.
  if (verb === 'prompt' || (verb === 'set' && what === 'timeout' && third === 'cli')) return '\n';
  return servers.answer(words) ?? unknown;
}

const unknown =
  'Unknown command, but maybe one of the following ones is a better match:\n  help [<command>]                        : list matching or all commands\n  prompt                                  : toggle interactive mode with prompt\n  quit                                    : disconnect\n\n';

function show(
  worker: FakeWorker,
  { proxies, nowMs }: Facts,
  what: string,
  [first = '', second = '']: readonly string[],
): string | undefined {
  const servers = worker.servers.all();
  const backends = proxies.filter(({ isBackend }) => isBackend);
  const isKnown = (backend: string): boolean =>
    backend === '' || backends.some(({ name }) => name === backend);
  const those = servers.filter(({ backend }) => second === '' || backend === second);
  if (what === 'info') return showInfo(worker, nowMs());
  if (what === 'stat') return showStat(worker, proxies, first, second, nowMs());
  if (what === 'version') return `${fakeVersion}\n\n`;
  if (what === 'backend') return `# name\n${backends.map(({ name }) => `${name}\n`).join('')}\n`;
  if (what === 'sess') return showSessions(worker);
  if (what !== 'servers') return undefined;
  if (!isKnown(second)) return "Can't find backend.\n\n";
  if (first === 'state') return serversStateTable(those, nowMs());
  return first === 'conn' ? serversConnTable(those) : undefined;
}

// Bits of the second argument.
const [frontends, backends, members] = [1, 2, 4];

function showStat(
  worker: FakeWorker,
  proxies: readonly ProxyText[],
  which: string,
  types: string,
  nowMs: number,
): string {
  const mask = types === '' ? -1 : Number(types);
  const named = proxies.filter(({ id, name }) => which === name || which === String(id));
  const isAll = which === '' || !/^-?\d+$|^\S+$/.test(which) || which === '-1' || types === '';
  if (!isAll && named.length === 0) return 'No such proxy.\n\n';
  const rows = (isAll ? proxies : named).flatMap((proxy) => {
    const own = worker.servers.all().filter(({ backendId }) => backendId === proxy.id);
    const counted = worker.listeners.get(proxy.name);
    const { startedMs } = worker.process;
    return [
      ...(proxy.isFrontend && counted !== undefined && (mask & frontends) !== 0
        ? [frontendRow(proxy, counted, !worker.isReplaced)]
        : []),
      ...((mask & members) === 0 ? [] : own.map((server) => serverRow(server, proxy.mode, nowMs))),
      ...(proxy.isBackend && (mask & backends) !== 0 ? [backendRow(proxy, own, startedMs, nowMs)] : []),
    ];
  });
  return `${[statHeader, ...rows].join('\n')}\n\n`;
}

function showInfo(worker: FakeWorker, nowMs: number): string {
  const uptimeS = Math.trunc((nowMs - worker.process.startedMs) / 1_000);
  const cumulated = [...worker.listeners.values()].reduce((sum, { connections }) => sum + connections, 0);
  const clients = worker.clients();
  const [days, hours, minutes] = [uptimeS / 86_400, (uptimeS / 3_600) % 24, (uptimeS / 60) % 60].map(
    Math.trunc,
  );
  const two = (value = 0): string => String(value).padStart(2, '0');
  const pairs: readonly (readonly [string, string | number])[] = [
    ['Name', 'HAProxy'],
    ['Version', fakeVersion],
    ['Nbthread', 1],
    ['Nbproc', 1],
    ['Process_num', 1],
    ['Pid', worker.process.pid],
    ['Uptime', `${days}d ${hours}h${two(minutes)}m${two(uptimeS % 60)}s`],
    ['Uptime_sec', uptimeS],
    ['Memmax_MB', 0],
    ['PoolAlloc_MB', 0],
    ['PoolUsed_MB', 0],
    ['PoolFailed', 0],
    ['Ulimit-n', 1_048_576],
    ['Maxsock', 1_000],
    ['Maxconn', maxconnOf(worker.texts)],
    ['CurrConns', clients],
    ['CumConns', cumulated],
    ['CumReq', cumulated],
    ['ConnRate', 0],
    ['MaxConnRate', 0],
    ['SessRate', 0],
    ['MaxSessRate', 0],
    ['SslRate', 0],
    ['Tasks', 1],
    ['Run_queue', 0],
    ['Idle_pct', 100],
    ['Stopping', Number(worker.isReplaced)],
    ['Jobs', 1 + clients + worker.talks],
    ['Listeners', worker.isReplaced ? 0 : worker.listeners.size],
    ['TotalBytesOut', [...worker.listeners.values()].reduce((sum, { bytesOut }) => sum + bytesOut, 0)],
    ['Build info', fakeVersion],
  ];
  return `${pairs.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`;
}

function maxconnOf(texts: readonly string[]): number {
  return Number(/^ *maxconn (\d+)/m.exec(texts.join('\n'))?.[1] ?? 2_000);
}

function showSessions(worker: FakeWorker): string {
  const [frontend = '<NONE>'] = worker.listeners.keys();
  const rows = worker.servers.all().flatMap((server) =>
    Array.from({ length: server.sessions }, (_, at) => {
      const address = (0x10_0000 + server.backendId * 0x1_0000 + server.id * 0x400 + at).toString(16);
      return `0x${address}: proto=tcpv4 src=127.0.0.1:${1_024 + at} fe=${frontend} be=${server.backend} srv=${server.name} ts=00 age=0s calls=1 rate=0\n`;
    }),
  );
  return `${rows.join('')}\n`;
}
