// The workers of one load balancer as heartbeats see them: each counts for itself, a reload puts a new one behind the
// admin socket, and the one before stays while it has clients or somebody talks to it. Answers have the form of 2.6.12's.

import type { HaproxyPaths } from '../../agent/haproxy/paths';
import type { ScriptedRunner } from './scripted-runner';
import type { ScriptedSockets, SocketAnswer } from './scripted-socket';

/** What a listener has counted in one worker. */
export interface Counted {
  bytesIn: number;
  bytesOut: number;
  connections: number;
  requestErrors: number;
  /** Connections at this moment. */
  current: number;
}

export interface FakeWorker {
  readonly pid: number;
  readonly startTicks: string;
  readonly listeners: Map<string, Counted>;
  /** Connections of clients. */
  clients: number;
  isReplaced: boolean;
  /** What it answers to a command instead of the truth; undefined leaves it to the truth. */
  says: ((command: string) => SocketAnswer | Promise<SocketAnswer | undefined> | undefined) | undefined;
}

export interface ScriptedWorkers {
  /** Starts a worker with these listeners, which takes over from the one before. */
  readonly start: (...listeners: readonly string[]) => FakeWorker;
  /** Adds to what a listener has counted: so many connections, and bytes with them. */
  readonly serve: (worker: FakeWorker, listener: string, requests: number) => void;
  /** Changes how many clients a worker has; one that is replaced ends with the last, unless it is held. */
  readonly setClients: (worker: FakeWorker, clients: number) => void;
  /** Kills a worker. */
  readonly kill: (worker: FakeWorker) => void;
  /** Those that live. */
  readonly living: () => readonly FakeWorker[];
  /** What the master answers instead of the truth. */
  masterSays: SocketAnswer | undefined;
}

const columns = 'pxname,svname,status,weight,type,scur,stot,bin,bout,ereq';
const masterPid = 3_999;

/** Puts the workers of a load balancer on a machine of fakes. */
export function installWorkers(
  { runner, sockets }: { readonly runner: ScriptedRunner; readonly sockets: ScriptedSockets },
  paths: HaproxyPaths,
): ScriptedWorkers {
  let workers: readonly FakeWorker[] = [];
  let present: FakeWorker | undefined;
  const talks = new Map<FakeWorker, number>();

  const kill = (worker: FakeWorker): void => {
    workers = workers.filter((one) => one !== worker);
    if (present === worker) present = undefined;
    runner.endProcess(worker.pid);
  };
  const endIfDone = (worker: FakeWorker): void => {
    if (worker.isReplaced && worker.clients === 0 && (talks.get(worker) ?? 0) === 0) kill(worker);
  };
  const answer = (worker: FakeWorker, command: string): SocketAnswer | Promise<SocketAnswer> => {
    if (!workers.includes(worker)) return { refuse: 'EPIPE' };
    const said = worker.says?.(command);
    if (said instanceof Promise) return said.then((answer) => answer ?? truth(worker, command));
    return said ?? truth(worker, command);
  };
  const fake: ScriptedWorkers = {
    start: (...listeners) => {
      const process = runner.addProcess({ argv: ['haproxy'] });
      const worker: FakeWorker = {
        pid: process.pid,
        startTicks: process.startTicks,
        listeners: new Map(
          listeners.map((name) => [
            name,
            { bytesIn: 0, bytesOut: 0, connections: 0, requestErrors: 0, current: 0 },
          ]),
        ),
        clients: 0,
        isReplaced: false,
        says: undefined,
      };
      const before = present;
      workers = [...workers, worker];
      present = worker;
      if (before !== undefined) {
        before.isReplaced = true;
        endIfDone(before);
      }
      return worker;
    },
    serve: (worker, listener, requests) => {
      const counted = worker.listeners.get(listener);
      if (counted === undefined) throw new Error(`worker ${worker.pid} has no listener ${listener}`);
      counted.connections += requests;
      counted.bytesIn += 10 * requests;
      counted.bytesOut += 100 * requests;
    },
    setClients: (worker, clients) => {
      worker.clients = clients;
      endIfDone(worker);
    },
    kill,
    living: () => workers,
    masterSays: undefined,
  };

  sockets.script({
    answer: (line, path) => {
      if (path === paths.adminSocket) return { refuse: 'ECONNREFUSED' };
      if (path !== paths.masterSocket) return undefined;
      if (workers.length === 0) return { refuse: 'ECONNREFUSED' };
      if (fake.masterSays !== undefined) return fake.masterSays;
      if (line === 'show proc') return procTable(workers, present);
      const [, pid, command = ''] = /^@!(\d+) (.*)$/.exec(line) ?? [];
      const worker = workers.find((one) => String(one.pid) === pid);
      if (worker === undefined) return "Can't find the target PID matching the prefix\n";
      const said = answer(worker, command);
      if (said instanceof Promise) throw new Error('the master does not wait in this fake');
      return said;
    },
    behind: (path) => {
      const worker = path === paths.adminSocket ? present : undefined;
      return (
        worker && {
          answer: (line) => answer(worker, line),
          talks: (delta) => {
            talks.set(worker, (talks.get(worker) ?? 0) + delta);
            endIfDone(worker);
          },
        }
      );
    },
  });
  return fake;
}

function truth({ pid, clients, isReplaced, listeners }: FakeWorker, command: string): string {
  if (command === 'show info') return `Pid: ${pid}\nCurrConns: ${clients}\nStopping: ${Number(isReplaced)}\n`;
  if (!command.startsWith('show stat')) return '';
  const rows = [...listeners].flatMap(
    ([name, { current, connections, bytesIn, bytesOut, requestErrors }]) => [
      `${name},FRONTEND,${isReplaced ? 'STOP' : 'OPEN'},,0,${current},${connections},${bytesIn},${bytesOut},${requestErrors},`,
      `pool-${name},member,UP,1,2,0,0,0,0,,`,
      `pool-${name},BACKEND,UP,1,1,0,0,0,0,,`,
    ],
  );
  return [`# ${columns},`, ...rows, ''].join('\n');
}

function procTable(workers: readonly FakeWorker[], present: FakeWorker | undefined): string {
  const row = (pid: number, kind: string, reloads: number): string =>
    `${String(pid).padEnd(16)}${kind.padEnd(16)}${String(reloads).padEnd(16)}0d00h00m01s     2.6.12`;
  const old = workers.filter((one) => one !== present);
  return [
    '#<PID>          <type>          <reloads>       <uptime>        <version>      ',
    row(masterPid, 'master', old.length),
    '# workers',
    ...(present === undefined ? [] : [row(present.pid, 'worker', 0)]),
    ...(old.length > 0 ? ['# old workers', ...old.map(({ pid }) => row(pid, 'worker', 1))] : []),
    '# programs',
    '',
  ].join('\n');
}
