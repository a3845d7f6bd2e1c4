// The log of the agent, by winston. Where lines go follows oslo.log's `use_syslog` and systemd.exec(5): the journal
// when stderr is the journal, else logger(1) when syslog is asked for, else stderr. Node itself cannot open /dev/log.

import type { ChildProcess } from 'node:child_process';
import { fstatSync, statSync } from 'node:fs';
import { Writable } from 'node:stream';
import { createLogger, format as winstonFormat } from 'winston';
import type { Log, LogFields, LogLevel } from '../log';
import type { FileIdentity } from './journal';
import { isJournalStream } from './journal';
import type { LogEntry, LogFormat } from './log-format';
import { renderJson, renderText } from './log-format';
import { loggerArgs, spawnLogger, startLogger } from './logger-process';
import type { LogLine, LogSink } from './stderr-sink';
import { createStderrSink } from './stderr-sink';
import type { SyslogSink, SyslogTiming } from './syslog-child';
import { createSyslogSink } from './syslog-child';
import { priorityOf, severityOf } from './syslog-priority';

export interface WinstonLogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Send to syslog when stderr is not the journal. */
  readonly syslog: boolean;
  /** 0 to 7: LOG_LOCAL0 to LOG_LOCAL7. */
  readonly facility: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The syslog socket. Default /dev/log. */
  readonly socketPath?: string;
  readonly io?: LogIo;
}

/** What the log touches; each has the real thing as its default. */
export interface LogIo {
  readonly stderr?: Writable;
  readonly statStderr?: () => FileIdentity;
  readonly spawnLogger?: (args: readonly string[]) => ChildProcess;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly timing?: Partial<SyslogTiming>;
  /** Lines that may wait for syslog. */
  readonly capacity?: number;
}

export interface WinstonLog extends Log {
  /** Changes the least level that is logged. */
  setLevel(level: LogLevel): void;
  /** Starts a new connection to syslog, at once (SIGUSR2). stderr stays as it is. */
  reopen(): void;
  /** Delivers what waits, within `deadlineMs` (default 1,000), and ends the child. Later lines go to stderr. */
  close(deadlineMs?: number): Promise<void>;
}

const levels: Readonly<Record<LogLevel, number>> = { error: 0, warning: 1, info: 2, debug: 3 };
const defaultSocketPath = '/dev/log';
const defaultCloseMs = 1_000;

/** Makes the log. Its methods never throw and never wait; a destination that is gone costs lines, never the agent. */
export function createWinstonLog(options: WinstonLogOptions): WinstonLog {
  const io = options.io ?? {};
  const now = io.now ?? Date.now;
  const isJournal = isJournalStream(options.environment, io.statStderr ?? statOfStderr);
  const compose = (entry: LogEntry): string =>
    options.format === 'json' ? renderJson(entry) : renderText(entry, !isJournal);
  const notice = (level: LogLevel, message: string, fields: LogFields): LogLine => ({
    level,
    text: compose({ timeMs: now(), level, message, fields }),
  });
  const stderr = createStderrSink({
    stream: io.stderr ?? process.stderr,
    prefix: (level) => (isJournal ? `<${severityOf(level)}>` : ''),
    lossNotice: (lost) => notice('warning', 'log lines were dropped', { dropped: lost }),
  });
  const syslog = options.syslog && !isJournal ? syslogOf(options, io, stderr, notice) : undefined;
  const sink = syslog ?? stderr;

  const logger = createLogger({
    levels,
    level: options.level,
    format: rendering(compose),
  });
  // A transport would only check the level again; `emit` did so before anything was rendered.
  logger.pipe(objectsInto(sink));
  const emit = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logger.isLevelEnabled(level)) logger.log({ level, message, fields, timeMs: now() });
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warning: (message, fields) => emit('warning', message, fields),
    error: (message, fields) => emit('error', message, fields),
    setLevel: (level) => {
      logger.level = level;
    },
    reopen: () => syslog?.reopen(),
    close: async (deadlineMs = defaultCloseMs) => {
      // winston's stream starts to flow one tick after its creation.
      await new Promise((resolve) => setImmediate(resolve));
      await sink.close(deadlineMs);
    },
  };
}

function syslogOf(
  options: WinstonLogOptions,
  io: LogIo,
  fallback: LogSink,
  notice: (level: LogLevel, message: string, fields: LogFields) => LogLine,
): SyslogSink {
  const path = options.socketPath ?? defaultSocketPath;
  const args = loggerArgs(path, process.pid);
  const spawn = io.spawnLogger ?? spawnLogger;
  return createSyslogSink({
    start: (events) => startLogger(() => spawn(args), events),
    obstacle: () =>
      statSync(path, { throwIfNoEntry: false })?.isSocket() === true ? undefined : `no socket at ${path}`,
    priority: (level) => priorityOf(level, options.facility),
    fallback,
    notice,
    ...(io.timing === undefined ? {} : { timing: io.timing }),
    ...(io.capacity === undefined ? {} : { capacity: io.capacity }),
  });
}

function rendering(compose: (entry: LogEntry) => string): ReturnType<ReturnType<typeof winstonFormat>> {
  return winstonFormat((info) => {
    // What `emit` put in; winston's type knows only that something is there.
    const entry = info as unknown as LogEntry;
    const message: unknown = info.message;
    try {
      info.message = compose(entry);
    } catch {
      // What is not of its declared type must cost the fields, not the line and not the caller.
      info.message = compose({ ...entry, message: String(message), fields: { unreadable_fields: true } });
    }
    return info;
  })();
}

function objectsInto(sink: LogSink): Writable {
  return new Writable({
    objectMode: true,
    write: (info: { level: LogLevel; message: string }, _encoding, done) => {
      sink.write({ level: info.level, text: info.message });
      done();
    },
  });
}

function statOfStderr(): FileIdentity {
  return fstatSync(2, { bigint: true });
}
