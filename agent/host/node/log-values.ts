// How one value becomes text that cannot leave its place: control characters, line separators and bidirectional
// overrides are escaped (a peer's name or haproxy's output could else forge lines), lengths are bounded in bytes,
// and fields named like secrets are masked as a last line of defence.

import type { LogFields } from '../log';

/** The most bytes of UTF-8 that one message or one value takes in a line, escapes included. */
export const valueBytes = 8_192;

const ellipsis = '…';
const mask = '***';
const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
// One UTF-16 unit becomes at most six bytes, the length of an escape like \u001b.
const bytesPerUnit = 6;

const secretWords = new Set([
  'authorization',
  'cookie',
  'credential',
  'key',
  'pass',
  'passphrase',
  'passwd',
  'password',
  'pwd',
  'secret',
  'token',
]);

/** Tells whether a field's name says that its value is secret: its last word counts (`heartbeat_key`, `authToken`; not `key_file`). */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u);
  const last = words.findLast((word) => word !== '') ?? '';
  return secretWords.has(last) || secretWords.has(last.replace(/s$/, ''));
}

/** Renders a message for a text line: bounded, on one line, otherwise as it is. */
export function plainText(text: string): string {
  return escapeWithin(text, escapeControls);
}

/** Renders a string as a JSON string, bounded. */
export function quotedText(text: string): string {
  return `"${escapeWithin(text, escapeQuoted)}"`;
}

/** Renders a field as a JSON value; undefined stays undefined. */
export function jsonValue(name: string, value: LogFields[string]): string | undefined {
  if (value === undefined) return undefined;
  if (isSecretName(name)) return quotedText(mask);
  if (typeof value === 'string') return quotedText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : quotedText(String(value));
  if (typeof value === 'boolean') return String(value);
  return list(value);
}

/** Renders a field for a text line: a plain word stays bare, all else is a JSON value; undefined stays undefined. */
export function textValue(name: string, value: LogFields[string]): string | undefined {
  if (value === undefined) return undefined;
  if (isSecretName(name)) return mask;
  const isBare = typeof value === 'string' && value.length < valueBytes / 3 && /^[^\s"=\\[{]+$/u.test(value);
  if (isBare && escapeControls(value) === value) return value;
  return typeof value === 'number' ? String(value) : jsonValue(name, value);
}

function list(items: readonly string[]): string {
  const shown: string[] = [];
  let room = valueBytes;
  for (const item of items) {
    const text = quotedText(item);
    room -= Buffer.byteLength(text) + 1;
    if (room < 0) {
      shown.push(quotedText(ellipsis));
      break;
    }
    shown.push(text);
  }
  return `[${shown.join(',')}]`;
}

function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return short[character] ?? `\\u${code}`;
  });
}

function escapeQuoted(text: string): string {
  return escapeControls(JSON.stringify(text).slice(1, -1));
}

function escapeWithin(text: string, escape: (text: string) => string): string {
  if (text.length * bytesPerUnit <= valueBytes) return escape(text);
  const head = text.slice(0, valueBytes);
  const whole = escape(head);
  if (head.length === text.length && Buffer.byteLength(whole) <= valueBytes) return whole;
  let kept = '';
  let room = valueBytes - Buffer.byteLength(ellipsis);
  for (const character of head) {
    const shown = escape(character);
    room -= Buffer.byteLength(shown);
    if (room < 0) break;
    kept += shown;
  }
  return kept + ellipsis;
}
