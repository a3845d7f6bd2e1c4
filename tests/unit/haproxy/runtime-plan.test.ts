// Which changes of a configuration a running haproxy is given, and why the others are a reload.

import { describe, expect, it } from '@jest/globals';
import { planRuntimeChange } from '../../../agent/haproxy/runtime-plan';
import type { RuntimePlan, RuntimePlanInput } from '../../../agent/haproxy/runtime-change';

const check = 'check inter 5s fall 3 rise 3';

function pool(servers: readonly string[], lines: readonly string[] = ['balance roundrobin']): string {
  return `# Configuration for loadbalancer 1
global
    daemon
    server-state-file /b/1/servers-state
defaults
    no log
    retries 3
frontend f
    bind 192.0.2.1:80
    mode http
    default_backend p:f
backend p:f
    mode http
${lines.map((line) => `    ${line}\n`).join('')}    option allbackups
    timeout connect 5000
${servers.map((server) => `    server ${server}\n`).join('')}`;
}

function plan(running: string, wanted: string, more: Partial<RuntimePlanInput> = {}): RuntimePlan {
  return planRuntimeChange({
    running,
    wanted,
    changedFiles: [],
    crtLists: new Map(),
    version: '2.6.12-1+deb12u4',
    ...more,
  });
}

function changes(running: string, wanted: string, more: Partial<RuntimePlanInput> = {}): unknown {
  const planned = plan(running, wanted, more);
  return planned.kind === 'runtime' ? planned.changes : planned.reason;
}

/** The outcome for one pool whose servers change. */
function between(before: readonly string[], after: readonly string[], lines?: readonly string[]): unknown {
  return changes(pool(before, lines), pool(after, lines));
}

const a = `a 192.0.2.11:80 weight 1 ${check}`;
const b = `b 192.0.2.12:80 weight 1 ${check}`;

