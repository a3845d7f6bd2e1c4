// The policy for keepalived uploads against a table of hostile lines, and what controllers really upload.

import { describe, expect, it } from '@jest/globals';
import { readLines } from '../../../agent/keepalived/lines';
import { lvsGrammar } from '../../../agent/keepalived/lvs-grammar';
import { checkKeepalivedPolicy, refuseKeepalivedFaults } from '../../../agent/keepalived/policy';
import { configWith, hostileLines, type HostileLine } from './hostile-lines';
import { udpListener } from './udp-listener';

const grammar = lvsGrammar({
  namespaces: ['amphora-haproxy'],
  programs: ['/var/lib/octavia/lvs/check/udp_check.sh', 'amphora-health-checker'],
});
const check = (text: string) => checkKeepalivedPolicy(text, grammar);
const friendly = (block: HostileLine['block'], line: string) => check(configWith({ block, line }).text);

describe('a hostile line is refused by its number', () => {
  it.each(
    hostileLines.map((each): [string, HostileLine] => [`${each.block}: ${each.line.slice(0, 90)}`, each]),
  )('%s', (_what, hostile) => {
    const { text, number } = configWith(hostile);
    expect(check(text).map(({ line }) => line)).toContain(number);
  });
});

describe('a line that balances traffic passes', () => {
  it.each<readonly [HostileLine['block'], string]>([
    ['top', '# any comment ! with "signs'],
    ['top', '! {'],
    ['top', 'net_namespace amphora-haproxy # ours'],
    ['group', '2001:db8::5 53'],
    ['server', 'persistence_granularity 255.255.255.255'],
    ['server', 'persistence_granularity 128'],
    ['server', 'ops'],
    ['server', 'protocol SCTP'],
    ['member', 'uthreshold 98'],
    ['misc', 'misc_path "amphora-health-checker sctp -t 4 2001:db8::5 53"'],
    ['misc', 'misc_path /var/lib/octavia/lvs/check/udp_check.sh 10.0.0.1 53'],
    ['url', 'path /index.html?a=1&amp;b=~c@d$e'],
    ['url', 'status_code 204'],
    ['http', 'connect_ip 2001:db8::5'],
  ])('%s: %s', (block, line) => {
    expect(friendly(block, line)).toEqual([]);
  });

  it('as Octavia’s templates write them', () => {
    expect(check(udpListener())).toEqual([]);
    expect(check(udpListener({ protocol: 'SCTP', disabledMember: 'x', checks: false }))).toEqual([]);
  });
});

describe('a refusal', () => {
  it('names blocks that are not closed', () => {
    expect(check('virtual_server group g {\n')).toMatchObject([{ line: 2, reason: 'a block is not closed' }]);
  });

  it('judges what stands behind a refused block', () => {
    const faults = check('global_defs {\n script_user x\n}\nnotify_fifo x\n');
    expect(faults.map(({ line }) => line)).toEqual([1, 4]);
  });

  it.each([
    ['lines', '\n'.repeat(4_000_000)],
    ['bytes', `${'a '.repeat(400)}\n`.repeat(10_000)],
  ])('comes at once for a text of too many %s, which would keep everybody else waiting', (_what, text) => {
    const before = performance.now();
    expect(() => refuseKeepalivedFaults(text, grammar)).toThrow(
      expect.objectContaining({ kind: 'config-rejected', message: 'The configuration is too long' }),
    );
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('names a line that is too long, and reads no more of it', () => {
    const [line] = readLines('a '.repeat(1_000_000));
    expect(line?.fault).toMatch(/longer than/);
    expect(line?.words.length).toBeLessThan(1_000);
  });

  it('names fifty lines and counts the others', () => {
    const thrown = (() => {
      try {
        refuseKeepalivedFaults('x\n'.repeat(60), grammar);
        return undefined;
      } catch (caught) {
        return caught as { kind: string; detail: string };
      }
    })();
    expect(thrown?.kind).toBe('config-rejected');
    expect(thrown?.detail.split('\n')).toHaveLength(51);
    expect(thrown?.detail).toMatch(/and 10 more$/);
  });
});
