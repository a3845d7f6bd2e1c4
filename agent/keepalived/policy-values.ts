// What the values of keepalived's keywords may be: small judges from which grammars are made. Nothing that keepalived
// would expand or run passes any of them. Source: contract/vrrp.md "Upload policy".

import { quote } from '../model/ids';
import { parseIp } from '../model/ip';
import type { ValueRule } from './policy';

/** Exactly one whole number of at most 9 digits. */
export const number: ValueRule = (values) => (matches(values, /^\d{1,9}$/) ? undefined : 'expected a number');

/** A keyword that takes no value. */
export const nothing: ValueRule = (values) => (values.length === 0 ? undefined : 'expected no value');

/** Exactly one name. */
export const name: ValueRule = (values) =>
  matches(values, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/) ? undefined : 'expected a name';

/** Exactly one address. */
export const address: ValueRule = (values) =>
  values.length === 1 && parseIp(values[0] ?? '') !== undefined ? undefined : 'expected an IP address';

/** An address and a port. */
export const addressAndPort: ValueRule = ([ip = '', port = '', ...more]) =>
  parseIp(ip) !== undefined && isPort(port) && more.length === 0
    ? undefined
    : 'expected an IP address and a port';

/** Exactly one of these words. */
export function oneOf(...allowed: readonly string[]): ValueRule {
  return ([value = '', ...more]) =>
    allowed.includes(value) && more.length === 0 ? undefined : `expected ${allowed.join(' or ')}`;
}

/** The path of a URL. `$` may stand in it where keepalived sees no name of its own behind it (`$_PWD`, `${_HASH}`). */
export const urlPath: ValueRule = ([path = '', ...more]) =>
  /^\/[\x21-\x7e]*$/.test(path) && !/\$[_{]|~(?:SEQ|LST)/i.test(path) && more.length === 0
    ? undefined
    : 'expected the path of a URL, without what keepalived would expand';

/** A program of this list, with harmless arguments: quoted as one word, or word by word. */
export function program(allowed: readonly string[]): ValueRule {
  return (values) => {
    const [path = '', ...rest] = values.join(' ').split(' ');
    if (!allowed.includes(path)) return `not one of the programs that may be run: ${allowed.join(', ')}`;
    return rest.every((each) => /^[A-Za-z0-9_.:/-]+$/.test(each))
      ? undefined
      : 'an argument with signs other than letters, digits and _ . : / -';
  };
}

/** The name of a network interface. */
export const interfaceName: ValueRule = (values) =>
  matches(values, /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,14}$/) ? undefined : 'expected the name of an interface';

/** Exactly one whole number within bounds. */
export function numberWithin(least: number, most: number): ValueRule {
  return (values) =>
    matches(values, /^-?\d{1,9}$/) && Number(values[0]) >= least && Number(values[0]) <= most
      ? undefined
      : `expected a number, ${least} to ${most}`;
}

/** Exactly one number of seconds, with decimals if need be. */
export const seconds: ValueRule = (values) =>
  matches(values, /^\d{1,6}(?:\.\d{1,6})?$/) ? undefined : 'expected seconds';

/** An address, with the length of its prefix or without. */
export function isAddressOrNetwork(text: string): boolean {
  const [ip = '', length, ...more] = text.split('/');
  const family = parseIp(ip)?.family;
  if (family === undefined || more.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

/** Keywords with one value each, or none, in any order: `rules` judge the values. */
export function options(rules: Readonly<Record<string, ValueRule>>): ValueRule {
  return (values) => {
    for (let at = 0; at < values.length; at += 1) {
      const keyword = values[at] ?? '';
      const rule = Object.hasOwn(rules, keyword) ? rules[keyword] : undefined;
      if (rule === undefined) return `unexpected ${quote(keyword)}`;
      if (rule === nothing) continue;
      at += 1;
      const fault = rule(values.slice(at, at + 1));
      if (fault !== undefined) return `${keyword}: ${fault}`;
    }
    return undefined;
  };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function matches(values: readonly string[], pattern: RegExp): boolean {
  return values.length === 1 && pattern.test(values[0] ?? '');
}
