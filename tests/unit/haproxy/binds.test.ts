// The addresses and ports that a configuration takes, as haproxy 2.6 reads its bind lines.

import { describe, expect, it } from '@jest/globals';
import { readBinds } from '../../../agent/haproxy/binds';
import { formatBind } from '../../../agent/model/bind';

const shown = (line: string): readonly string[] =>
  readBinds(`frontend a\n ${line}\n`, 'me').map(
    (bind) => `${bind.transport} ${formatBind(bind)}${bind.v6only ? ' v6only' : ''}`,
  );

describe('a bind line', () => {
  it.each<[line: string, taken: readonly string[]]>([
    ['bind 192.0.2.1:80', ['tcp 192.0.2.1:80']],
    ['bind :80', ['tcp *:80']],
    ['bind *:80', ['tcp *:80']],
    ['bind 0.0.0.0:80', ['tcp *:80']],
    ['bind :::80', ['tcp [::]:80']],
    ['bind [::]:80 v6only', ['tcp [::]:80 v6only']],
    ['bind ipv6@:80', ['tcp [::]:80']],
    ['bind ipv6@*:80', ['tcp [::]:80']],
    ['bind ipv4@192.0.2.1:80', ['tcp 192.0.2.1:80']],
    ['bind tcp6@:80', ['tcp [::]:80']],
    ['bind tcp4@:80', ['tcp *:80']],
    ['bind 2001:db8::1:80', ['tcp [2001:db8::1]:80']],
    ['bind [2001:DB8:0::1]:80', ['tcp [2001:db8::1]:80']],
    ['bind ::ffff:192.0.2.1:80', ['tcp 192.0.2.1:80']],
    ['bind fe80::1%eth0:80', ['tcp [fe80::1]:80']],
    ['bind LB.example:80', ['tcp lb.example:80']],
    ['bind 192.0.2.1:80,192.0.2.2:81', ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:81']],
    ['bind 192.0.2.1:80-82', ['tcp 192.0.2.1:80', 'tcp 192.0.2.1:81', 'tcp 192.0.2.1:82']],
    ['bind "192.0.2.1:80" ssl crt /x.pem', ['tcp 192.0.2.1:80']],
    ['bind quic4@192.0.2.1:443', ['udp 192.0.2.1:443']],
    ['bind udp6@:53', ['udp [::]:53']],
    ['dgram-bind 192.0.2.1:514', ['udp 192.0.2.1:514']],
    ['bind /run/x.sock', []],
    ['bind unix@/run/x.sock', []],
    ['bind abns@name:80', []],
    ['bind fd@3', []],
    ['bind', []],
    ['bind 192.0.2.1', []],
    ['bind 192.0.2.1:82-80', []],
    ['server m1 192.0.2.1:80', []],
    ['# bind 192.0.2.1:80', []],
  ])('%j takes %j', (line, taken) => {
    expect(shown(line)).toEqual(taken);
  });

  it('is told by its number', () => {
    expect(readBinds('# one\nlisten a\n\n bind :80\n bind :81\n', 'me')).toMatchObject([
      { port: 80, line: 4 },
      { port: 81, line: 5 },
    ]);
  });

  it('ends a range at the last port there is', () => {
    expect(readBinds('listen a\n bind :65534-99999\n', 'me').map(({ port }) => port)).toEqual([
      65_534, 65_535,
    ]);
  });
});

describe('more ports than anybody serves', () => {
  const ranges = (count: number): string => `listen a\n${' bind 127.0.0.1:1-65535\n'.repeat(count)}`;

  it('are refused before they are listed', () => {
    expect(readBinds(ranges(2), 'me')).toHaveLength(131_070);
    expect(() => readBinds(ranges(100_000), 'me')).toThrow('listens on too many ports');
  });
});

describe('a peers section', () => {
  const text =
    'peers p\n peer me 192.0.2.1:1025\n peer other 192.0.2.2:1025\n server me 192.0.2.3:1026\n bind :1027\n';

  it('takes the address of this very peer, and those that it binds', () => {
    expect(readBinds(text, 'me').map(formatBind)).toEqual(['192.0.2.1:1025', '192.0.2.3:1026', '*:1027']);
    expect(readBinds(text, 'third').map(formatBind)).toEqual(['*:1027']);
  });

  it('with a peer that has no address takes nothing for it', () => {
    expect(readBinds('peers p\n server me\n', 'me')).toEqual([]);
  });
});
