// One load balancer as its operator is shown it, by a haproxy that says nothing.

import { describe, expect, it } from '@jest/globals';
import { createDrawLoadBalancer } from '../../../agent/core/load-balancer-picture';
import { parseLoadBalancerId, type LoadBalancerId } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const idOf = (n: number): LoadBalancerId =>
  parseLoadBalancerId(`0a000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
const text = 'frontend web\n bind :80\nbackend pool\n server one 192.0.2.1:80\n';
const configOf = (id: LoadBalancerId): string => `/lib/${id}/haproxy.cfg`;

const setUp = (ids: readonly LoadBalancerId[]) => {
  const files = createMemoryFiles(Object.fromEntries(ids.map((id) => [configOf(id), text])));
  const read: string[] = [];
  const clock = createHandClock();
  const sockets = createScriptedSockets();
  const draw = createDrawLoadBalancer({
    files: {
      ...files,
      readText: (path) => {
        read.push(path);
        return files.readText(path);
      },
    },
    sockets,
    clock,
    roots: { basePath: '/lib', certDir: '/lib/certs', runtimeDir: '/lib' },
    state: { read: () => Promise.resolve(undefined) },
    oldWorkers: { of: () => Promise.resolve([]) },
  });
  return { draw, read, files, clock, sockets };
};

describe('the picture of a load balancer', () => {
  it('that is stopped is what its configuration sets up; haproxy is not asked', async () => {
    const { draw, sockets } = setUp([idOf(1)]);
    expect(await draw(idOf(1), 'stopped')).toMatchObject({
      pid: null,
      listeners: [{ id: 'web', addresses: [':80'], state: null, sessions: null }],
      pools: [{ id: 'pool', members: [{ id: 'one', address: '192.0.2.1:80', state: null }] }],
    });
    expect(sockets.transcript).toEqual([]);
  });

  it('whose haproxy hangs is given all the same, after two seconds', async () => {
    const { draw, sockets, clock } = setUp([idOf(1)]);
    sockets.script({ answer: () => new Promise(() => undefined) });
    const beforeMs = clock.monotonic();
    const picture = await passTime(clock, draw(idOf(1), 'running'));
    expect(picture).toMatchObject({ state: 'running', pid: null, listeners: [{ state: null }] });
    expect(clock.monotonic() - beforeMs).toBe(2_000);
  });

  it('is read again only when its file has changed, and those of load balancers long gone are not kept', async () => {
    const ids = Array.from({ length: 300 }, (_, n) => idOf(n));
    const { draw, read, files } = setUp(ids);
    await draw(idOf(0), 'stopped');
    await draw(idOf(0), 'stopped');
    expect(read).toEqual([configOf(idOf(0))]);
    await files.writeAtomic(configOf(idOf(0)), text.replace(':80', ':8080'), 0o600);
    expect((await draw(idOf(0), 'stopped')).listeners[0]?.addresses).toEqual([':8080']);
    for (const id of ids) await draw(id, 'stopped');
    read.splice(0);
    await draw(idOf(0), 'stopped');
    await draw(idOf(299), 'stopped');
    expect(read).toEqual([configOf(idOf(0))]);
  });
});
