// What a service manager is told of an agent.

import { describe, expect, it } from '@jest/globals';
import { createPulse, type PulseDeps } from '../../../agent/core/pulse';
import type { Standing } from '../../../agent/core/standings';
import { parseLoadBalancerId } from '../../../agent/model/ids';

const id = parseLoadBalancerId('00000001-aaaa-4bbb-8ccc-dddddddddddd');
const standing = (changes: Partial<Standing> = {}): Standing => {
  return { id, isWanted: true, isUp: true, runsOlder: false, ...changes };
};
const pulse = (changes: Partial<PulseDeps> = {}) =>
  createPulse({
    amphoraId: 'x',
    readiness: { live: () => ({ isWell: true, reasons: [] }) },
    holdsLock: () => Promise.resolve(true),
    standings: () => Promise.resolve([]),
    udpListeners: () => Promise.resolve([]),
    udpFindings: () => Promise.resolve([]),
    ...changes,
  })();

describe('the pulse', () => {
  it('counts what balances, and what should and does not', async () => {
    const three = [standing(), standing({ isUp: false }), standing({ isWanted: false, isUp: false })];
    expect(await pulse()).toEqual({ isWell: true, status: 'amphora x: 0 load balancers' });
    expect(await pulse({ standings: () => Promise.resolve([standing()]) })).toMatchObject({
      status: 'amphora x: 1 load balancer',
    });
    expect(
      await pulse({
        standings: () => Promise.resolve(three),
        udpListeners: () => Promise.resolve(['a', 'b']),
        udpFindings: () => Promise.resolve(['a']),
      }),
    ).toEqual({ isWell: true, status: 'amphora x: 3 load balancers, 2 UDP listeners, 2 not serving' });
  });

  it('is not well when the agent does not do its work, or its directory was replaced', async () => {
    const reasons = [{ check: 'timers', what: 'timers do not run' }];
    const dead = { live: () => ({ isWell: false, reasons }) };
    expect(await pulse({ readiness: dead })).toEqual({
      isWell: false,
      status: 'amphora x: not well: timers do not run',
    });
    expect(await pulse({ holdsLock: () => Promise.resolve(false) })).toEqual({
      isWell: false,
      status: 'amphora x: not well: the state directory was replaced',
    });
  });
});
