// Lines to syslog through one long-lived logger(1) that is looked after. What a syslog daemon's restart asks for:
// INVARIANTS
// - The caller never waits: lines stand in a bounded queue while the child lags or is being started again.
// - A child counts as serving only once it has lived for `settleMs`: logger connects first, and ends when it cannot.
//   Lines given to one that ended sooner are kept and written elsewhere.
// - While none serves (an outage) lines go to the fallback at once, and one warning says so.

import type { LogFields, LogLevel } from '../log';
import { createBoundedQueue } from './bounded-queue';
import type { BoundedQueue } from './bounded-queue';
import type { LoggerEvents, LoggerRun } from './logger-process';
import type { LogLine, LogSink } from './stderr-sink';

export interface SyslogTiming {
  /** Milliseconds before the first restart; doubles up to `maxMs`. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Milliseconds of life after which a child has surely connected. */
  readonly settleMs: number;
  /** Milliseconds of life after which the back-off starts anew and the next outage may warn again. */
  readonly steadyMs: number;
}

export interface SyslogOptions {
  readonly start: (events: LoggerEvents) => LoggerRun;
  /** Says why there is nobody to send to, before a child is spent on it; undefined when there is. */
  readonly obstacle: () => string | undefined;
  readonly priority: (level: LogLevel) => number;
  readonly fallback: LogSink;
  readonly notice: (level: LogLevel, message: string, fields: LogFields) => LogLine;
  readonly timing?: Partial<SyslogTiming>;
  /** Lines that may wait. Default 1,000. */
  readonly capacity?: number;
}

export interface SyslogSink extends LogSink {
  /** Replaces the child by a new one, or tries again at once when there is none. */
  reopen(): void;
}

const defaultTiming: SyslogTiming = { firstMs: 1_000, maxMs: 60_000, settleMs: 1_000, steadyMs: 60_000 };
const defaultCapacity = 1_000;
// A child that comes up and dies this often in a row is an outage too.
const patience = 3;

interface State {
  readonly options: SyslogOptions;
  readonly timing: SyslogTiming;
  readonly capacity: number;
  readonly queue: BoundedQueue<LogLine>;
  /** Lines given to a child that has not settled. */
  entrusted: LogLine[];
  run: LoggerRun | undefined;
  settled: boolean;
  blocked: boolean;
  outage: boolean;
  warned: boolean;
  failures: number;
  startedAt: number;
  settleTimer: NodeJS.Timeout | undefined;
  retryTimer: NodeJS.Timeout | undefined;
  closing: boolean;
  onEmptied: () => void;
}

/** Makes a sink that starts its child with the first line. */
export function createSyslogSink(options: SyslogOptions): SyslogSink {
  const capacity = options.capacity ?? defaultCapacity;
  const state: State = {
    options,
    timing: { ...defaultTiming, ...options.timing },
    capacity,
    queue: createBoundedQueue<LogLine>(capacity),
    entrusted: [],
    run: undefined,
    settled: false,
    blocked: false,
    outage: false,
    warned: false,
    failures: 0,
    startedAt: 0,
    settleTimer: undefined,
    retryTimer: undefined,
    closing: false,
    onEmptied: () => undefined,
  };
  let closed: Promise<void> | undefined;
  return {
    write: (line) => {
      if (state.outage || state.closing) {
        options.fallback.write(line);
        return;
      }
      state.queue.push(line);
      if (state.run === undefined && state.retryTimer === undefined) start(state);
      pump(state);
    },
    reopen: () => reopen(state),
    close: (deadlineMs) => (closed ??= close(state, deadlineMs)),
  };
}

function start(state: State): void {
  state.retryTimer = undefined;
  const obstacle = state.options.obstacle();
  if (obstacle !== undefined) {
    failed(state, obstacle);
    return;
  }
  const run = state.options.start({
    onDrain: () => {
      if (state.run !== run) return;
      state.blocked = false;
      pump(state);
    },
    onEnd: (reason, isClean) => {
      if (state.run !== run) return;
      if (isClean) state.entrusted = [];
      failed(state, reason);
    },
  });
  state.run = run;
  state.settled = false;
  state.blocked = false;
  state.startedAt = performance.now();
  state.settleTimer = setTimeout(settle, state.timing.settleMs, state);
  state.settleTimer.unref();
  pump(state);
}

function settle(state: State): void {
  state.settled = true;
  state.entrusted = [];
  if (state.outage) {
    state.outage = false;
    state.queue.push(state.options.notice('info', 'syslog is available again', {}));
  }
  pump(state);
}

function pump(state: State): void {
  const { run } = state;
  if (run === undefined) return;
  while (!state.blocked && state.entrusted.length < state.capacity) {
    const line = nextLine(state);
    if (line === undefined) break;
    if (!state.settled) state.entrusted.push(line);
    state.blocked = !run.write(`<${state.options.priority(line.level)}>${line.text}\n`);
  }
  if (state.closing && state.queue.size() === 0) run.end();
}

function nextLine({ queue, capacity, options }: State): LogLine | undefined {
  if (queue.dropped() > 0 && queue.size() <= capacity / 2) {
    return options.notice('warning', 'log lines were dropped', { dropped: queue.takeDropped() });
  }
  return queue.shift();
}

function failed(state: State, reason: string): void {
  const { timing } = state;
  clearTimeout(state.settleTimer);
  const served = state.run !== undefined && state.settled;
  state.run = undefined;
  if (served && performance.now() - state.startedAt >= timing.steadyMs) {
    state.failures = 0;
    state.warned = false;
  }
  if (state.closing) {
    state.onEmptied();
    return;
  }
  if (!served || state.failures >= patience) beginOutage(state, reason);
  const delayMs = Math.min(timing.firstMs * 2 ** state.failures, timing.maxMs);
  state.failures += 1;
  state.retryTimer = setTimeout(start, delayMs, state);
  state.retryTimer.unref();
}

function beginOutage(state: State, reason: string): void {
  const { fallback, notice } = state.options;
  state.outage = true;
  if (!state.warned) {
    state.warned = true;
    fallback.write(notice('warning', 'syslog is not available, logging to stderr', { reason }));
  }
  handOver(state);
}

function handOver(state: State): void {
  const { fallback } = state.options;
  for (const line of state.entrusted) fallback.write(line);
  state.entrusted = [];
  for (let line = nextLine(state); line !== undefined; line = nextLine(state)) fallback.write(line);
}

function reopen(state: State): void {
  // A child that has not settled was opened a moment ago.
  if (state.closing || (state.run !== undefined && !state.settled)) return;
  clearTimeout(state.retryTimer);
  state.run?.end();
  state.run = undefined;
  state.failures = 0;
  state.warned = false;
  start(state);
}

async function close(state: State, deadlineMs: number): Promise<void> {
  const until = performance.now() + deadlineMs;
  state.closing = true;
  clearTimeout(state.retryTimer);
  await emptied(state, deadlineMs);
  state.run = undefined;
  handOver(state);
  await state.options.fallback.close(Math.max(0, until - performance.now()));
}

function emptied(state: State, deadlineMs: number): Promise<void> {
  const { run } = state;
  if (run === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    // Not unref'd: it is what keeps the process here until the last lines are out.
    const timer = setTimeout(() => {
      run.kill();
      resolve();
    }, deadlineMs);
    state.onEmptied = () => {
      clearTimeout(timer);
      resolve();
    };
    pump(state);
  });
}
