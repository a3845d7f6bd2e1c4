// The two shapes of a log line, text and JSON: always one line, never above `lineBytes`. The bound is what keeps
// logger(1) from splitting a line at its --size, where the rest could pass for a line with a priority of its own.

import type { LogFields, LogLevel } from '../log';
import { jsonValue, plainText, quotedText, textValue } from './log-values';

export type LogFormat = 'text' | 'json';

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** The most bytes of UTF-8 in a line, without its newline: a message and one value at their bounds, and more. */
export const lineBytes = 24_576;

// Room for ` fields_cut=` or `,"fields_cut":` with a number.
const noteBytes = 32;
const nameLength = 64;
const jsonNames: ReadonlySet<string> = new Set(['time', 'level', 'message']);

/**
 * Renders `2026-01-02T03:04:05.678Z INFO message key=value key2="two words"`. Without `timestamp` the line begins
 * with the level: the journal keeps its own time. Fields that find no room are counted in `fields_cut`.
 */
export function renderText(entry: LogEntry, timestamp = true): string {
  const time = timestamp ? `${isoTime(entry)} ` : '';
  const head = `${time}${entry.level.toUpperCase()} ${plainText(entry.message)}`;
  const pieces = Object.entries(entry.fields).map(([name, value]) => {
    const shown = textValue(name, value);
    return shown === undefined ? undefined : ` ${safeName(name)}=${shown}`;
  });
  return fit(head, pieces, (cut) => ` fields_cut=${cut}`);
}

/** Renders `{"time","level","message",…fields}`; a field that bears one of the three names becomes `field_<name>`. */
export function renderJson(entry: LogEntry): string {
  const head = `{"time":"${isoTime(entry)}","level":"${entry.level}","message":${quotedText(entry.message)}`;
  const pieces = Object.entries(entry.fields).map(([name, value]) => {
    const shown = jsonValue(name, value);
    const key = jsonNames.has(name) ? `field_${name}` : safeName(name);
    return shown === undefined ? undefined : `,"${key}":${shown}`;
  });
  return `${fit(head, pieces, (cut) => `,"fields_cut":${cut}`)}}`;
}

function isoTime(entry: LogEntry): string {
  return new Date(entry.timeMs).toISOString();
}

function safeName(name: string): string {
  return name.slice(0, nameLength).replace(/[^\w.-]/g, '_');
}

function fit(head: string, pieces: readonly (string | undefined)[], note: (cut: number) => string): string {
  let line = head;
  let room = lineBytes - noteBytes - Buffer.byteLength(head);
  let cut = 0;
  for (const piece of pieces) {
    if (piece === undefined) continue;
    const size = Buffer.byteLength(piece);
    if (size > room) {
      cut += 1;
      continue;
    }
    line += piece;
    room -= size;
  }
  return cut === 0 ? line : line + note(cut);
}