describe('a running haproxy is told', () => {
  it('nothing when only comments, blanks and quotes differ', () => {
    const text = pool([a]);
    expect(
      changes(text, text.replace('retries 3', '"retries"   3 # three').replace('# Conf', '\n# Other conf')),
    ).toEqual([]);
  });

  it('another weight', () => {
    expect(between([a, b], [a.replace('weight 1', 'weight 7'), b])).toEqual([
      { kind: 'weight', backend: 'p:f', server: 'a', weight: 7 },
    ]);
  });

  it.each([
    ['192.0.2.99:8080', '192.0.2.99', 8080],
    ['2001:db8::5:81', '2001:db8::5', 81],
    ['[2001:DB8:0::5]:81', '2001:db8::5', 81],
    ['ipv4@192.0.2.99:80', '192.0.2.99', 80],
  ])('another address: %s', (place, address, port) => {
    expect(between([a], [a.replace('192.0.2.11:80', place)])).toEqual([
      { kind: 'address', backend: 'p:f', server: 'a', address, port },
    ]);
  });

  it('nothing when an address is merely written another way', () => {
    expect(between(['a [2001:db8::1]:80'], ['a 2001:db8:0:0::1:80'])).toEqual([]);
  });

  it('that a server is disabled, and enabled again', () => {
    expect(between([a], [`${a} disabled`])).toEqual([
      { kind: 'standing', backend: 'p:f', server: 'a', standing: 'maint' },
    ]);
    expect(between([`${a} disabled`], [a])).toEqual([
      { kind: 'standing', backend: 'p:f', server: 'a', standing: 'ready' },
    ]);
  });

  it.each(['roundrobin', 'leastconn', 'random(2)'])('a server that comes and one that goes: %s', (name) => {
    const c = 'c 192.0.2.13:80 weight 2 backup maxconn 9';
    expect(between([a, b], [a, c], [`balance ${name}`])).toEqual([
      {
        kind: 'add',
        server: {
          backend: 'p:f',
          server: 'c',
          place: '192.0.2.13:80',
          words: 'backup maxconn 9 weight 2 minconn 9 pool-purge-delay 5s pool-max-conn -1'.split(' '),
          checks: false,
          agentChecks: false,
          standing: 'ready',
        },
      },
      { kind: 'remove', backend: 'p:f', server: 'b' },
    ]);
  });

  it('the first server of a pool that has none, in the algorithm that a pool without one has', () => {
    expect(between([], ['c 192.0.2.13:80'], [])).toEqual([expect.objectContaining({ kind: 'add' })]);
  });

  it('that the last server of a pool goes', () => {
    expect(between([a], [])).toEqual([{ kind: 'remove', backend: 'p:f', server: 'a' }]);
  });

  it('what takes traffic before what ceases to', () => {
    const before = [a, b, 'c 192.0.2.13:80 disabled', 'd 192.0.2.14:80', 'e 192.0.2.15:80 weight 0'];
    const after = [
      'n 192.0.2.16:80',
      b.replace('weight 1', 'weight 0'),
      'c 192.0.2.13:80',
      'd 192.0.2.14:80 disabled',
      'e 192.0.2.25:80 weight 4',
    ];
    const planned = plan(pool(before), pool(after));
    expect(planned.kind === 'runtime' ? planned.changes.map(({ kind }) => kind) : planned.reason).toEqual(
      'add address weight standing weight standing remove'.split(' '),
    );
  });

  it('nothing when the servers of a round-robin pool stand in another order', () => {
    expect(between([a, b], [b, a])).toEqual([]);
  });

  it('what the servers of each changed pool must be in the end', () => {
    expect(plan(pool([a, b]), pool([a, `${b} disabled`]))).toMatchObject({
      expected: [
        {
          backend: 'p:f',
          server: 'a',
          address: '192.0.2.11',
          port: 80,
          weight: 1,
          standing: 'ready',
          changes: false,
        },
        {
          backend: 'p:f',
          server: 'b',
          address: '192.0.2.12',
          port: 80,
          weight: 1,
          standing: 'maint',
          changes: true,
        },
      ],
    });
  });

  it('a weight of 0 in a pool of source addresses, and the weight before', () => {
    const drained = a.replace('weight 1', 'weight 0');
    expect(between([a, b], [drained, b], ['balance source'])).toEqual([
      { kind: 'weight', backend: 'p:f', server: 'a', weight: 0 },
    ]);
    expect(between([drained, b], [a, b], ['balance source'])).toEqual([
      { kind: 'weight', backend: 'p:f', server: 'a', weight: 1 },
    ]);
  });

  it('any weight where the hash is consistent', () => {
    const lines = ['balance source', 'hash-type consistent'];
    expect(between([a], [a.replace('weight 1', 'weight 5')], lines)).toEqual([
      expect.objectContaining({ weight: 5 }),
    ]);
  });

  it('that a server goes from a pool with cookies, and from one of source addresses', () => {
    expect(between([`${a} cookie a`, `${b} cookie b`], [`${a} cookie a`], ['cookie SRV insert'])).toEqual([
      expect.objectContaining({ kind: 'remove' }),
    ]);
    expect(between([a, b], [b], ['balance source'])).toEqual([expect.objectContaining({ kind: 'remove' })]);
  });
});

