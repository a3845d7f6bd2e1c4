// The seam to logging. Fields are data, never interpolated secrets.

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
