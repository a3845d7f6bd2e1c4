// MAC addresses, names and subnets as they come in.

import { describe, expect, it } from '@jest/globals';
import { cidrText, contains, isMapped, parseCidr, subnetOf } from '../../../agent/model/cidr';
import { parseIp } from '../../../agent/model/ip';
import { isInterfaceName, parseMac } from '../../../agent/model/network';

describe('a MAC address', () => {
  it('is read in any letter case and written as the kernel does', () => {
    expect(parseMac('FA:16:3E:0a:00:01')).toBe('fa:16:3e:0a:00:01');
  });

  it.each([
    '',
    'fa:16:3e:0a:00',
    'fa-16-3e-0a-00-01',
    'fa:16:3e:0a:00:01 x',
    'fa:16:3e:0a:00:0g',
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:12',
  ])('is none in %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });
});

describe('a name in the namespace', () => {
  it('is eth and a number', () => {
    expect(['eth0', 'eth1', 'eth42'].every(isInterfaceName)).toBe(true);
    expect(['eth', 'eth01', 'lo', 'eth1.5', 'eth1\n', '../eth1', 'eth99999'].some(isInterfaceName)).toBe(
      false,
    );
  });
});

describe('a subnet', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:0DB8:0000::/33', '2001:db8::/33'],
    ['::/0', '::/0'],
    ['2001:db8::1', '2001:db8::1/128'],
  ])('%s is %s', (text, canonical) => {
    const cidr = parseCidr(text);
    expect(cidr && cidrText(cidr)).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/255.0.0.0',
    '10.0.0/8',
    '2001:db8::1/64',
    '::/129',
    '::ffff:10.0.0.0/120',
    'fe80::%eth0/64',
    'x',
    '10.0.0.0/8/8',
  ])('is none in %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('contains its addresses and no others', () => {
    const holds = (cidr: string, text: string): boolean => {
      const [net, ip] = [parseCidr(cidr), parseIp(text)];
      return net !== undefined && ip !== undefined && contains(net, ip);
    };
    expect(holds('10.0.0.0/9', '10.127.255.255')).toBe(true);
    expect(holds('10.0.0.0/9', '10.128.0.0')).toBe(false);
    expect(holds('2001:db8::/33', '2001:db8:7fff::1')).toBe(true);
    expect(holds('2001:db8::/33', '2001:db8:8000::1')).toBe(false);
    expect(holds('::/0', '10.0.0.1')).toBe(false);
  });

  it('is found for an address and a length', () => {
    const ip = parseIp('2001:db8:1:2:3:4:5:6');
    expect(ip && cidrText(subnetOf(ip, 64))).toBe('2001:db8:1:2::/64');
  });

  it('tells IPv4 in IPv6 form from IPv6', () => {
    const [mapped, other] = [parseIp('::ffff:10.0.0.1'), parseIp('::fffe:a00:1')];
    expect([mapped, other].map((each) => each && isMapped(each))).toEqual([true, false]);
  });
});
