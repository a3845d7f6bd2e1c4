// What the values of keepalived's keywords may be: small judges from which grammars are made. Nothing that keepalived
// would expand or run passes any of them. Source: contract/vrrp.md "Upload policy".

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

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function matches(values: readonly string[], pattern: RegExp): boolean {
  return values.length === 1 && pattern.test(values[0] ?? '');
}
