// What server lines and a state file ask of a reload.

import { describe, expect, it } from '@jest/globals';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { namesHosts, namesServersState } from '../../../agent/haproxy/server-lines';
import { parseListenerUuid } from '../../../agent/model/ids';

const paths = haproxyPaths(
  { basePath: '/b', certDir: '/c', runtimeDir: '/b' },
  parseListenerUuid('0a000000-0000-4000-8000-000000000001'),
);

describe('a server', () => {
  it.each([
    ['192.0.2.1', false],
    ['192.0.2.1:80', false],
    ['192.0.2.1:+1000', false],
    ['192.0.2.1:', false],
    ['*:80', false],
    ['2001:db8::1', false],
    ['2001:db8::1:80', false],
    ['[2001:db8::1]:80', false],
    ['ipv4@192.0.2.1:80', false],
    ['ipv6@2001:db8::1:80', false],
    ['/run/x.sock', false],
    ['unix@/run/x.sock', false],
    ['abns@name', false],
    ['web.example:80', true],
    ['web.example', true],
    ['ipv4@web.example:80', true],
    ['localhost:80', true],
  ])('at %s is named by host: %s', (address, isHost) => {
    expect(namesHosts(`backend b\n server m1 ${address} check\n`)).toBe(isHost);
  });

  it('is found in any section, and nothing else is taken for one', () => {
    expect(namesHosts('listen a\n bind lb.example:80\n # server m web.example\n')).toBe(false);
    expect(namesHosts('backend a\n server m 192.0.2.1\nbackend b\n server m web.example\n')).toBe(true);
  });
});

describe('the state of servers', () => {
  it.each([
    [`global\n server-state-file ${paths.serversState}\n`, true],
    ['global\n server-state-file /b/other/servers-state\n', false],
    [`backend b\n server-state-file ${paths.serversState}\n`, false],
    ['global\n daemon\n', false],
  ])('is wanted by %j: %s', (text, isWanted) => {
    expect(namesServersState(text, paths)).toBe(isWanted);
  });
});
