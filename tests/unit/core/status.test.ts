// What an operator is told of everything at once, and that nothing which hangs or is spoiled keeps the rest from it.

import { describe, expect, it } from '@jest/globals';
import { createDrawLoadBalancer } from '../../../agent/core/load-balancer-picture';
import { createStatusReader, type StatusDeps } from '../../../agent/core/status';
import { validators } from '../../../agent/generated/validators';
import { AgentError } from '../../../agent/model/errors';
import type { Finding } from '../../../agent/model/finding';
import { parseLoadBalancerId, type LoadBalancerId } from '../../../agent/model/ids';
import type { LoadBalancerPicture } from '../../../agent/model/status';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { udpListener } from '../keepalived/udp-listener';

const idOf = (n: number): LoadBalancerId =>
  parseLoadBalancerId(`0a000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
const pictureOf = (id: LoadBalancerId): LoadBalancerPicture => ({
  id,
  state: 'running',
  owner: 'octavia-v1.0',
  desired: 'running',
  pid: 5,
  uptimeS: 1,
  reloads: 0,
  isOlder: false,
  oldWorkers: [],
  listeners: [],
  pools: [],
});
const finding = (severity: Finding['severity']): Finding => ({
  check: 'c',
  severity,
  what: 'w',
  why: 'y',
  todo: 't',
});

const setUp = (more: Partial<StatusDeps> = {}) => {
  const clock = createHandClock(Date.UTC(2026, 0, 15));
  const deps: StatusDeps = {
    clock,
    system: createLiteralSystem(),
    roots: { basePath: '/lib', certDir: '/lib/certs', runtimeDir: '/lib' },
    version: '0.1.0',
    amphoraId: 'a',
    startedMs: clock.monotonic(),
    stage: () => 'running',
    statuses: { list: () => Promise.resolve([]) },
    draw: (id) => Promise.resolve(pictureOf(id)),
    udpListeners: { list: () => Promise.resolve([]), config: () => Promise.resolve('') },
    udpHealth: { sample: () => Promise.resolve({ listeners: new Map(), pools: new Map() }) },
    topology: {
      state: () =>
        Promise.resolve({
          topology: 'SINGLE',
          role: 'ACTIVE',
          isActive: true,
          haIp: '',
          inTransition: false,
        }),
    },
    vrrp: { role: () => Promise.resolve(undefined), isWell: () => Promise.resolve(true) },
    records: { read: () => Promise.resolve({ interfaces: [], problems: [] }) },
    controllers: () => [],
    heartbeatIntervalS: () => 10,
    findings: { all: () => Promise.resolve([]) },
    ...more,
  };
  return { clock, read: createStatusReader(deps) };
};

describe('the status of an amphora', () => {
  it('is a document of the schema by which commands judge it, however little there is', async () => {
    const { read, clock } = setUp();
    await clock.advance(61_900);
    const status = await read();
    expect(validators['amphora-status'](JSON.parse(JSON.stringify(status)))).toBe(true);
    expect(status.agent).toMatchObject({ uptimeS: 61, startedAt: '2026-01-15T00:00:00.000Z' });
    expect(status.topology.vrrp).toBeNull();
  });

  it('says that heartbeats are withheld while keepalived is down, where there is anybody to tell', async () => {
    const isWell = { role: () => Promise.resolve('FAULT' as const), isWell: () => Promise.resolve(false) };
    const controllers = () => [{ name: 'c', sent: 1, lastSentS: 1, error: null }];
    expect((await setUp({ vrrp: isWell, controllers }).read()).heartbeats.withheld).toBe(true);
    expect((await setUp({ vrrp: isWell }).read()).heartbeats.withheld).toBe(false);
    expect((await setUp({ controllers }).read()).heartbeats.withheld).toBe(false);
  });

  it('counts findings by severity', async () => {
    const all = [finding('error'), finding('warning'), finding('warning')];
    const { read } = setUp({ findings: { all: () => Promise.resolve(all) } });
    expect((await read()).findings).toEqual({ errors: 1, warnings: 2 });
  });

  it('shows hundreds of load balancers in their order, and asks a few at once', async () => {
    let [drawn, most] = [0, 0];
    const ids = Array.from({ length: 300 }, (_, n) => idOf(n));
    const { read } = setUp({
      statuses: { list: () => Promise.resolve(ids.map((id) => ({ id, status: 'running', type: 'TCP' }))) },
      draw: async (id) => {
        drawn += 1;
        most = Math.max(most, drawn);
        await new Promise((resolve) => setImmediate(resolve));
        drawn -= 1;
        return pictureOf(id);
      },
    });
    expect((await read()).loadBalancers.map(({ id }) => id)).toEqual(ids);
    expect(most).toBe(16);
  });

  it('comes within six seconds also where hundreds of haproxies hang', async () => {
    const ids = Array.from({ length: 300 }, (_, n) => idOf(n));
    const files = createMemoryFiles({ '/lib/': '' });
    const sockets = createScriptedSockets([{ answer: () => new Promise(() => undefined) }]);
    const { read, clock } = setUp({
      statuses: { list: () => Promise.resolve(ids.map((id) => ({ id, status: 'running', type: 'TCP' }))) },
      draw: (...asked) => draw(...asked),
    });
    const draw = createDrawLoadBalancer({
      files,
      sockets,
      clock,
      roots: { basePath: '/lib', certDir: '/lib/certs', runtimeDir: '/lib' },
      state: { read: () => Promise.resolve(undefined) },
      oldWorkers: { of: () => Promise.resolve([]) },
    });
    const beforeMs = clock.monotonic();
    const { loadBalancers } = await passTime(clock, read());
    expect(loadBalancers).toHaveLength(300);
    expect(clock.monotonic() - beforeMs).toBeLessThanOrEqual(6_000);
  });

  it('shows UDP listeners with the states that heartbeats tell, and one whose file cannot be read without them', async () => {
    const [first, second] = [idOf(1), idOf(2)];
    const { read } = setUp({
      udpListeners: {
        list: () =>
          Promise.resolve([
            { id: first, type: 'UDP', isRunning: true },
            { id: second, type: 'SCTP', isRunning: false },
          ]),
        config: (id) =>
          id === first
            ? Promise.resolve(udpListener())
            : Promise.reject(new AgentError('unavailable', 'a directory')),
      },
    });
    const [shown, unread] = (await read()).udpListeners;
    expect(shown).toMatchObject({ id: first, isRunning: true, state: null });
    expect(shown?.addresses).not.toEqual([]);
    expect(shown?.members).not.toEqual([]);
    expect(unread).toEqual({
      id: second,
      type: 'SCTP',
      isRunning: false,
      addresses: [],
      state: null,
      members: [],
    });
  });
});
