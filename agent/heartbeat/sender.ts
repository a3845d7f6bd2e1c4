// Sends a heartbeat every interval, measured from start to start on the monotonic clock, to one controller in turn.
// Source: contract/heartbeat.md "Timing", "Counters over reloads and crashes", "Message".

import type { Statistics } from '../core/stats';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { Udp } from '../host/sockets';
import { AgentError, messageOf } from '../model/errors';
import type { Finding, FindProblems } from '../model/finding';
import type { HealthSample, HealthSource } from '../model/health';
import { createFitting, type Fitted, type Step } from './fit';
import { createHurry, type Hurry } from './hurry';
import { createPieceWriter, type Pieces } from './message';
import { createTurns, type Target } from './targets';

/** As the configuration words them; read at each message. */
export interface HeartbeatOptions {
  readonly controller_ip_port_list: readonly Target[];
  /** Seconds. */
  readonly heartbeat_interval: number;
  readonly heartbeat_key: string | undefined;
}

export interface HeartbeatSender {
  /** Sends until aborted, the first message at once. Resolves when the last one is over; never throws. */
  run(signal: AbortSignal): Promise<void>;
  /** Has a message sent before its time, because what it tells has just changed; the rhythm stays as it is. */
  sendNow(): void;
  readonly findings: FindProblems;
  readonly figures: () => HeartbeatFigures;
}

/** What became of all messages so far, and how the last one was made to fit. */
export interface HeartbeatFigures {
  readonly sent: number;
  readonly failed: number;
  readonly bytes: number;
  readonly step: Step;
  readonly poolsLeftOut: number;
  /** Monotonic milliseconds at which the last round was over, one without anybody to tell included; undefined before the first. */
  readonly lastRoundMs: number | undefined;
}

export interface HeartbeatSenderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly udp: Udp;
  readonly health: HealthSource;
  readonly statistics: Statistics;
  readonly amphoraId: string;
  readonly options: () => HeartbeatOptions;
  /** Whether this amphora may say that it lives: not when keepalived should run and does not. */
  readonly mayReport: () => Promise<boolean>;
}

interface Trouble {
  silenced: boolean;
  /** By controller: one that cannot be reached must not look like news whenever another was. `''`: what comes before sending. */
  readonly sendErrors: Map<string, string>;
  step: Step;
  leftOut: number;
  sent: number;
  failed: number;
  bytes: number;
  lastRoundMs: number | undefined;
}

// So that a list that was empty is heeded soon.
const idleMs = 1_000;

/** Makes the sender. */
export function createHeartbeatSender(deps: HeartbeatSenderDeps): HeartbeatSender {
  const { log, options } = deps;
  const turns = createTurns();
  const fitting = createFitting();
  const writePieces = createPieceWriter();
  const trouble = noTrouble();
  const hurry = createHurry();
  let seq = 0;

  async function sendOne(): Promise<void> {
    const targets = options().controller_ip_port_list;
    forgetOthers(trouble, targets);
    const target = turns(targets);
    if (target === undefined || !(await isAllowed(deps, trouble))) return;
    await deps.statistics.load();
    const sample = await deps.health.sample();
    const pieces = writePieces(sample, deps.statistics.untold(sample));
    const fitted = await fit(sample, pieces);
    noteStep(fitted, trouble, log);
    try {
      await deps.udp.send(target, fitted.envelope);
      fitting.sent(fitted, pieces);
      trouble.sent += 1;
      trouble.bytes += fitted.envelope.length;
      noteSent(trouble, log, nameOf(target));
    } catch (thrown) {
      if (fitted.withStats) deps.statistics.takeBack();
      noteFailure(trouble, log, nameOf(target), messageOf(thrown));
    }
  }

  /** Recorded as told before it is sent; what cannot be recorded is not told. */
  async function fit(sample: HealthSample, pieces: Pieces): Promise<Fitted> {
    const frame = { amphoraId: deps.amphoraId, seq };
    seq += 1;
    const key = options().heartbeat_key ?? '';
    const fitted = fitting.fit(frame, pieces, key);
    const isTold = fitted?.withStats !== true || (await deps.statistics.tell(sample));
    const sendable = isTold ? fitted : fitting.fit(frame, pieces, key, false);
    if (sendable !== undefined) return sendable;
    throw new AgentError('unavailable', `${pieces.listeners.length} listeners do not fit a datagram`);
  }

  async function sendSafely(): Promise<void> {
    try {
      await sendOne();
    } catch (thrown) {
      noteFailure(trouble, log, '', messageOf(thrown));
    } finally {
      trouble.lastRoundMs = deps.clock.monotonic();
    }
  }

  return {
    findings: () => Promise.resolve(findingsOf(trouble)),
    figures: () => figuresOf(trouble),
    sendNow: () => hurry.ask(),
    run: (signal) => keepRhythm(deps, hurry, sendSafely, signal),
  };
}

