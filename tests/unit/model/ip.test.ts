// IP text, checked against a table of known answers and against Node's own parser and printer.

import { isIP, SocketAddress } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import type { Ip } from '../../../agent/model/ip';
import { isLoopback, parseIp, sameIp, unmapped } from '../../../agent/model/ip';

const must = (text: string): Ip => {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`not an address: ${text}`);
  return ip;
};

const accepted: readonly (readonly [text: string, family: 4 | 6, canonical: string])[] = [
  ['0.0.0.0', 4, '0.0.0.0'],
  ['10.0.0.1', 4, '10.0.0.1'],
  ['255.255.255.255', 4, '255.255.255.255'],
  ['::', 6, '::'],
  ['::1', 6, '::1'],
  ['0:0:0:0:0:0:0:0', 6, '::'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', 6, '::1'],
  ['2001:DB8::A', 6, '2001:db8::a'],
  ['2001:0db8::0001', 6, '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', 6, '2001:db8::1:0:0:1'],
  ['2001:0:0:1:0:0:0:1', 6, '2001:0:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', 6, '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', 6, '2001:db8:0:1:1:1:1:1'],
  ['1:2:3:4:5:6:7:8', 6, '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', 6, '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', 6, '0:2:3:4:5:6:7:8'],
  ['1::', 6, '1::'],
  ['1:0:0:0:0:0:0:0', 6, '1::'],
  ['fe80::fc:ff:fe00:1', 6, 'fe80::fc:ff:fe00:1'],
  ['::ffff:10.0.0.1', 6, '::ffff:10.0.0.1'],
  ['::FFFF:0a00:0001', 6, '::ffff:10.0.0.1'],
  ['0:0:0:0:0:ffff:1.2.3.4', 6, '::ffff:1.2.3.4'],
  ['::ffff:0.0.0.0', 6, '::ffff:0.0.0.0'],
  ['::1.2.3.4', 6, '::102:304'],
  ['64:ff9b::192.0.2.33', 6, '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:1.2.3.4', 6, '1:2:3:4:5:6:102:304'],
];

const refused = [
  '',
  ' ',
  '10.0.0',
  '10.0.0.0.1',
  '10.0.0.256',
  '10.0.0.01',
  '010.0.0.1',
  '10.0.0.1 ',
  '10.0.0.1\n',
  '10.0.0.-1',
  '1e1.0.0.1',
  '0x7f.0.0.1',
  '127.1',
  '2130706433',
  '10.0.0.1/24',
  '10.0.0.1:80',
  '10.0.0.1%eth0',
  '١.٢.٣.٤',
  ':',
  ':::',
  '1:::2',
  ':1',
  '1:',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4::5:6:7:8',
  '12345::',
  'g::1',
  '[::1]',
  '[::1]:80',
  '::1/128',
  '::1\n',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '::1.2.3',
  '::1.2.3.04',
  '1:2:3:4:5:6:7:1.2.3.4',
  'fe80::1%',
  'fe80::1%.',
  'fe80::1%..',
  'fe80::1%eth0%eth1',
  'fe80::1%sixteen-charactr',
  'fe80::1%eth 0',
  'fe80::1%eth/0',
  'fe80::1%eth0\n',
  `::${'0'.repeat(10_000)}`,
];

describe('parseIp', () => {
  it.each(accepted)('reads %s as IPv%s %s', (text, family, canonical) => {
    expect(parseIp(text)).toEqual({ family, text: canonical });
  });

  it.each(accepted)('keeps the canonical form of %s (IPv%s) as it is: %s', (_text, family, canonical) => {
    expect(parseIp(canonical)).toEqual({ family, text: canonical });
  });

  it.each(refused.map((text) => [JSON.stringify(text).slice(0, 40), text]))('refuses %s', (_shown, text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it.each(['eth0', 'br-lan_1.100', 'fifteen-charact', '3'])(
    'keeps the zone %s beside the address',
    (zone) => {
      expect(parseIp(`FE80:0::1%${zone}`)).toEqual({ family: 6, text: 'fe80::1', zone });
    },
  );

  it('agrees with Node about what is an address, on 20,000 mangled ones', () => {
    const random = dice(7);
    const disagreed = Array.from({ length: 20_000 }, () => mangled(random)).filter(
      (text) => (parseIp(text)?.family ?? 0) !== isIP(text),
    );
    expect(disagreed).toEqual([]);
  });

  it('prints IPv6 as the system does, on 5,000 random addresses', () => {
    const random = dice(11);
    const words = (): string => Array.from({ length: 8 }, () => wordOf(random)).join(':');
    // A C library prints ::a.b.c.d for ::/96, which RFC 5952 (5) leaves to hexadecimal.
    const addresses = Array.from({ length: 5_000 }, words).filter((text) => !text.startsWith('0:0:0:0:0:0:'));
    const expected = addresses.map((address) => new SocketAddress({ address, family: 'ipv6' }).address);
    expect(addresses.map((address) => must(address).text)).toEqual(expected);
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'])('says yes to %s', (text) => {
    expect(isLoopback(must(text))).toBe(true);
  });

  it.each(['128.0.0.1', '12.7.0.1', '0.0.0.0', '::', '::2', '::127.0.0.1', '::ffff:10.0.0.1', 'fe80::1'])(
    'says no to %s',
    (text) => {
      expect(isLoopback(must(text))).toBe(false);
    },
  );
});

describe('sameIp', () => {
  it('sees one address behind two spellings', () => {
    expect(sameIp(must('2001:DB8:0::1'), must('2001:db8::1'))).toBe(true);
  });

  it('tells apart zones, addresses and families', () => {
    expect(sameIp(must('fe80::1%eth0'), must('fe80::1%eth1'))).toBe(false);
    expect(sameIp(must('fe80::1%eth0'), must('fe80::1'))).toBe(false);
    expect(sameIp(must('10.0.0.1'), must('10.0.0.2'))).toBe(false);
    expect(sameIp(must('10.0.0.1'), must('::ffff:10.0.0.1'))).toBe(false);
  });
});

describe('unmapped', () => {
  it('gives the IPv4 address of a mapped one, however it was spelled', () => {
    expect(unmapped(must('::ffff:10.0.0.1'))).toEqual({ family: 4, text: '10.0.0.1' });
    expect(unmapped(must('::ffff:a00:1'))).toEqual({ family: 4, text: '10.0.0.1' });
  });

  it.each(['10.0.0.1', '::1', '::ffff', '::ffff:0:10.0.0.1', 'fe80::1%eth0'])('leaves %s alone', (text) => {
    expect(unmapped(must(text))).toEqual(parseIp(text));
  });
});

function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

function wordOf(random: (sides: number) => number): string {
  return random(2) === 0 ? '0' : random(65_536).toString(16);
}

function mangled(random: (sides: number) => number): string {
  const [start] = accepted[random(accepted.length)]!;
  const alphabet = '0123456789abcdefFG:.: ';
  const letters = Array.from(start);
  for (let changes = random(3); changes >= 0; changes -= 1) {
    letters.splice(random(letters.length + 1), random(2), alphabet.charAt(random(alphabet.length)));
  }
  return letters.join('');
}
