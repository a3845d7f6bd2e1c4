// The whole of `show stat`, or nothing.

import { describe, expect, it } from '@jest/globals';
import { parseStatTable } from '../../../../agent/haproxy/runtime/stat-table';
import { parseServersState, standingOf } from '../../../../agent/haproxy/runtime/show-servers-state';

const header = '# pxname,svname,status,-,type,last_chk,\n';

describe('The table', () => {
  it('finds cells by the names of their columns', () => {
    const [row] = parseStatTable(`${header}web,s1,UP 1/3,,2,,\n\n`);
    expect([row?.proxy, row?.service, row?.status]).toEqual(['web', 's1', 'UP 1/3']);
    expect([row?.column('type'), row?.column('-'), row?.column('none')]).toEqual(['2', '', '']);
  });

  it('reads quotes, doubled quotes, and commas and line breaks in them', () => {
    const rows = parseStatTable(`${header}web,s1,"a ""b"", c\n\nd",,2,"",\nweb,s2,UP,,2,x,\n\n`);
    expect(rows.map(({ status }) => status)).toEqual(['a "b", c\n\nd', 'UP']);
  });

  it('reads quotes however long', () => {
    const [row] = parseStatTable(`${header}web,s1,UP,,2,"""${'a'.repeat(30_000_000)}",\n\n`);
    expect(row?.column('last_chk').length).toBe(30_000_001);
  });

  it('may have no row', () => {
    expect(parseStatTable(`${header}\n`)).toEqual([]);
  });

  it.each([
    ['', 'truncated'],
    [`${header}web,s1,UP`, 'truncated'],
    [`${header}web,s1,UP,\n`, 'truncated'],
    [`${header}web,s1,UP,,2,,,\n`, 'truncated'],
    [`${header}web,s1,"UP,,2,,\n`, 'truncated'],
    [`${header}web,s1,"UP"x,,2,,\n`, 'truncated'],
    ['Permission denied\n', 'socket_level'],
    ["Unknown command: 'show'\n", 'unsupported'],
  ])('is none when it is %j', (text, code) => {
    expect(() => parseStatTable(text)).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ code }) as unknown }),
    );
  });
});

describe('How a server stands', () => {
  it.each([
    [0, 'ready'],
    [1, 'maint'],
    [2, 'maint'],
    [4, 'ready'],
    [5, 'maint'],
    [12, 'drain'],
    [8, 'drain'],
    [16, 'drain'],
    [32, 'maint'],
    [64, 'maint'],
    [9, 'maint'],
    [24, 'drain'],
  ] as const)('by the bits %d: %s', (bits, standing) => {
    const text = `1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state\n1 b 1 s 127.0.0.1 2 ${bits}\n`;
    expect(parseServersState(text).map(standingOf)).toEqual([standing]);
  });
});
