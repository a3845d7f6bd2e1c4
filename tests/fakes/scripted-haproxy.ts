// An haproxy by script, on top of the scripted runner and sockets and the files in memory: it checks, starts,
// reloads and answers as 2.6 does in master-worker mode. Its tables have the form that 2.6.12 prints.

import { fakeVersion, procTable } from '../../agent/testing/fake-haproxy/tables';
import type { MemoryFiles } from './memory-files';
import type { FakeProcess, ScriptedRunner } from './scripted-runner';
import { createScriptedServers, type ScriptedServers } from './scripted-servers';
import type { ScriptedSockets, SocketAnswer } from './scripted-socket';

/** `serves` after two polls, `hangs` without ever serving, or ends (`fails`) after printing. */
export type StartOutcome = 'serves' | 'hangs' | { readonly fails: string };
/** As above; after `fails` the old worker goes on, after `dies` the whole group is gone. */
export type ReloadOutcome = 'serves' | 'hangs' | { readonly fails: string } | { readonly dies: string };

export interface FakeGroup {
  readonly pid: number;
  readonly peer: string;
  readonly argv: readonly string[];
  /** The texts of the files that the present worker was started with. */
  serves: readonly string[];
  worker: number;
  oldWorkers: readonly { readonly pid: number; readonly since: number }[];
  reloads: number;
  failedReloads: number;
}

export interface ScriptedHaproxy {
  /** Refuses from now on what has `words` in it, in `-c` and at a start, printing `printed`; undefined accepts all again. */
  refuse(words: RegExp | undefined, printed?: string): void;
  nextStart(outcome: StartOutcome): void;
  nextReload(outcome: ReloadOutcome): void;
  /** Living groups no longer end on TERM. */
  ignoreTerm(): void;
  /** What `show stat` answers. */
  setStats(csv: string): void;
  /** What `show servers state` answers, instead of what the texts configure and operators have set. */
  setServersState(table: string): void;
  /** From now on this old worker is a process of its master's, with so many sessions. */
  linger(pid: number, sessions: number): void;
  /** What the worker of every group answers instead of `show info`; undefined is the truth again. */
  setInfo(answer: SocketAnswer | undefined): void;
  /** The living groups. */
  groups(): readonly FakeGroup[];
}

interface Group extends FakeGroup {
  /** Its entry in the table of processes: another one under the same pid is somebody else. */
  readonly process: FakeProcess;
  readonly files: readonly string[];
  readonly masterSocket: string;
  adminSocket: string;
  /** As the present worker has them. */
  servers: ScriptedServers;
  readonly log: string;
  /** Requests that still find nobody listening. */
  absences: number;
  isHanging: boolean;
}

const firstPolls = 2;
const uptimeMs = 1_000;

