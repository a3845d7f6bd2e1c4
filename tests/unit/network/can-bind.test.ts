// Which addresses a listener can take on this machine.

import { expect, it } from '@jest/globals';
import { createCanBind } from '../../../agent/network/can-bind';
import { createMemoryFiles } from '../../fakes/memory-files';

const canBind = (namespace = '', nonlocal = '0') =>
  createCanBind({
    files: createMemoryFiles({ '/proc/sys/net/ipv4/ip_nonlocal_bind': `${nonlocal}\n` }),
    addresses: { interfaceOf: ({ text }) => Promise.resolve(text === '192.0.2.1' ? 'eth0' : undefined) },
    namespace,
  });

it.each([
  ['192.0.2.1', true],
  ['192.0.2.2', false],
  ['2001:db8::1', false],
  ['127.0.0.77', true],
  ['::1', true],
  ['*', true],
  ['::', true],
])('%s: %s', async (address, expected) => {
  expect(await canBind()(address)).toBe(expected);
});

it('any, where the kernel lets any be bound, and in a namespace of its own', async () => {
  expect(await canBind('', '1')('192.0.2.2')).toBe(true);
  expect(await canBind('amphora-haproxy')('192.0.2.2')).toBe(true);
});
