// What each kind of option expects, in words: for refusals, the sample and the documentation alike.

import type { Kind, OptionFacts } from './option';

const kib = 1024;
const sizeUnits = ['B', 'KiB', 'MiB', 'GiB'] as const;

const words: Readonly<Record<Kind, (option: OptionFacts) => string>> = {
  boolean: () => 'True or False',
  integer: (option) => `a whole number${range(option, String)}`,
  duration: (option) => `a number of seconds (500ms, 5m and 1h work too)${range(option, String)}`,
  size: (option) => `a number of bytes (64 KiB and 16 MiB work too)${range(option, formatSize)}`,
  path: () => 'an absolute path without blanks, quotes, "#", "$" or backslashes',
  name: () => 'one word of letters, digits, "_", "." and "-"',
  text: () => 'text on one line without control characters',
  choice: ({ choices = [] }) => `${choices.length > 1 ? 'one of ' : ''}${choices.join(', ')}`,
  facility: () => 'LOG_LOCAL0 to LOG_LOCAL7, or 0 to 7',
  ip: () => 'an IP address',
  port: (option) => `a port, ${option.min ?? 1} to 65535`,
  'socket-address': () => 'ip:port or [ip6]:port',
  endpoints: () => 'a comma-separated list of ip:port or [ip6]:port',
  list: () => 'a comma-separated list',
  ports: () => 'a comma-separated list of ports, 1 to 65535',
  'amphora-id': () => 'a UUID',
  'tls-version': () => 'TLSv1.2 or TLSv1.3',
};

/** Describes what an option accepts, e.g. "a whole number, 1 to 10000". */
export function expectationOf(option: OptionFacts): string {
  const expected = words[option.kind](option);
  return option.optional === true ? `${expected}, or nothing` : expected;
}

/** Writes bytes in the largest unit that divides them: `16 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= kib && value % kib === 0 && unit < sizeUnits.length - 1) {
    value /= kib;
    unit += 1;
  }
  return `${value} ${sizeUnits[unit] ?? ''}`;
}

function range({ min, max }: OptionFacts, format: (value: number) => string): string {
  if (min === undefined || max === undefined) return '';
  return `, ${format(min)} to ${format(max)}`;
}
