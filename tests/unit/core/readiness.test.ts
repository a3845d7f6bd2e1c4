// Why an agent is not live, or not ready: kinds of trouble, one at a time.

import { describe, expect, it } from '@jest/globals';
import { createReadiness, type Readiness, type ReadinessDeps } from '../../../agent/core/readiness';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const clock = createHandClock();
const dates = {
  serverFromMs: clock.now() - 1,
  serverUntilMs: clock.now() + 1,
  clientCaUntilMs: undefined,
  clientCrlUntilMs: clock.now() + 1,
};
const finding = { check: 'x', severity: 'error', what: '', why: '', todo: '' } as const;

function readiness(changes: Partial<ReadinessDeps> = {}): Readiness {
  return createReadiness({
    clock,
    files: createMemoryFiles({ '/lib/': '' }),
    basePath: '/lib',
    lag: { sinceLookMs: () => 400 },
    heartbeats: () => ({ sinceMs: 9_000, intervalMs: 10_000 }),
    isRestored: () => true,
    holdsLock: () => Promise.resolve(true),
    dates: () => dates,
    standings: () => Promise.resolve([{ id, isWanted: false, isUp: false, runsOlder: false }]),
    udpFindings: () => Promise.resolve([]),
    vrrp: { isWell: () => Promise.resolve(true) },
    ...changes,
  });
}

describe('an agent is ready', () => {
  it('when nothing is wrong', async () => {
    expect(await readiness().ready()).toEqual({ isWell: true, reasons: [] });
  });

  const down = { id, isWanted: true, isUp: false, runsOlder: false };
  it.each<readonly [check: string, what: string, changes: Partial<ReadinessDeps>]>([
    ['restore', 'restore under way', { isRestored: () => false }],
    ['instance-lock', 'the state directory was replaced', { holdsLock: () => Promise.resolve(false) }],
    [
      'instance-lock',
      'cannot be looked at: unavailable',
      { holdsLock: () => Promise.reject(new AgentError('unavailable', '/lib/x')) },
    ],
    [
      'server-certificate',
      'the server certificate has run out',
      { dates: () => ({ ...dates, serverUntilMs: 0 }) },
    ],
    [
      'server-certificate',
      'the server certificate is not valid yet',
      { dates: () => ({ ...dates, serverFromMs: Infinity }) },
    ],
    [
      'client-crl',
      'a revocation list of clients has run out',
      { dates: () => ({ ...dates, clientCrlUntilMs: 0 }) },
    ],
    ['disk', 'the state directory is gone', { basePath: '/gone' }],
    [
      'load-balancers',
      '1 load balancer should run and does not',
      { standings: () => Promise.resolve([down]) },
    ],
    [
      'load-balancers',
      '2 load balancers should run and do not',
      { standings: () => Promise.resolve([down, down]) },
    ],
    [
      'udp-listeners',
      '1 UDP listener should run and does not',
      { udpFindings: () => Promise.resolve([finding]) },
    ],
    ['keepalived', 'keepalived should run and does not', { vrrp: { isWell: () => Promise.resolve(false) } }],
  ])('but not over %s: %s', async (check, what, changes) => {
    expect(await readiness(changes).ready()).toEqual({ isWell: false, reasons: [{ check, what }] });
  });

  it('but not on a full disk', async () => {
    const files = createMemoryFiles({ '/lib/': '' });
    const full = { ...files, space: () => Promise.resolve({ usedKb: 1_000_000, availableKb: 10 }) };
    expect((await readiness({ files: full }).ready()).reasons).toEqual([
      { check: 'disk', what: 'disk nearly full' },
    ]);
  });
});

describe('an agent is live', () => {
  it('while its timers run and its heartbeats go out', () => {
    expect(readiness().live()).toEqual({ isWell: true, reasons: [] });
    expect(readiness({ heartbeats: () => undefined }).live().isWell).toBe(true);
  });

  it('but not when timers or the sender stand still', () => {
    expect(readiness({ lag: { sinceLookMs: () => 31_000 } }).live().reasons).toEqual([
      { check: 'timers', what: 'timers do not run' },
    ]);
    const late = { sinceMs: 91_000, intervalMs: 10_000 };
    expect(readiness({ heartbeats: () => late }).live().reasons).toEqual([
      { check: 'heartbeats', what: 'the sender of heartbeats stands still' },
    ]);
  });
});
