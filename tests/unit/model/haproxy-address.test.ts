// The haproxy sockets that an operator offers.

import { describe, expect, it } from '@jest/globals';
import { readAddress, readInstances } from '../../../agent/model/haproxy-address';

describe('An address', () => {
  it.each([
    ['/var/run/haproxy.sock', { type: 'unix', path: '/var/run/haproxy.sock' }],
    ['unix@/run/a=b.sock', { type: 'unix', path: '/run/a=b.sock' }],
    ['ipv4@127.0.0.1:9999', { type: 'tcp4', host: '127.0.0.1', port: 9999 }],
    ['ipv4@lb-1.example.net:1', { type: 'tcp4', host: 'lb-1.example.net', port: 1 }],
    ['ipv6@[::1]:65535', { type: 'tcp6', host: '::1', port: 65_535 }],
    ['ipv6@::1:9999', { type: 'tcp6', host: '::1', port: 9999 }],
    ['ipv6@[fe80::1%eth0]:1', { type: 'tcp6', host: 'fe80::1%eth0', port: 1 }],
  ])('is read: %s', (text, address) => {
    expect(readAddress(text)).toEqual(address);
  });

  it.each([
    ['ipv4@h', 'Invalid IPv4 format: ipv4@h. Expected: ipv4@host:port'],
    ['ipv4@h:', 'Invalid IPv4 format: ipv4@h:. Expected: ipv4@host:port'],
    ['ipv4@:1', 'Invalid IPv4 format: ipv4@:1. Expected: ipv4@host:port'],
    ['ipv4@300.1.1.1:1', 'Invalid IPv4 format: ipv4@300.1.1.1:1. Expected: ipv4@host:port'],
    ['ipv4@h:99999', 'Invalid port: 99999'],
    ['ipv4@h:0', 'Invalid port: 0'],
    ['ipv4@h:http', 'Invalid port: http'],
    ['ipv6@127.0.0.1:1', 'Invalid IPv6 format: ipv6@127.0.0.1:1. Expected: ipv6@[address]:port'],
    ['ipv6@[::1]', 'Invalid IPv6 format: ipv6@[::1]. Expected: ipv6@[address]:port'],
    ['ipv6@[::1]:70000', 'Invalid port: 70000'],
    ['haproxy.sock', 'Invalid address: haproxy.sock. Expected: /path, ipv4@host:port or ipv6@[address]:port'],
    ['', 'Invalid address: . Expected: /path, ipv4@host:port or ipv6@[address]:port'],
    [`/${'x'.repeat(107)}`, `Socket path of 108 bytes, at most 107 fit: /${'x'.repeat(107)}`],
  ])('says why it is none: %s', (text, said) => {
    expect(readAddress(text)).toEqual({ said, isPort: said.startsWith('Invalid port') });
  });
});

describe('A list', () => {
  const names = (entries: readonly string[]): unknown => {
    const read = readInstances(entries);
    return read.ok ? read.instances.map(({ name }) => name) : read.problem;
  };

  it('of one address without a name is default', () => {
    expect(names([' /run/a.sock '])).toEqual(['default']);
    expect(names([])).toEqual([]);
  });

  it('names its addresses, trims, and forgives empty entries', () => {
    expect(names([' a = /a ', '', 'b.1-x_=ipv4@h:1', 'c=/x=y'])).toEqual(['a', 'b.1-x_', 'c']);
  });

  it('takes malformed addresses under good names', () => {
    expect(readInstances(['a=nonsense', 'b=/b'])).toMatchObject({
      ok: true,
      instances: [{ name: 'a', address: { isPort: false } }, { name: 'b' }],
    });
  });

  it.each([
    [['a=/a', '/b'], /"\/b": needs a name/],
    [['a=/a', 'a=/b'], /"a=\/b": the name a is taken/],
    [['backends=/a'], /"backends=\/a": the name backends is a word of the paths/],
    [['instances=/a'], /instances is a word/],
    [['a b=/a'], /"a b=\/a": the name is no word/],
    [['=/a'], /the name is no word/],
    [[`${'x'.repeat(65)}=/a`], /the name is no word/],
  ])('refuses %j, naming the entry', (entries, problem) => {
    expect(names(entries)).toMatch(problem);
  });
});
