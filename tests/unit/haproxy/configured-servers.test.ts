// The servers of a configuration, as haproxy would start them.

import { describe, expect, it } from '@jest/globals';
import { configuredServers, findConfigured } from '../../../agent/haproxy/configured-servers';

const told = (text: string): readonly string[] =>
  configuredServers(text).map(
    ({ backend, server, address, weight, isDisabled }) =>
      `${backend}/${server} ${address} ${weight}${isDisabled ? ' disabled' : ''}`,
  );

describe('A configured server', () => {
  it.each<[what: string, text: string, servers: readonly string[]]>([
    ['has weight 1 and serves', 'backend b\n server m 192.0.2.1:80\n', ['b/m 192.0.2.1:80 1']],
    [
      'has what its line says, the last word of it',
      'backend b\n server m 192.0.2.1:80 weight 3 disabled weight 7 enabled check\n',
      ['b/m 192.0.2.1:80 7'],
    ],
    [
      'is not weighed or disabled by the value of another keyword',
      'backend b\n server m 192.0.2.1:80 cookie disabled sni weight maxconn 5\n',
      ['b/m 192.0.2.1:80 1'],
    ],
    [
      'takes over from default-server above it only',
      'backend b\n server a 192.0.2.1:80\n default-server weight 9 disabled\n server b 192.0.2.2:80\n',
      ['b/a 192.0.2.1:80 1', 'b/b 192.0.2.2:80 9 disabled'],
    ],
    [
      'takes over from defaults, the last one or the one named',
      'defaults one\n default-server weight 5\ndefaults two\n default-server weight 6\n' +
        'backend b\n server m 192.0.2.1:80\nbackend c from one\n server m 192.0.2.2:80 disabled\n',
      ['b/m 192.0.2.1:80 6', 'c/m 192.0.2.2:80 5 disabled'],
    ],
    [
      'is stamped out by a template',
      'listen l\n server-template t 2 192.0.2.1:80 weight 4\n server-template u 8-9 192.0.2.2:80\n',
      ['l/t1 192.0.2.1:80 4', 'l/t2 192.0.2.1:80 4', 'l/u8 192.0.2.2:80 1', 'l/u9 192.0.2.2:80 1'],
    ],
    ['is none of a section of peers', 'peers p\n server m 192.0.2.1:80\n', []],
    ['is none of a template without end', 'backend b\n server-template t 1-x 192.0.2.1:80\n', []],
  ])('%s', (_what, text, servers) => {
    expect(told(text)).toEqual(servers);
  });

  it('is found by backend and name', () => {
    const find = findConfigured('backend b\n server m 192.0.2.1:80 weight 3\n');
    expect(find('b', 'm')).toMatchObject({ weight: 3 });
    expect(find('c', 'm')).toBeUndefined();
  });
});
