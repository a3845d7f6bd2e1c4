// Sessions of one server in `show sess`, as 2.6.12 prints it.

import { describe, expect, it } from '@jest/globals';
import { sessionsWith } from '../../../../agent/haproxy/runtime/old-worker-servers';

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