/** Puts an haproxy on a machine of fakes; `binary` is the path it lies at. */
export function installHaproxy(
  { files, runner, sockets }: { files: MemoryFiles; runner: ScriptedRunner; sockets: ScriptedSockets },
  binary = '/usr/sbin/haproxy',
): ScriptedHaproxy {
  const known = new Map<number, Group>();
  const starts: StartOutcome[] = [];
  const reloads: ReloadOutcome[] = [];
  const state = {
    words: undefined as RegExp | undefined,
    printed: '',
    stats: '',
    serversState: undefined as string | undefined,
    sessions: new Map<number, number>(),
    info: undefined as SocketAnswer | undefined,
    heedsTerm: true,
    lastWorker: 5000,
  };

  const living = (): Group[] =>
    [...known.values()].filter(({ process, argv }) =>
      runner.processes().some((each) => each === process && each.argv === argv && each.state !== 'Z'),
    );
  const read = (paths: readonly string[]): readonly string[] =>
    paths.map((path) => files.snapshot()[path] ?? `no file ${path}`);
  const isRefused = (texts: readonly string[]): boolean =>
    texts.some((text) => text.startsWith('no file ') || state.words?.test(text) === true);
  const print = (path: string, text: string): void => {
    files.plant(path, `${files.snapshot()[path] ?? ''}${text}\n`, 0o600);
  };

  const start = (argv: readonly string[], logPath: string): { code: number } | object => {
    const process = runner.processes().findLast((each) => each.argv === argv);
    if (process === undefined) throw new Error('the runner has not started it');
    // `ip netns exec` replaces itself by the program.
    process.argv = argv.slice(argv.indexOf(binary));
    const outcome = starts.shift() ?? 'serves';
    const group = groupOf(process, logPath, read(valuesOf(argv, '-f')));
    if (isRefused(group.serves)) {
      print(logPath, state.printed);
      return { code: 1 };
    }
    if (typeof outcome === 'object') {
      print(logPath, outcome.fails);
      return { code: 1 };
    }
    group.isHanging = outcome === 'hangs';
    known.set(process.pid, group);
    for (const path of [group.adminSocket, group.masterSocket]) files.plantOther(path, 'socket');
    files.plant(valuesOf(argv, '-p')[0] ?? '', `${process.pid}\n`);
    return {};
  };

  const groupOf = (process: FakeProcess, log: string, serves: readonly string[]): Group => ({
    process,
    pid: process.pid,
    peer: valuesOf(process.argv, '-L')[0] ?? '',
    argv: process.argv,
    files: valuesOf(process.argv, '-f'),
    masterSocket: (valuesOf(process.argv, '-S')[0] ?? '').split(',')[0] ?? '',
    adminSocket: adminSocketIn(serves),
    servers: createScriptedServers(serves),
    log,
    serves,
    worker: ++state.lastWorker,
    oldWorkers: [],
    reloads: 0,
    failedReloads: 0,
    absences: firstPolls,
    isHanging: false,
  });

  const reload = (group: Group): void => {
    const outcome = reloads.shift() ?? 'serves';
    group.reloads += 1;
    group.absences = firstPolls;
    const texts = read(group.files);
    if (typeof outcome === 'object' || isRefused(texts)) {
      const printed = typeof outcome === 'string' ? state.printed : Object.values(outcome).join('');
      print(group.log, printed);
      group.failedReloads += 1;
      if (typeof outcome === 'object' && 'dies' in outcome) runner.endProcess(group.pid, { code: 1 });
      return;
    }
    if (outcome === 'hangs') {
      group.isHanging = true;
      return;
    }
    group.oldWorkers = [...group.oldWorkers, { pid: group.worker, since: group.reloads - 1 }];
    group.worker = ++state.lastWorker;
    group.failedReloads = 0;
    group.serves = texts;
    group.adminSocket = adminSocketIn(texts);
    group.servers = createScriptedServers(texts);
  };

  const answer = (path: string, line: string): SocketAnswer => {
    const group = living().find((each) => each.masterSocket === path || each.adminSocket === path);
    if (group === undefined)
      return { refuse: files.snapshot()[path] === undefined ? 'ENOENT' : 'ECONNREFUSED' };
    if (group.absences > 0) {
      group.absences -= 1;
      return { refuse: 'ECONNREFUSED' };
    }
    // Several commands of one line, each with its prefix.
    if (path === group.masterSocket && line.includes(';')) {
      return line
        .split(';')
        .map((each) => answer(path, each))
        .reduce((all, each) => (typeof all === 'string' && typeof each === 'string' ? all + each : each));
    }
    const [, worker, command = line] = /^@(1|!\d+) (.*)$/.exec(line) ?? [];
    if (path === group.masterSocket && worker === undefined)
      return line === 'show proc' ? showProc(group) : 'Unknown command\n';
    const old = group.oldWorkers.find(({ pid }) => worker === `!${pid}`);
    if (old !== undefined && command === 'show info' && state.sessions.has(old.pid))
      return `Pid: ${old.pid}\nCurrConns: ${state.sessions.get(old.pid)}\nStopping: 1\n\n`;
    if (worker?.startsWith('!') === true && worker !== `!${group.worker}`)
      return "Can't find the target PID matching the prefix\n";
    if (group.isHanging) return { silent: true };
    if (command === 'show info')
      return state.info ?? `Name: HAProxy\nVersion: ${fakeVersion}\nPid: ${group.worker}\n\n`;
    if (command === 'show servers state' && state.serversState !== undefined) return state.serversState;
    if (command === 'show stat') return state.stats;
    return group.servers.answer(command) ?? 'Unknown command\n';
  };

  sockets.script({ answer: (line, path) => answer(path, line) });
  runner.script({
    match: new RegExp(`${binary} -c `),
    result: (argv) =>
      isRefused(read(valuesOf(argv, '-f')))
        ? { code: 1, stderr: `${state.printed}\n` }
        : { code: 0, stdout: 'Configuration file is valid\n' },
  });
  runner.script({
    match: new RegExp(`${binary} -v$`),
    result: { stdout: `HAProxy version ${fakeVersion} 2023\n` },
  });
  runner.script({
    match: new RegExp(`${binary} -Ws `),
    result: (argv, { logPath }) => start(argv, logPath ?? ''),
    onSignal: (signal, process) => {
      const group = known.get(process.pid);
      if (signal === 'SIGUSR2' && group !== undefined) reload(group);
      if (signal === 'SIGTERM' && state.heedsTerm) runner.endProcess(process.pid, { code: 143 });
    },
  });

  const linger = (pid: number, sessions: number): void => {
    const group = living().find(({ oldWorkers }) => oldWorkers.some((old) => old.pid === pid));
    if (group === undefined) throw new Error(`${pid} is no old worker`);
    state.sessions.set(pid, sessions);
    if (runner.processes().some((process) => process.pid === pid)) return;
    const onSignal = (): void => {
      group.oldWorkers = group.oldWorkers.filter((old) => old.pid !== pid);
      runner.endProcess(pid);
    };
    runner.addProcess({ pid, argv: group.argv, onSignal });
    files.plant(`/proc/${pid}/stat`, `${pid} (haproxy) S ${group.pid} ${group.pid} 0`);
  };

  return {
    linger,
    refuse: (words, printed = '') => Object.assign(state, { words, printed }),
    nextStart: (outcome) => starts.push(outcome),
    nextReload: (outcome) => reloads.push(outcome),
    ignoreTerm: () => Object.assign(state, { heedsTerm: false }),
    setStats: (stats) => Object.assign(state, { stats }),
    setServersState: (serversState) => Object.assign(state, { serversState }),
    setInfo: (info) => Object.assign(state, { info }),
    groups: living,
  };
}

function valuesOf(argv: readonly string[], option: string): readonly string[] {
  return argv.filter((_, index) => argv[index - 1] === option);
}

function adminSocketIn(texts: readonly string[]): string {
  return /^ *stats socket (\S+) .*level admin/m.exec(texts.join('\n'))?.[1] ?? '';
}

function showProc(group: Group): string {
  const failed = group.failedReloads > 0 ? ` [failed: ${group.failedReloads}]` : '';
  const row = (pid: number, reloads: number | string) => ({ pid, reloads: String(reloads), startedMs: 0 });
  return procTable(
    row(group.pid, `${group.reloads}${failed}`),
    row(group.worker, group.failedReloads),
    group.oldWorkers.map(({ pid, since }) => row(pid, group.reloads - since)),
    uptimeMs,
  );
}