describe('a server that comes', () => {
  function wordsOf(server: string, lines: readonly string[] = [], others: readonly string[] = []): unknown {
    const planned = plan(pool(others, lines), pool([...others, server], lines));
    if (planned.kind === 'reload') return planned.reason;
    const [change] = planned.changes;
    return change?.kind === 'add' ? change.server.words.join(' ').replace(/ pool-purge.*$/, '') : undefined;
  }

  it('has what default-server says, unless its own line says otherwise', () => {
    expect(
      wordsOf('n 192.0.2.9:80 inter 9s no-check', ['default-server check inter 2s weight 5 maxconn 3']),
    ).toBe('inter 9s maxconn 3 weight 5 minconn 3');
  });

  it('is down when default-server says so, and up when its own line says enabled', () => {
    const standing = (words: string): unknown => {
      const lines = ['default-server disabled'];
      const planned = plan(pool([], lines), pool([`n 192.0.2.9:80 ${words}`], lines));
      return planned.kind === 'runtime' ? planned.changes : planned.reason;
    };
    expect(standing('')).toMatchObject([{ server: { standing: 'maint' } }]);
    expect(standing('enabled')).toMatchObject([{ server: { standing: 'ready' } }]);
  });

  it('is checked over what its traffic takes, as one of a file', () => {
    const tls = 'ssl verify none sni ssl_fc_sni no-sslv3 send-proxy-v2';
    expect(wordsOf(`n 192.0.2.9:80 check ${tls}`)).toBe(`check ${tls} weight 1 check-ssl check-send-proxy`);
    expect(wordsOf(`n 192.0.2.9:80 check port 81 ${tls}`)).toBe(`check port 81 ${tls} weight 1`);
  });

  it('has the certificates that another server of the load balancer has', () => {
    const files = 'ssl crt /c/p.pem ca-file /c/ca.pem verify required';
    expect(wordsOf(`n 192.0.2.9:80 ${files}`, [], [`a 192.0.2.8:80 ${files}`])).toBe(`${files} weight 1`);
    expect(wordsOf(`n 192.0.2.9:80 ${files}`)).toBe('server p:f/n is new: no server has crt /c/p.pem yet');
  });

  it.each([
    ['cookie n', '"cookie" is no word for a server that is added'],
    ['track a', '"track" is no word for a server that is added'],
    ['agent-check agent-port 9', '"agent-check" is no word for a server that is added'],
    ['id 7', '"id" is no word for a server that is added'],
    ['ssl verify none alpn h2,http/1.1', 'it speaks HTTP/2'],
    ['ssl verify none sni req.hdr(host)', 'its sni is req.hdr(host)'],
    ['check addr web.example', 'its addr is no IP address'],
    ['ciphers "A;B"', 'a word of it is no plain word'],
    ['nonsense', 'server p:f/n: "nonsense" is no word of a server that is known'],
    ['inter', 'server p:f/n: "inter" has no value'],
    ['weight x', 'server p:f/n: weight x is no number from 0 to 256'],
  ])('is a reload with %s', (words, reason) => {
    expect(wordsOf(`n 192.0.2.9:80 ${words}`)).toContain(reason);
  });

  it('is a reload when it takes back what only haproxy itself can take back', () => {
    expect(wordsOf('n 192.0.2.9:80 no-ssl', ['default-server ssl verify none'])).toContain(
      'it takes ssl of default-server back',
    );
  });

  it('is a reload when it is disabled and checked: its checks would not pause', () => {
    expect(wordsOf(`n 192.0.2.9:80 ${check} disabled`)).toContain('it is disabled and checked');
  });

  it('is a reload when a program checks it: haproxy would crash', () => {
    const lines = ['option external-check', 'external-check command /bin/true'];
    expect(wordsOf(`n 192.0.2.9:80 ${check}`, lines)).toContain('it is checked by a program');
    expect(wordsOf('n 192.0.2.9:80', lines)).toBe('weight 1');
  });

  it.each([
    ['web.example:80'],
    ['192.0.2.9'],
    ['192.0.2.9:+80'],
    ['0.0.0.0:80'],
    ['unix@/run/x'],
    ['fe80::1%eth0:80'],
    ['192.0.2.9:0'],
  ])('is a reload at %s', (place) => {
    expect(wordsOf(`n ${place}`)).toBe('server p:f/n is new: its place is no IP address and port');
  });

  it.each([
    [['balance source'], 'source does not allow it'],
    [['balance source', 'hash-type consistent'], 'source does not allow it'],
    [['balance first'], 'first does not allow it'],
    [['balance static-rr'], 'static-rr does not allow it'],
    [['balance hdr(host)'], 'hdr does not allow it'],
    [['cookie SRV insert indirect nocache'], 'the backend has a cookie'],
    [['dispatch 192.0.2.7:80'], 'the backend needs no servers'],
    [['stick-table type ip size 1 srvkey addr'], 'clients are kept at addresses of servers'],
    [['balance newest'], 'backend p:f has an algorithm that is not known'],
    [['disabled'], 'backend p:f is disabled'],
    [['server-template w 3 192.0.2.3:80'], 'backend p:f has a server-template'],
  ])('is a reload in a pool with %j', (lines, reason) => {
    expect(wordsOf('n 192.0.2.9:80', lines)).toContain(reason);
  });

  it('is a reload where the name is none that haproxy can be told', () => {
    expect(wordsOf('"n;x" 192.0.2.9:80')).toContain('unusual names');
  });
});

