// How each kind of option is read from its text. Booleans and integers as oslo.config's types do; a value is
// then safe in a generated file: no control characters anywhere, no blanks or quotes in paths and names.

import { posix } from 'node:path';
import { isUuid, parseAmphoraId } from '../model/ids';
import type { Kind, OptionFacts, ValueTypes } from './option';
import { readEndpoints, readIp, readSocketAddress } from './value-address';
import type { Reading } from './value-address';

type Readers = {
  readonly [K in Kind]: (text: string, option: OptionFacts) => Reading<ValueTypes[K]> | undefined;
};

type Units = ReadonlyMap<string, number>;

export type Value = ValueTypes[Kind] | undefined;

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'on', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'off', 'no'].map((word) => [word, false] as const),
]);
const secondsIn: Units = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]);
const bytesIn: Units = new Map([
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);
const oldProtocols: ReadonlySet<string> = new Set(['SSLv23', 'TLSv1', 'TLSv1.1']);
const control = /\p{Cc}/u;

const readers: Readers = {
  boolean: (text) => given(truths.get(text.toLowerCase())),
  integer: (text, option) => given(readNumber(text, /^[+-]?\d{1,15}$/, option)),
  duration: (text, option) => given(readQuantity(text, secondsIn, 's', option)),
  size: (text, option) => given(readQuantity(text, bytesIn, 'b', option, true)),
  path: (text) => given(readPath(text)),
  name: (text) => (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text) ? { value: text } : undefined),
  text: (text) => ({ value: text }),
  choice: (text, option) => (option.choices?.includes(text) === true ? { value: text } : undefined),
  facility: (text) => {
    const digit = /^(?:(?:LOG_)?LOCAL)?([0-7])$/i.exec(text)?.[1];
    return digit === undefined ? undefined : { value: Number(digit) };
  },
  ip: (text) => given(readIp(text)),
  port: (text, option) => given(readPort(text, option.min ?? 1)),
  'socket-address': (text) => given(readSocketAddress(text)),
  endpoints: (text) => readEndpoints(itemsOf(text)),
  list: (text) => {
    const value = itemsOf(text);
    return value.some((item) => control.test(item)) ? undefined : { value };
  },
  ports: (text) => {
    const ports = itemsOf(text).map((item) => readPort(item, 1));
    const value = ports.filter((port) => port !== undefined);
    return value.length === ports.length ? { value } : undefined;
  },
  'amphora-id': (text) => (isUuid(text) ? { value: parseAmphoraId(text) } : undefined),
  'tls-version': (text) => {
    if (text === 'TLSv1.2' || text === 'TLSv1.3') return { value: text };
    if (!oldProtocols.has(text)) return undefined;
    return { value: 'TLSv1.2', warning: `${text} is not offered: TLSv1.2 is the lowest version` };
  },
};

/** Reads an option's text, substitution done; undefined when it is not what `expectation` says. */
export function readValue(text: string, option: OptionFacts): Reading<Value> | undefined {
  const trimmed = option.kind === 'text' ? text : text.trim();
  if (trimmed === '' && option.optional === true) return { value: undefined };
  if (!isList(option.kind) && control.test(trimmed)) return undefined;
  return readers[option.kind](trimmed, option);
}

/** Tells whether a kind holds several values, which may then stand on several lines. */
export function isList(kind: Kind): boolean {
  return kind === 'endpoints' || kind === 'list' || kind === 'ports';
}

function given<T>(value: T | undefined): Reading<T> | undefined {
  return value === undefined ? undefined : { value };
}

// Items are trimmed, and empty ones dropped: templates leave a comma at the end.
function itemsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readNumber(text: string, pattern: RegExp, { min, max }: OptionFacts): number | undefined {
  if (!pattern.test(text)) return undefined;
  const value = Number(text);
  return value < (min ?? -Infinity) || value > (max ?? Infinity) ? undefined : value;
}

function readQuantity(
  text: string,
  units: Units,
  unit: string,
  { min = 0, max = Infinity }: OptionFacts,
  isWhole = false,
): number | undefined {
  const [, number, written = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = units.get(written === '' ? unit : written.toLowerCase());
  if (number === undefined || factor === undefined) return undefined;
  const value = Number(number) * factor;
  if (isWhole && !Number.isInteger(value)) return undefined;
  return value < min || value > max ? undefined : value;
}

function readPort(text: string, min: number): number | undefined {
  return readNumber(text, /^\d{1,5}$/, {
    kind: 'port',
    default: '',
    help: '',
    restart: false,
    min,
    max: 65_535,
  });
}

// The root directory itself is refused: whole directories are removed below these paths.
function readPath(text: string): string | undefined {
  if (!posix.isAbsolute(text) || /[\s"'`\\#$]/.test(text)) return undefined;
  const normal = posix.normalize(text).replace(/(.)\/$/, '$1');
  return normal === '/' ? undefined : normal;
}
