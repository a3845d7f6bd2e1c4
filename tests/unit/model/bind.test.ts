// When two listeners cannot both have their port, as the kernel decides it for two processes.

import { describe, expect, it } from '@jest/globals';
import { bindsCollide, formatBind, type Bind } from '../../../agent/model/bind';

const bind = (address: string, port = 80, rest: Partial<Bind> = {}): Bind => ({
  transport: 'tcp',
  address,
  port,
  v6only: false,
  transparent: false,
  line: 1,
  ...rest,
});
const only = { v6only: true };
const udp = { transport: 'udp' } as const;

describe('two binds', () => {
  it.each<[what: string, a: Bind, b: Bind, collide: boolean]>([
    ['of one address and port', bind('192.0.2.1'), bind('192.0.2.1'), true],
    ['of one address and two ports', bind('192.0.2.1'), bind('192.0.2.1', 81), false],
    ['of two addresses', bind('192.0.2.1'), bind('192.0.2.2'), false],
    ['of one IPv6 address', bind('2001:db8::1'), bind('2001:db8::1'), true],
    ['of two IPv6 addresses', bind('2001:db8::1'), bind('2001:db8::2'), false],
    ['of all IPv4 and one of it', bind('*'), bind('192.0.2.1'), true],
    ['of all IPv4 twice', bind('*'), bind('*'), true],
    ['of all IPv4 on two ports', bind('*'), bind('*', 81), false],
    ['of all IPv4 and one IPv6 address', bind('*'), bind('2001:db8::1'), false],
    ['of all IPv6 and one of it', bind('::'), bind('2001:db8::1'), true],
    ['of all IPv6 with IPv4, and one IPv4 address', bind('::'), bind('192.0.2.1'), true],
    ['of all IPv6 with IPv4, and all IPv4', bind('::'), bind('*'), true],
    ['of IPv6 alone and one of it', bind('::', 80, only), bind('2001:db8::1'), true],
    ['of IPv6 alone and one IPv4 address', bind('::', 80, only), bind('192.0.2.1'), false],
    ['of IPv6 alone and all IPv4', bind('::', 80, only), bind('*'), false],
    ['of IPv6 alone and with IPv4', bind('::', 80, only), bind('::'), true],
    ['of one host name', bind('lb.example'), bind('lb.example'), true],
    ['of a host name that may be of either family, and all IPv4', bind('lb.example'), bind('*'), false],
    ['of TCP and UDP', bind('192.0.2.1'), bind('192.0.2.1', 80, udp), false],
    ['of UDP twice', bind('*', 53, udp), bind('192.0.2.1', 53, udp), true],
  ])('%s', (_what, a, b, collide) => {
    expect([bindsCollide(a, b), bindsCollide(b, a)]).toEqual([collide, collide]);
  });
});

describe('a bind', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1:80'],
    ['2001:db8::1', '[2001:db8::1]:80'],
    ['*', '*:80'],
    ['::', '[::]:80'],
    ['lb.example', 'lb.example:80'],
  ])('of %s shows as %s', (address, text) => {
    expect(formatBind(bind(address))).toBe(text);
  });
});