describe('a reload is needed when', () => {
  it.each([
    ['check inter 9s fall 3 rise 3', 'inter changes'],
    ['check inter 5s fall 3 rise 3 backup', 'backup changes'],
    ['check inter 5s fall 3 rise 3 maxconn 5', 'maxconn changes'],
    ['check inter 5s fall 3 rise 3 cookie a', 'cookie changes'],
    ['check inter 5s fall 3 rise 3 ssl verify none', 'ssl changes'],
    ['check inter 5s rise 3 fall 3', 'order of words changes'],
    ['', 'check changes'],
  ])('a server says %j instead', (words, reason) => {
    expect(between([a], [`a 192.0.2.11:80 weight 1 ${words}`])).toBe(`server p:f/a: ${reason}`);
  });

  it('a weight changes under a static algorithm', () => {
    expect(between([a], [a.replace('weight 1', 'weight 2')], ['balance source'])).toBe(
      'server p:f/a: its weight changes, which source does not allow',
    );
  });

  it.each([
    ['web.example:80', '192.0.2.11:80', ''],
    ['192.0.2.11:80', '192.0.2.11', ''],
    ['192.0.2.11:80', 'unix@/run/x', ''],
  ])('a server moves from %s to %s', (from, to) => {
    expect(between([`a ${from}`], [`a ${to}`])).toBe('server p:f/a: its place is no IP address and port');
  });

  it('a server moves that is resolved', () => {
    expect(between(['a 192.0.2.1:80 init-addr none'], ['a 192.0.2.2:80 init-addr none'])).toBe(
      'server p:f/a: its address is more than a place',
    );
  });

  it('a server beside the changed one cannot be read back', () => {
    expect(between([a, 'w web.example:80'], [a.replace('weight 1', 'weight 2'), 'w web.example:80'])).toBe(
      'server p:f/w has no IP address and port',
    );
  });

  it('servers track others, or one stands there twice', () => {
    expect(between([a, 'b 192.0.2.2:80 track a'], [`${a} disabled`, 'b 192.0.2.2:80 track a'])).toBe(
      'servers track others',
    );
    expect(between([a, a], [a])).toBe('server p:f/a stands there twice');
  });

  it.each([
    [['use-server a if { path /a }'], 'another line names it'],
    [['http-request deny if { srv_is_up(p:f/a) }'], 'another line names it'],
    [['force-persist if { path /x }'], 'rules of the backend choose servers'],
    [['http-reuse never'], 'connections belong to clients'],
    [['balance source', 'hash-type consistent'], 'the hash goes by numbers'],
  ])('a server goes from a pool with %j', (lines, reason) => {
    expect(between([a, b], [b], lines)).toContain(`server p:f/a goes: ${reason}`);
  });

  it('the order of servers changes where it matters', () => {
    expect(between([a, b], [b, a], ['balance source'])).toContain('the order of servers changes');
    const backups = [`${a} backup`, `${b} backup`];
    expect(between(backups, backups.toReversed(), ['balance roundrobin'])).toEqual([]);
    const one = (servers: readonly string[]): string => pool(servers).replace('    option allbackups\n', '');
    expect(changes(one(backups), one(backups.toReversed()))).toContain('only the first serves');
    expect(changes(one([a]), one([b, a]))).toEqual([expect.objectContaining({ kind: 'add' })]);
  });

  it.each([
    ['retries 3', 'retries 4', 'lines of defaults change'],
    ['bind 192.0.2.1:80', 'bind 192.0.2.1:81', 'lines of frontend f change'],
    ['timeout connect 5000', 'timeout connect 6000', 'lines of backend p:f change'],
    ['balance roundrobin', 'balance leastconn', 'lines of backend p:f change'],
    ['frontend f', 'frontend g', 'sections come, go or move'],
    ['backend p:f\n', 'backend q\n    balance first\nbackend p:f\n', 'sections come, go or move'],
    ['retries 3', 'retries "3', 'a line cannot be read'],
    ['global\n', '.if true\n.endif\nglobal\n', 'it has conditional blocks'],
    ['# Conf', 'maxconn 3\n# Conf', 'lines stand before all sections'],
    ['retries 3', 'retries "$N"', 'lines of defaults change'],
  ])('%j becomes %j', (from, to, reason) => {
    const text = pool([a]);
    expect(changes(text, text.replace(from, to))).toBe(reason);
  });

  it('a server of another section changes', () => {
    const peers = (port: number): string => `${pool([a])}peers p\n    server x 127.0.0.1:${port}\n`;
    expect(changes(peers(1), peers(2))).toBe('lines of peers p change');
    const listen = (port: number): string => `${pool([a])}listen l\n    server x 127.0.0.1:${port}\n`;
    expect(changes(listen(1), listen(2))).toBe('lines of listen l change');
  });

  it('two backends have one name', () => {
    const twice = (weight: number): string =>
      `${pool([a])}backend p:f\n    server z 192.0.2.1:80 weight ${weight}\n`;
    expect(changes(twice(1), twice(2))).toBe('backend p:f stands there twice');
  });

  it.each(['2.4.22-f8e3218', '2.5.14', '', 'what'])('haproxy is %j', (version) => {
    expect(changes(pool([a]), pool([a]), { version })).toContain('is not known to take changes');
  });

  it.each(['2.6.0', '2.8.5-1', '3.0.1', '2.6-dev1'])('it is not for haproxy %s', (version) => {
    expect(changes(pool([a]), pool([a]), { version })).toEqual([]);
  });
});

