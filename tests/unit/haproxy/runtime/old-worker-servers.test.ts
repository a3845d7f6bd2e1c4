// Sessions of one server on old workers: counted, and picked from `show sess` as 2.6.12 prints it.

import { describe, expect, it } from '@jest/globals';
import { createOldWorkerSessions, sessionsWith } from '../../../../agent/haproxy/runtime/old-worker-servers';
import { createScriptedSockets } from '../../../fakes/scripted-socket';

const table = `0x5590a2d798e0: proto=tcpv4 src=127.0.0.1:47170 fe=f be=pool srv=one ts=00 epoch=0 age=3s
0x5590a2d79900: proto=tcpv4 src=127.0.0.1:47171 fe=f be=pool srv=one2 ts=00 epoch=0 age=3s
0x5590a2d79920: proto=tcpv4 src=127.0.0.1:47172 fe=f be=other srv=one ts=00 epoch=0 age=3s
0x5590a2e93fa0: proto=sockpair src=unix:2 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s

`;

describe('the sessions that are cut on an old worker', () => {
  it("are that server's alone", () => {
    expect(sessionsWith(table, { backend: 'pool', server: 'one' })).toEqual(['0x5590a2d798e0']);
    expect(sessionsWith('Proxy is disabled.\n', { backend: 'pool', server: 'one' })).toEqual([]);
  });
});

describe('the sessions that old workers have', () => {
  const proc = [
    '#<PID>          <type>          <reloads>       <uptime>        <version>',
    '10              master          1               0d00h00m09s     2.6.12',
    '# workers',
    '12              worker          0               0d00h00m01s     2.6.12',
    '# old workers',
    '11              worker          1               0d00h00m09s     2.6.12',
    '\n',
  ].join('\n');
  const stat = '# pxname,svname,status,scur,\nweb,s1,UP,2,\nother,s1,UP,5,\n\n';
  const scene = () => {
    const sockets = createScriptedSockets([
      { line: /^show proc$/, answer: proc },
      // A proxy's name alone is that of the frontend `web`, which has no servers.
      { line: /^@!11 show stat -1 /, answer: stat },
      { line: /^@!11 show stat web /, answer: '# pxname,svname,status,scur,\n\n' },
    ]);
    return { sockets, sessions: createOldWorkerSessions(sockets) };
  };

  it("count for a backend that has a frontend's name", async () => {
    const { sessions } = scene();
    expect(await sessions.count('/m.sock', { backend: 'web', server: 's1' })).toBe(2);
  });

  it('are asked for once by all who ask at the same time, and anew by who comes later', async () => {
    const { sockets, sessions } = scene();
    const ask = (backend: string) => sessions.count('/m.sock', { backend, server: 's1' });
    expect(await Promise.all([ask('web'), ask('other'), ask('none')])).toEqual([2, 5, 0]);
    expect(sockets.transcript).toHaveLength(2);
    await ask('web');
    expect(sockets.transcript).toHaveLength(4);
  });
});
