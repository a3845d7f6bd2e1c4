// Hostile JSON as text: what JSON.parse takes and programs stumble over, and what it must refuse.
import { mutateBytes } from './mutate.mjs';

const keys = [
  'mac_address',
  'subnet_cidr',
  'gateway',
  'topology',
  'role',
  'ha_ip',
  'mtu',
  'fixed_ips',
  'a',
  '',
];
const treacherous = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON'];
const scalars = [
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  '-1e-999',
  '9007199254740993',
  `1${'0'.repeat(400)}`,
  '0x10',
  '01',
  'NaN',
  '""',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"fa:16:3e:00:00:01"',
  '"192.0.2.0/24"',
  '"192.0.2.300"',
  '"::ffff:1.2.3.4%eth0"',
  '"ACTIVE-STANDBY"',
  '"../../etc/passwd"',
  '"$(id)"',
  '"\u2028"',
  '{}',
  '[]',
];

/** Makes a JSON text, right or wrong, as bytes. */
export function hostileJson(random) {
  switch (random.below(8)) {
    case 0:
      return deep(random, random.pick(['[', '{"a":']), random.size(20_000));
    case 1:
      return mutateBytes(Buffer.from(value(random, 3)), random);
    case 2:
      return Buffer.from(`"${'x'.repeat(random.size(80_000))}"`);
    case 3:
      return Buffer.concat([Buffer.from('\ufeff'), Buffer.from(value(random, 2), 'utf16le')]);
    case 4: {
      const whole = Buffer.from(value(random, 3));
      return whole.subarray(0, random.below(whole.length + 1));
    }
    default:
      return Buffer.from(value(random, 4));
  }
}

/** Makes one JSON value of any kind, as text. */
export const hostileValue = (random) => value(random, 2);

function deep(random, opening, depth) {
  const closing = opening === '[' ? ']' : '}';
  const closed = random.oneIn(2) ? `1${closing.repeat(depth)}` : '';
  return Buffer.from(`${opening.repeat(depth)}${closed}`);
}

function value(random, depth) {
  if (depth === 0 || random.oneIn(3)) return random.pick(scalars);
  const count = random.size(6);
  const parts = Array.from({ length: count }, () => value(random, depth - 1));
  if (random.oneIn(3)) return `[${parts.join(',')}]`;
  // Keys may stand twice: the last one counts to JSON.parse, the first to others.
  const named = parts.map(
    (part) => `${JSON.stringify(random.pick(random.oneIn(3) ? treacherous : keys))}:${part}`,
  );
  return `{${named.join(random.pick([',', ', ', ',\n']))}}`;
}
