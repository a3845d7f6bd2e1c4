// The log of commands that have none: what went wrong, on standard error, and no more.

import type { Log, LogFields } from '../host/log';
import type { Output } from './serve';

/** Makes it. */
export function logTo({ err }: Pick<Output, 'err'>): Log {
  const ignore = (): void => undefined;
  const tell = (message: string, fields: LogFields = {}): void =>
    err(`${message} ${JSON.stringify(fields)}\n`);
  return { debug: ignore, info: ignore, warning: tell, error: tell };
}
