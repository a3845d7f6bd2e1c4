// What metrics tell of load balancers, and whom they ask for it.

import { describe, expect, it } from '@jest/globals';
import { createLoadBalancerReadings, memberState } from '../../../agent/core/load-balancer-readings';
import { createLoadBalancerSamples } from '../../../agent/core/load-balancer-samples';
import { createStandings } from '../../../agent/core/standings';
import type { TapsSample } from '../../../agent/core/haproxy-taps';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid, type LoadBalancerId } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const [first, second, third] = [1, 2, 3].map((n) =>
  parseListenerUuid(`0a000000-0000-4000-8000-00000000000${n}`),
) as [LoadBalancerId, LoadBalancerId, LoadBalancerId];
const roots = { basePath: '/lib', runtimeDir: '/run/amphorad', certDir: '/lib/certs' };
const header = '# pxname,svname,scur,stot,bin,bout,ereq,status,weight,type,';
const row = (px: string, sv: string, scur: number, status: string, weight: number, type: number): string =>
  [px, sv, scur, 9, 10, 11, 0, status, weight, type, ''].join(',');
const stat = [
  header,
  row('front', 'FRONTEND', 3, 'OPEN', 0, 0),
  row('pool', 'a', 1, 'UP', 1, 2),
  row('pool', 'b', 0, 'DOWN 1/2', 1, 2),
  row('pool', 'BACKEND', 1, 'UP', 1, 1),
  '',
].join('\n');
const sampleOf = (current: number): TapsSample => ({
  present: {
    listeners: new Map([
      [
        'front',
        { status: 'OPEN', current, counters: { bytesIn: 0, bytesOut: 0, connections: 0, requestErrors: 0 } },
      ],
    ]),
    pools: new Map([['pool', { status: 'DOWN', members: new Map([['a', 'no check']]) }]]),
    isStopped: false,
  },
  lingering: new Map([['front', 2]]),
});

describe('samples of load balancers', () => {
  it('are what a heartbeat was told where there is such; others are asked once each', async () => {
    const sockets = createScriptedSockets();
    const asked: string[] = [];
    sockets.script({
      line: /^@1 show stat/,
      answer: (_line, path) => {
        asked.push(path);
        return stat;
      },
    });
    const samples = createLoadBalancerSamples({
      clock: createHandClock(),
      sockets,
      roots,
      health: {
        lastSample: (id, notOlderMs) => (id === first && notOlderMs === 11_000 ? sampleOf(4) : undefined),
      },
      intervalMs: () => 10_000,
    });
    const found = await samples([first, second]);
    expect(found.get(first)?.present.listeners.get('front')?.current).toBe(4);
    expect(found.get(second)?.present.pools.get('pool')?.members.get('b')).toBe('DOWN 1/2');
    expect(asked).toHaveLength(1);
  });
});

describe('what metrics tell of load balancers', () => {
  it('is whether they should run and do, their sessions, backends and members', async () => {
    const states = {
      [first]: { owner: 'octavia-v1.0', peer: 'p', desired: 'running', running: { fallback: true } },
      [second]: { owner: 'octavia-v1.0', peer: 'p', desired: 'running' },
    } as unknown as Readonly<Record<string, never>>;
    const standings = createStandings({
      loadBalancers: { ids: () => Promise.resolve([first, second, third]) },
      watcher: { look: (id) => (id === first ? 'serves' : id === second ? 'down' : undefined) },
      state: {
        read: (id) =>
          id === third
            ? Promise.reject(new AgentError('precondition', 'spoiled'))
            : Promise.resolve(states[id]),
      },
    });
    const asked: LoadBalancerId[] = [];
    const read = createLoadBalancerReadings({
      standings,
      samples: (ids) => {
        asked.push(...ids);
        return Promise.resolve(new Map([[first, sampleOf(4)]]));
      },
      oldWorkers: { counts: () => new Map([[first, 2]]) },
    });
    const lines = (await read()).map(
      ({ name, labels = {}, value }) =>
        `${name.replace('amphorad_', '')} ${Object.values(labels).join(' ').replaceAll(first, '1').replaceAll(second, '2').replaceAll(third, '3')} ${value}`,
    );
    expect(asked).toEqual([first]);
    expect(lines).toEqual([
      'load_balancers  3',
      'load_balancer_wanted 1 1',
      'load_balancer_up 1 1',
      'load_balancer_older_configuration 1 1',
      'load_balancer_old_workers 1 2',
      'load_balancer_sessions 1 6',
      'backend_up 1 pool 0',
      'member_state 1 pool a no_check 1',
      'load_balancer_wanted 2 1',
      'load_balancer_up 2 0',
      'load_balancer_older_configuration 2 0',
      'load_balancer_old_workers 2 0',
      'load_balancer_wanted 3 0',
      'load_balancer_up 3 0',
      'load_balancer_older_configuration 3 0',
      'load_balancer_old_workers 3 0',
    ]);
  });

  it.each([
    ['UP', 'up'],
    ['UP 1/3', 'up'],
    ['DOWN 1/2', 'down'],
    ['DRAIN (agent)', 'drain'],
    ['MAINT (resolution)', 'maint'],
    ['NOLB 1/3', 'stopping'],
    ['no check', 'no_check'],
    ['something new', 'unknown'],
  ])('has one state for "%s": %s', (words, state) => {
    expect(memberState(words)).toBe(state);
  });
});
