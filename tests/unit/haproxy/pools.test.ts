// Pools and members from the statistics.

import { describe, expect, it } from '@jest/globals';
import { readPools } from '../../../agent/haproxy/pools';
import { parseShowStat } from '../../../agent/haproxy/runtime/show-stat';

const poolsOf = (...rows: readonly string[]) =>
  readPools(parseShowStat(['# pxname,svname,status,type,', ...rows.map((row) => `${row},`), ''].join('\n')));

describe('a pool', () => {
  it('has its members in order, and frontends are none', () => {
    expect(
      poolsOf('web,FRONTEND,OPEN,0', 'p1,m1,UP,2', 'p1,m2,DOWN,2', 'p1,BACKEND,UP,1', 'p2,BACKEND,UP,1'),
    ).toEqual([
      {
        name: 'p1',
        status: 'DEGRADED',
        members: [
          { name: 'm1', status: 'UP' },
          { name: 'm2', status: 'DOWN' },
        ],
      },
      { name: 'p2', status: 'UP', members: [] },
    ]);
  });

  it.each([
    ['UP', 'UP'],
    ['UP 1/3', 'UP'],
    ['no check', 'UP'],
    ['DRAIN', 'UP'],
    ['DOWN', 'DOWN'],
    ['DOWN 1/2', 'DOWN'],
    ['NOLB', 'DOWN'],
    ['MAINT', 'DOWN'],
    ['MAINT (via p2/m2)', 'DOWN'],
    ['MAINT (resolution)', 'DOWN'],
    ['', 'DOWN'],
  ])('has a member that haproxy calls "%s" as %s', (status, expected) => {
    expect(poolsOf(`p,m,${status},2`, 'p,BACKEND,UP,1')[0]?.members[0]?.status).toBe(expected);
  });

  it.each([
    ['all members up', ['UP', 'UP'], 'UP', 'UP'],
    ['some members up', ['UP', 'MAINT'], 'UP', 'DEGRADED'],
    ['no member up', ['DOWN', 'MAINT'], 'UP', 'DOWN'],
    ['its backend down', ['UP', 'UP'], 'DOWN', 'DOWN'],
    ['no members and its backend up', [], 'UP', 'UP'],
    ['no members and its backend down', [], 'DOWN', 'DOWN'],
  ])('with %s', (_what, members, backend, expected) => {
    const rows = members.map((status, index) => `p,m${index},${status},2`);
    expect(poolsOf(...rows, `p,BACKEND,${backend},1`)[0]?.status).toBe(expected);
  });

  it('does not count the binds that `option socket-stats` lists beside the members', () => {
    expect(poolsOf('l,FRONTEND,OPEN,0', 'l,sock-1,OPEN,3', 'l,m1,DOWN,2', 'l,BACKEND,DOWN,1')).toEqual([
      { name: 'l', status: 'DOWN', members: [{ name: 'm1', status: 'DOWN' }] },
    ]);
  });
});
