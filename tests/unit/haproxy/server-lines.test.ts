// What server lines and a state file ask of a reload.

import { describe, expect, it } from '@jest/globals';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { configuredAddresses, namesHosts, namesServersState } from '../../../agent/haproxy/server-lines';
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

describe('where a server is configured', () => {
  const at = configuredAddresses(`backend b
 server m1 192.0.2.1:80 check weight 5
 server-template web 2-3 "web.example:81" check
 server-template one 1 192.0.2.9:82
listen l
 server m1 192.0.2.2:80
peers p
 server m9 192.0.2.3:80
`);
  it.each([
    ['b', 'm1', '192.0.2.1:80'],
    ['l', 'm1', '192.0.2.2:80'],
    ['b', 'web2', 'web.example:81'],
    ['b', 'web3', 'web.example:81'],
    ['b', 'one1', '192.0.2.9:82'],
    ['b', 'web1', undefined],
    ['b', 'web4', undefined],
    ['b', 'web02', undefined],
    ['b', 'web', undefined],
    ['b', 'one2', undefined],
    ['l', 'web2', undefined],
    ['p', 'm9', undefined],
    ['b', 'm2', undefined],
  ])('%s/%s is told as it is written: %s', (backend, server, address) => {
    expect(at(backend, server)).toBe(address);
  });
});
