// What an operator is shown of a configuration while its haproxy tells nothing.

import { describe, expect, it } from '@jest/globals';
import { readOutline } from '../../../../agent/haproxy/config/outline';

const text = `global
    stats socket /lib/lb.sock
defaults
    mode http
frontend web
    bind 192.0.2.1:80,192.0.2.1:8080
    bind [2001:db8::1]:443 ssl crt /lib/certs/a.pem
    default_backend pool
frontend plain
    mode tcp
    bind :25 # a comment
backend pool
    server one 198.51.100.1:80 weight 5
    server-template t 3 members.example:80
    server "two" [2001:db8::2]:80
backend empty
listen both
    bind 192.0.2.2:81
    server three 198.51.100.3:81
listen stats
    bind 127.0.0.1:9000
`;

describe('the outline of a configuration', () => {
  it('lists frontends, `listen` included, with every address they take and what they speak', () => {
    expect(readOutline(text).frontends).toEqual([
      {
        name: 'web',
        mode: 'http',
        terminatesTls: true,
        addresses: ['192.0.2.1:80', '192.0.2.1:8080', '[2001:db8::1]:443'],
      },
      { name: 'plain', mode: 'tcp', terminatesTls: false, addresses: [':25'] },
      { name: 'both', mode: 'http', terminatesTls: false, addresses: ['192.0.2.2:81'] },
      { name: 'stats', mode: 'http', terminatesTls: false, addresses: ['127.0.0.1:9000'] },
    ]);
  });

  it('lists backends with the servers that they name, empty ones too, and no `listen` that only answers itself', () => {
    expect(readOutline(text).backends).toEqual([
      {
        name: 'pool',
        servers: [
          { name: 'one', address: '198.51.100.1:80' },
          { name: 'two', address: '[2001:db8::2]:80' },
        ],
      },
      { name: 'empty', servers: [] },
      { name: 'both', servers: [{ name: 'three', address: '198.51.100.3:81' }] },
    ]);
  });

  it.each(['', 'nonsense\n', 'frontend\n bind\nbackend\n server\n'])(
    'is made of %j without a complaint',
    (odd) => {
      expect(() => readOutline(odd)).not.toThrow();
    },
  );
});
