// The words for an agent's log in the hands of a test. Types alone, which import nothing.

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface LogView {
  /** All entries so far, oldest first. */
  readonly entries: readonly LogEntry[];
  /** The messages of one level, or of all. */
  messages(level?: LogLevel): readonly string[];
}
