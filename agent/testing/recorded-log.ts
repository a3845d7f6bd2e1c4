// A log that keeps its entries for a test to read.

import type { Log, LogFields, LogLevel } from '../host/log';

export interface RecordedEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordedLog extends Log {
  readonly entries: readonly RecordedEntry[];
  /** The messages of one level, or of all, in order. */
  messages(level?: LogLevel): readonly string[];
}

/** Makes a log that records, in order, all it is told. */
export function createRecordedLog(): RecordedLog {
  const entries: RecordedEntry[] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      entries.push({ level, message, fields });
    };
  return {
    entries,
    messages: (level) =>
      entries.filter((entry) => level === undefined || entry.level === level).map((entry) => entry.message),
    debug: at('debug'),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
  };
}