function noTrouble(): Trouble {
  const counts = { sent: 0, failed: 0, bytes: 0, lastRoundMs: undefined };
  return { ...counts, silenced: false, sendErrors: new Map(), step: 1, leftOut: 0 };
}

function figuresOf({ sent, failed, bytes, step, leftOut, lastRoundMs }: Trouble): HeartbeatFigures {
  return { sent, failed, bytes, step, poolsLeftOut: leftOut, lastRoundMs };
}

async function keepRhythm(
  deps: HeartbeatSenderDeps,
  hurry: Hurry,
  send: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, options } = deps;
  let dueMs = clock.monotonic();
  while (!signal.aborted) {
    await send();
    const isIdle = options().controller_ip_port_list.length === 0;
    const intervalMs = isIdle ? idleMs : options().heartbeat_interval * 1_000;
    dueMs += intervalMs;
    const nowMs = clock.monotonic();
    // After a standstill the rhythm goes on; what was missed is not made up for.
    if (dueMs < nowMs) dueMs += Math.ceil((nowMs - dueMs) / intervalMs) * intervalMs;
    while (await hurry.during(signal, (until) => sleepUntil(deps, dueMs, until))) await send();
  }
}

/** A change of the interval is heeded from the next message on. */
async function sleepUntil({ clock }: HeartbeatSenderDeps, dueMs: number, signal: AbortSignal): Promise<void> {
  try {
    // Timers are early by up to a millisecond.
    for (let leftMs = dueMs - clock.monotonic(); leftMs > 0; leftMs = dueMs - clock.monotonic()) {
      await clock.sleep(Math.ceil(leftMs), signal);
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

async function isAllowed({ mayReport, log }: HeartbeatSenderDeps, trouble: Trouble): Promise<boolean> {
  const silenced = !(await mayReport());
  if (silenced !== trouble.silenced) {
    if (silenced) log.error('keepalived is configured and does not run: no heartbeats are sent');
    else log.info('keepalived runs: heartbeats are sent again');
  }
  trouble.silenced = silenced;
  return !silenced;
}

function noteStep({ step, leftOut }: Fitted, trouble: Trouble, log: Log): void {
  if (step !== trouble.step) {
    const level = step > trouble.step ? 'warning' : 'info';
    log[level]('heartbeats change their size', { from: trouble.step, to: step, poolsLeftOut: leftOut });
  }
  trouble.step = step;
  trouble.leftOut = leftOut;
}

function noteFailure(trouble: Trouble, log: Log, to: string, error: string): void {
  const { sendErrors } = trouble;
  trouble.failed += 1;
  if (sendErrors.get(to) !== error) log.warning('heartbeat not sent', { error });
  sendErrors.set(to, error);
}

function noteSent({ sendErrors }: Trouble, log: Log, to: string): void {
  const wasFailing = [sendErrors.delete(to), sendErrors.delete('')].includes(true);
  if (wasFailing) log.info('heartbeats are sent again', { to });
}

function forgetOthers({ sendErrors }: Trouble, targets: readonly Target[]): void {
  const names = new Set(targets.length === 0 ? [] : ['', ...targets.map(nameOf)]);
  for (const name of sendErrors.keys()) if (!names.has(name)) sendErrors.delete(name);
}

function nameOf({ address, port, zone }: Target): string {
  return `${address}${zone === undefined ? '' : `%${zone}`} ${port}`;
}

function findingsOf({ silenced, sendErrors, step, leftOut }: Trouble): readonly Finding[] {
  const found: Finding[] = [];
  if (silenced) {
    found.push({
      check: 'heartbeat',
      severity: 'error',
      what: 'no heartbeats are sent: keepalived is configured and does not run',
      why: 'the controller is to fail this amphora over, because the VIP may be nowhere',
      todo: 'start keepalived, or remove its configuration',
    });
  }
  for (const sendError of sendErrors.values()) {
    found.push({
      check: 'heartbeat',
      severity: 'error',
      what: `heartbeats cannot be sent: ${sendError}`,
      why: 'a controller that hears nothing fails this amphora over',
      todo: 'see to the network and to controller_ip_port_list',
    });
  }
  if (step > 1) {
    found.push({
      check: 'heartbeat-size',
      severity: 'warning',
      what: `heartbeats are too large for a datagram: step ${step} of the reductions, ${leftOut} pools left out of the last one`,
      why: 'statistics come in every sixth message only, and controllers show pools that are left out as OFFLINE',
      todo: 'spread the listeners over more amphorae',
    });
  }
  return found;
}