describe('what a pool inherits', () => {
  const text = (algorithm: string, weight: number): string => `defaults x
    balance ${algorithm}
defaults y from x
    retries 2
backend p from y
    server a 192.0.2.1:80 weight ${weight}
`;

  it('is the algorithm of the defaults that it names, and of those above', () => {
    expect(changes(text('leastconn', 1), text('leastconn', 2))).toEqual([
      expect.objectContaining({ weight: 2 }),
    ]);
    expect(changes(text('source', 1), text('source', 2))).toContain('which source does not allow');
  });

  it('is a default-server above it, and one below it not', () => {
    const servers = (first: string, second: string): string =>
      `backend p\n${first}    default-server check\n${second}`;
    const server = '    server a 192.0.2.1:80\n';
    expect(changes(servers(server, ''), servers('', server))).toBe('server p/a: check changes');
  });
});

describe('a changed file', () => {
  const text = `global
    daemon
frontend f
    bind 192.0.2.1:443 ssl crt /c/a.pem crt-list /c/list.txt ca-file /c/ca.pem
    bind 192.0.2.1:444 ssl crt /c/a.pem crt /c/shared.pem
backend p
    server a 192.0.2.1:80 ssl crt /c/shared.pem
`;
  const crtLists = new Map([
    ['/c/list.txt', '/c/b.pem x.example\n/c/c.pem [ca-file /c/own-ca.pem] y.example\n'],
  ]);
  const outcome = (path: string): unknown => changes(text, text, { changedFiles: [path], crtLists });

  it.each(['/c/a.pem', '/c/b.pem', '/c/c.pem'])('is given to haproxy as a certificate: %s', (path) => {
    expect(outcome(path)).toEqual([{ kind: 'certificate', path }]);
  });

  it.each(['/c/ca.pem', '/c/own-ca.pem', '/c/list.txt', '/c/shared.pem', '/c/a.pem.ocsp', '/c/none.pem'])(
    'is a reload: %s',
    (path) => {
      expect(outcome(path)).toBe(`file ${path} changes, which is not just a certificate of a bind`);
    },
  );

  it('is a reload when haproxy completes chains itself', () => {
    const chained = text.replace('daemon', 'issuers-chain-path /c/chains');
    expect(changes(chained, chained, { changedFiles: ['/c/a.pem'], crtLists })).toContain(
      'issuers-chain-path',
    );
  });
});

describe('sessions of a server with on-marked-down', () => {
  const marked = `${b} on-marked-down shutdown-sessions`;
  const why = 'on-marked-down would end its sessions';

  it.each([
    ['that is disabled', [a, `${marked} disabled`], `server p:f/b: ${why}`],
    ['that goes', [a], `server p:f/b goes: ${why}`],
  ])('%s are let finish by a reload', (_what, after, reason) => {
    expect(between([a, marked], after)).toBe(reason);
  });
});
