// What the runtime and master sockets of 2.6 answer, as read by the agent.

import { describe, expect, it } from '@jest/globals';
import { createRuntimeClient } from '../../../../agent/haproxy/runtime/client';
import { parseShowInfo, showInfo } from '../../../../agent/haproxy/runtime/show-info';
import { parseShowProc, showProc } from '../../../../agent/haproxy/runtime/show-proc';
import { parseShowStat, showStat } from '../../../../agent/haproxy/runtime/show-stat';
import { createScriptedSockets } from '../../../fakes/scripted-socket';

const failedReload = `#<PID>          <type>          <reloads>       <uptime>        <version>      
4802            master          1 [failed: 1]   0d00h00m01s     2.6.12-1+deb12u4
# workers
4805            worker          1               0d00h00m01s     2.6.12-1+deb12u4
# programs

`;

describe('show proc', () => {
  it('tells of a failed reload and the worker that goes on', () => {
    expect(parseShowProc(failedReload)).toEqual({
      masterPid: 4802,
      masterAgeS: 1,
      reloads: 1,
      failedReloads: 1,
      workers: [{ pid: 4805, reloads: 1, ageS: 1 }],
      oldWorkers: [],
    });
  });

  it('tells new workers from those that linger', () => {
    const text = failedReload
      .replace('1 [failed: 1]', '2            ')
      .replace('# programs', '# old workers\n4700  worker  2  1d02h03m04s  2.6.12\n# programs');
    expect(parseShowProc(text)).toMatchObject({
      reloads: 2,
      failedReloads: 0,
      workers: [{ pid: 4805 }],
      oldWorkers: [{ pid: 4700, reloads: 2, ageS: 93_784 }],
    });
  });

  it.each([
    ['nothing', ''],
    ['an unknown command', 'Unknown command: "show proc"\n'],
    ['a table without a master', '# workers\n4805 worker 0 0d 2.6\n'],
  ])('is no answer when it is %s', (_what, text) => {
    expect(() => parseShowProc(text)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
  });
});

describe('show stat', () => {
  it('finds columns by name, wherever this version has put them', () => {
    const [row] = parseShowStat('# pxname,svname,new,status,\np,m,x,UP,\n');
    expect([row?.proxy, row?.service, row?.status, row?.column('new')]).toEqual(['p', 'm', 'UP', 'x']);
  });

  it('reads a column that this version lacks, or a short row, as empty', () => {
    const [row] = parseShowStat('# pxname,svname,status,last_chk\np,m\n');
    expect([row?.status, row?.column('last_chk'), row?.column('agent_status')]).toEqual(['', '', '']);
  });

  it('reads quoted cells with commas and quotes in them', () => {
    const text = '# pxname,svname,last_chk,status\np,m,"said ""no"", twice",DOWN\n';
    const [row] = parseShowStat(text);
    expect([row?.column('last_chk'), row?.status]).toEqual(['said "no", twice', 'DOWN']);
  });

  it('gives back any cells that haproxy quotes', () => {
    const alphabet = ['a', ',', '"', ' ', ';', '""', ''];
    for (let number = 0; number < alphabet.length ** 3; number += 1) {
      const cells = [1, 7, 49].map((weight) => alphabet[Math.floor(number / weight) % 7] ?? '');
      const line = ['p', ...cells].map((cell) =>
        /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
      );
      const [row] = parseShowStat(`# pxname,a,b,c\n${line.join(',')}\n`);
      expect(['a', 'b', 'c'].map((name) => row?.column(name))).toEqual(cells);
    }
  });

  it.each(['', 'Unknown command\n', 'pxname,svname\n'])('is no answer when it is %j', (text) => {
    expect(() => parseShowStat(text)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
  });
});

describe('show info', () => {
  it('gives values by name, colons in them included', () => {
    const info = parseShowInfo('Name: HAProxy\nPid: 4805\nempty:\nnode: a:b\nno pair\n\n');
    expect([...info]).toEqual([
      ['Name', 'HAProxy'],
      ['Pid', '4805'],
      ['empty', ''],
      ['node', 'a:b'],
    ]);
  });
});

describe('a client of a socket', () => {
  it('asks each thing on a connection of its own', async () => {
    const sockets = createScriptedSockets([
      { line: /info/, answer: 'Pid: 7\n' },
      { line: /proc/, answer: failedReload },
      { line: /stat/, answer: '# pxname,svname,status\np,BACKEND,UP\n' },
    ]);
    const client = createRuntimeClient(sockets, '/s');
    expect((await showInfo(client)).get('Pid')).toBe('7');
    expect((await showProc(client)).masterPid).toBe(4802);
    expect(await showStat(client)).toHaveLength(1);
    expect(sockets.transcript).toEqual(['/s: show info', '/s: show proc', '/s: show stat']);
  });

  it.each(['show info; shutdown', 'show info\nquit', 'a\rb', 'a\0b', 'set ssl cert x <<\n', 'add map <<'])(
    'refuses %j, which could be read as two commands, before anything is sent',
    async (text) => {
      const sockets = createScriptedSockets([{ answer: '' }]);
      const client = createRuntimeClient(sockets, '/s');
      await expect(showInfo({ command: () => client.command(text) })).rejects.toMatchObject({
        kind: 'invalid-input',
      });
      expect(sockets.transcript).toEqual([]);
    },
  );
});
