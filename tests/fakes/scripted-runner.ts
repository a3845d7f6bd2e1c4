// Programs and processes by script: rules say what a command answers, a table holds the processes that
// "run". The transcript reads as a person would type it; a command without a rule is a failure.

import { posix } from 'node:path';
import type {
  DetachedOptions,
  ProcessExit,
  ProcessIdentity,
  ProcessRunner,
  RunOptions,
  RunResult,
  Signal,
} from '../../agent/host/process';
import { cannotStart, refuseSignal } from '../../agent/host/node/process-errors';

export type ScriptedOptions = RunOptions & Partial<DetachedOptions>;
export type OnSignal = (signal: Signal, process: FakeProcess) => void;
export type ScriptedResult =
  | Partial<RunResult>
  | ((argv: readonly string[], options: ScriptedOptions) => Partial<RunResult> | Promise<Partial<RunResult>>);

export interface RunnerRule {
  /** Tried against the argv joined by blanks; the first rule that matches answers. */
  readonly match: RegExp;
  /** Parts of the result; what is left out is a silent success. A start ends at once when it names `code` or `signal`, else it goes on running. */
  readonly result?: ScriptedResult;
  /** The errno with which the program cannot be started, e.g. `ENOENT`. */
  readonly cannotStart?: string;
  /** How a process that this rule starts takes a signal; see FakeProcess. */
  readonly onSignal?: OnSignal;
}

export interface FakeProcess {
  readonly pid: number;
  readonly startTicks: string;
  argv: readonly string[];
  state: string;
  /** What was executed; follows argv[0] unless a test says otherwise. */
  name: string | undefined;
  userId: number;
  leadsSession: boolean;
  isContained: boolean;
  /** Takes every signal but SIGKILL. Without it, a signal does what the kernel does by default: it ends the process. */
  onSignal: OnSignal | undefined;
}

export interface ScriptedRunner extends ProcessRunner {
  /** Every command, start and signal so far, one line each. */
  readonly transcript: readonly string[];
  /** Commands that no rule matched: in case the code under test swallowed the failure. */
  readonly unscripted: readonly string[];
  /** Adds a rule before all others. */
  script(rule: RunnerRule): void;
  /** Adds a process that the code under test did not start; pid and start time are chosen when left out. */
  addProcess(process: Partial<FakeProcess> & Pick<FakeProcess, 'argv'>): FakeProcess;
  /** Ends a process; as a zombie it stays visible, in state Z and without argv, until ended again. */
  endProcess(pid: number, exit?: Partial<ProcessExit>, as?: 'reaped' | 'zombie'): void;
  /** The processes in the table. */
  processes(): readonly FakeProcess[];
}

const silentSuccess: RunResult = {
  code: 0,
  signal: null,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
};

/** Makes a runner that answers by `rules`; what it starts belongs to `userId`. */
export function createScriptedRunner(
  rules: readonly RunnerRule[] = [],
  { userId = 0 }: { readonly userId?: number } = {},
): ScriptedRunner {
  const script = [...rules];
  const transcript: string[] = [];
  const unscripted: string[] = [];
  const table = new Map<number, FakeProcess>();
  const exits = new Map<number, (exit: ProcessExit) => void>();
  let lastPid = 1000;

  const ruleFor = (argv: readonly string[]): RunnerRule => {
    const line = argv.join(' ');
    const rule = script.find(({ match }) => match.test(line));
    if (rule === undefined) {
      unscripted.push(line);
      throw new Error(`no rule of the scripted runner matches: ${line}`);
    }
    if (rule.cannotStart !== undefined) {
      const thrown = Object.assign(new Error(rule.cannotStart), { code: rule.cannotStart });
      throw cannotStart(argv[0] ?? '', thrown);
    }
    return rule;
  };

  const answer = async (rule: RunnerRule, argv: readonly string[], options: ScriptedOptions) =>
    typeof rule.result === 'function' ? await rule.result(argv, options) : rule.result;

  const addProcess: ScriptedRunner['addProcess'] = (process) => {
    const pid = process.pid ?? ++lastPid;
    const added: FakeProcess = {
      pid,
      startTicks: process.startTicks ?? String(pid * 100),
      argv: process.argv,
      state: process.state ?? 'S',
      name: process.name,
      userId: process.userId ?? userId,
      leadsSession: process.leadsSession ?? true,
      isContained: process.isContained ?? false,
      onSignal: process.onSignal,
    };
    table.set(pid, added);
    return added;
  };

  const endProcess: ScriptedRunner['endProcess'] = (pid, exit = { code: 0 }, as = 'reaped') => {
    const process = table.get(pid);
    if (process === undefined) return;
    if (as === 'reaped') table.delete(pid);
    process.state = 'Z';
    process.argv = [];
    exits.get(pid)?.({ code: null, signal: null, ...exit });
    exits.delete(pid);
  };

  const deliver = (process: FakeProcess, signal: Signal): void => {
    if (process.state === 'Z') return;
    if (process.onSignal !== undefined && signal !== 'SIGKILL') process.onSignal(signal, process);
    else if (signal === 'SIGSTOP') process.state = 'T';
    else if (signal === 'SIGCONT') process.state = 'S';
    else endProcess(process.pid, { signal });
  };

  const send = (verb: string, pid: number, signal: Signal, startTicks: string | undefined): boolean => {
    refuseSignal(pid);
    if (startTicks !== undefined && table.get(pid)?.startTicks !== startTicks) return false;
    transcript.push(`${verb} ${signal} ${pid}`);
    const process = table.get(pid);
    if (process === undefined) return false;
    deliver(process, signal);
    return true;
  };

  return {
    transcript,
    unscripted,
    script: (rule) => script.unshift(rule),
    addProcess,
    endProcess,
    processes: () => [...table.values()],

    async run(argv, options = {}) {
      transcript.push(argv.join(' '));
      return { ...silentSuccess, ...(await answer(ruleFor(argv), argv, options)) };
    },

    async startDetached(argv, options) {
      transcript.push(`start ${argv.join(' ')}`);
      const rule = ruleFor(argv);
      const { pid } = addProcess({ argv, onSignal: rule.onSignal });
      const exited = new Promise<ProcessExit>((resolve) => exits.set(pid, resolve));
      const { code = null, signal = null } = (await answer(rule, argv, options)) ?? {};
      if (code !== null || signal !== null) endProcess(pid, { code, signal });
      return { pid, exited };
    },

    signal: (pid, signal, startTicks) => send('signal', pid, signal, startTicks),
    // The fake has no groups: a leader stands for its own.
    signalGroup: (pid, signal, startTicks) => send('signal group', pid, signal, startTicks),

    glance(pid) {
      const process = table.get(pid);
      return process && { startTicks: process.startTicks, state: process.state };
    },

    processesOf: (program) =>
      Promise.resolve(
        [...table.values()].filter(({ argv }) => posix.basename(argv[0] ?? '') === program).map(identityOf),
      ),

    identify(pid) {
      const process = table.get(pid);
      return Promise.resolve(process && identityOf(process));
    },
  };
}

function identityOf(process: FakeProcess): ProcessIdentity {
  const { pid, startTicks, state, userId, leadsSession, isContained, argv } = process;
  const name = (process.name ?? argv[0]?.split('/').at(-1) ?? '').slice(0, 15);
  return { pid, startTicks, state, name, userId, leadsSession, isContained, argv };
}
