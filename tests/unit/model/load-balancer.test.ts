// How members make their pool's status.

import { describe, expect, it } from '@jest/globals';
import { poolStatus, type MemberStatus } from '../../../agent/model/load-balancer';

const members = (statuses: readonly MemberStatus[]) =>
  statuses.map((status, index) => ({ name: `m${index}`, status }));

describe("a pool's status", () => {
  it('follows backend and members in every mixture of up to four', () => {
    for (let size = 0; size <= 4; size += 1) {
      for (let bits = 0; bits < 2 ** size; bits += 1) {
        const statuses = Array.from({ length: size }, (_, bit) => (bits & (1 << bit) ? 'UP' : 'DOWN'));
        const up = statuses.filter((status) => status === 'UP').length;
        expect(poolStatus(false, members(statuses))).toBe('DOWN');
        const expected = up === size ? 'UP' : up === 0 ? 'DOWN' : 'DEGRADED';
        expect(poolStatus(true, members(statuses))).toBe(expected);
      }
    }
  });
});
