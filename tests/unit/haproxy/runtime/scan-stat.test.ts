// What a heartbeat takes from `show stat`, on rows as 2.6.12 prints them.

import { describe, expect, it } from '@jest/globals';
import { createStatScanner } from '../../../../agent/haproxy/runtime/scan-stat';

const scanStat = (text: string) => createStatScanner().scan(Buffer.from(text));
const header =
  '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,check_desc,';
const row = (name: string, service: string, status: string, weight: string, type: number): string =>
  `${name},${service},0,0,3,4,500,7,111,222,0,0,5,0,0,0,0,${status},${weight},1,0,0,0,9,0,,1,2,1,,0,,${type},0,"Layer4, ""check"" passed",`;
const table = (...rows: readonly string[]): string => [header, ...rows, '', ''].join('\n');

describe('statistics of a worker', () => {
  it("give listeners with their counters, pools, and members in haproxy's own words", () => {
    const sample = scanStat(
      table(
        row('lst', 'FRONTEND', 'OPEN', '', 0),
        row('pool:lst', 'm1', 'UP 1/3', '1', 2),
        row('pool:lst', 'm2', 'no check', '1', 2),
        row('pool:lst', 'm3', 'MAINT', '1', 2),
        row('pool:lst', 'BACKEND', 'UP', '1', 1),
      ),
    );
    const counters = { bytesIn: 111, bytesOut: 222, connections: 7, requestErrors: 5 };
    expect([...sample.listeners]).toEqual([['lst', { status: 'OPEN', current: 3, counters }]]);
    const members = new Map([
      ['m1', 'UP 1/3'],
      ['m2', 'no check'],
      ['m3', 'MAINT'],
    ]);
    expect([...sample.pools]).toEqual([['pool:lst', { status: 'UP', members }]]);
    expect(sample.isStopped).toBe(false);
  });

  it('call a member that is up with weight 0 DRAIN, as haproxy does not', () => {
    const { pools } = scanStat(table(row('p', 'm', 'UP', '0', 2), row('p', 'n', 'DOWN', '0', 2)));
    expect([...pools.get('p')!.members.values()]).toEqual(['DRAIN', 'DOWN']);
  });

  it("leave out what is the metrics endpoint's", () => {
    const { listeners, pools } = scanStat(
      table(
        row('prometheus-exporter', 'FRONTEND', 'OPEN', '', 0),
        row('prometheus-internal', 'BACKEND', 'UP', '1', 1),
      ),
    );
    expect([listeners.size, pools.size]).toEqual([0, 0]);
  });

  it('tell a worker that takes no connections any more', () => {
    expect(scanStat(table(row('l', 'FRONTEND', 'STOP', '', 0))).isStopped).toBe(true);
    expect(scanStat(table()).isStopped).toBe(false);
  });

  it.each(['', 'Unknown command', '# pxname,svname\n'])('are refused when the answer is %j', (text) => {
    expect(() => scanStat(text)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
  });

  it('give a pool as the same object for as long as nothing of it changes', () => {
    const { scan } = createStatScanner();
    const poolsOf = (...rows: readonly string[]) => scan(Buffer.from(table(...rows))).pools;
    const listener = row('l', 'FRONTEND', 'OPEN', '', 0);
    const pool = (name: string, ...states: readonly string[]): readonly string[] => [
      ...states.map((state, n) => row(name, `m${n}`, state, '1', 2)),
      row(name, 'BACKEND', 'UP', '1', 1),
    ];
    const before = poolsOf(listener, ...pool('p', 'UP', 'UP'), ...pool('q', 'UP'));
    const same = poolsOf(listener, ...pool('p', 'UP', 'UP'), ...pool('q', 'UP'));
    expect(same.get('p')).toBe(before.get('p'));
    const after = poolsOf(listener, ...pool('p', 'UP', 'DOWN 1/2'), ...pool('q', 'UP'));
    expect([...after.get('p')!.members]).toEqual([
      ['m0', 'UP'],
      ['m1', 'DOWN 1/2'],
    ]);
    expect(after.get('q')).toBe(before.get('q'));
    expect([...before.get('p')!.members.values()]).toEqual(['UP', 'UP']);
    // Rows that move, are fewer, or belong to another proxy now.
    for (const rows of [
      [...pool('q', 'UP'), listener, ...pool('p', 'UP')],
      [...pool('q', 'UP'), ...pool('p', 'DOWN')],
      pool('p', 'DOWN').slice(0, 1),
      pool('p', 'DOWN'),
      [...pool('o', 'UP', 'UP', 'MAINT'), ...pool('p')],
    ]) {
      expect(poolsOf(...rows)).toEqual(scanStat(table(...rows)).pools);
    }
  });
});
