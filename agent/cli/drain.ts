// `amphorad drain`, `ready` and `maint`: what a server takes, and with --wait until its last session has ended. Source:
// docs/cli.md, contract/runtime.md section 6.1.

import type { ConfigSources } from '../config/sources';
import type { Clock } from '../host/clock';
import { isAgentError } from '../model/errors';
import { ageOf, counted } from './columns';
import type { LocalAgent } from './local-agent';
import { withLocalAgent, type CommandDeps } from './local-command';
import {
  beginDrain,
  cancelDrain,
  findInstance,
  parseServerName,
  readDrain,
  setServer,
  type DrainProgress,
  type DrainWish,
  type ServerPath,
} from './runtime-api';

export interface ServerOptions {
  readonly sources: ConfigSources;
  readonly action: 'drain' | 'ready' | 'maint';
  /** `BACKEND/SERVER`. */
  readonly target: string;
  readonly instance: string | undefined;
  /** Of `drain`: until its sessions have ended. */
  readonly wait: DrainWish | undefined;
  readonly json: boolean;
  readonly isTerminal: boolean;
}

export interface ServerDeps extends CommandDeps {
  readonly clock: Clock;
  /** Ends waiting. */
  readonly signal: AbortSignal;
}

const everyMs = 500;
const timeoutStatus = 2;
const barWidth = 30;

/** Sets what a server takes. Exit status 0: done; 1: not; 2: sessions were left when the time was over; 3: no agent. */
export function runServerAction(options: ServerOptions, deps: ServerDeps): Promise<number> {
  const name = parseServerName(options.target);
  return withLocalAgent(options.sources, deps, async (agent) => {
    const instance = options.instance ?? (await findInstance(agent, name));
    const server = { ...name, instance };
    if (options.wait !== undefined) return drainAndWait(agent, server, options.wait, options, deps);
    await setServer(agent, server, options.action);
    const { backend, server: own } = name;
    deps.print(
      options.json
        ? `${JSON.stringify({ instance, backend, server: own, action: options.action })}\n`
        : `${options.target} of ${instance}: ${meaning[options.action]}\n`,
    );
    return 0;
  });
}

const meaning = {
  drain: 'drain, no new sessions but those with its cookie; running ones go on',
  ready: 'ready, takes sessions',
  maint: 'maint, no new sessions at all; running ones go on',
} as const;

async function drainAndWait(
  agent: LocalAgent,
  server: ServerPath,
  wish: DrainWish,
  options: ServerOptions,
  deps: ServerDeps,
): Promise<number> {
  const operation = await beginDrain(agent, server, wish);
  const show = createProgress(options, deps);
  for (;;) {
    const progress = await readDrain(agent, operation);
    show(progress);
    if (progress.state !== 'waiting') return ended(progress, server, options, wish, deps);
    await deps.clock.sleep(everyMs, deps.signal).catch(() => undefined);
    if (deps.signal.aborted) return interrupted(agent, operation, options, deps);
  }
}

/** A bar on a terminal, a line at each change otherwise. */
function createProgress({ json, isTerminal, target }: ServerOptions, { print }: ServerDeps) {
  let before = '';
  let isWarned = false;
  return (progress: DrainProgress): void => {
    const { state, sessions, sessionsAtStart, elapsedS, isSticky } = progress;
    if (json) {
      const line = JSON.stringify({ state, sessions, sessionsAtStart, elapsedS, isSticky });
      const news = `${state} ${sessions}`;
      if (news !== before) print(`${line}\n`);
      before = news;
      return;
    }
    if (isSticky && !isWarned) {
      print(
        `${target}: its backend has a cookie; clients that carry it still come until the server is in maint\n`,
      );
      isWarned = true;
    }
    const words = `${sessions} of ${counted(Math.max(sessionsAtStart, sessions), 'session')} left, ${ageOf(elapsedS)}`;
    if (isTerminal) print(`\r${barOf(progress)} ${words}\u001b[K`);
    else if (String(sessions) !== before) print(`${target}: ${words}\n`);
    before = String(sessions);
  };
}

function barOf({ sessions, sessionsAtStart }: DrainProgress): string {
  const all = Math.max(sessionsAtStart, sessions, 1);
  const done = Math.round(((all - sessions) / all) * barWidth);
  return `[${'#'.repeat(done)}${'.'.repeat(barWidth - done)}]`;
}

function ended(
  { state, sessions, elapsedS, cut, reason }: DrainProgress,
  { server, backend }: ServerPath,
  { json, isTerminal }: ServerOptions,
  { then }: DrainWish,
  { print }: ServerDeps,
): number {
  const status = state === 'completed' ? 0 : state === 'timeout' ? timeoutStatus : 1;
  if (json) return status;
  const name = `${backend}/${server}`;
  const words = {
    completed: `${name}: drained in ${ageOf(elapsedS)}${then === 'maint' ? ', now in maint' : ''}`,
    timeout:
      cut > 0
        ? `${name}: the time is over; ${counted(cut, 'session')} that were left have been cut`
        : `${name}: the time is over with ${counted(sessions, 'session')} left; it goes on draining. Undo: amphorad ready ${name}`,
    cancelled: `${name}: not drained: ${reason === '' ? 'somebody else changed it meanwhile' : reason}`,
    failed: `${name}: failed${reason === '' ? '' : `: ${reason}`}`,
    waiting: '',
  };
  print(`${isTerminal ? '\n' : ''}${words[state]}\n`);
  return status;
}

async function interrupted(
  agent: LocalAgent,
  operation: string,
  { target, json, isTerminal }: ServerOptions,
  { print }: ServerDeps,
): Promise<number> {
  try {
    // Whatever was to follow shall not: nobody watches any more.
    await cancelDrain(agent, operation);
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
  }
  if (!json) print(`${isTerminal ? '\n' : ''}${target}: stays draining. Undo: amphorad ready ${target}\n`);
  return 1;
}
