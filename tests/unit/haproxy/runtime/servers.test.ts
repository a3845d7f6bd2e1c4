// `set server`: what is said to haproxy, what it refuses, and what is never said at all.

import { describe, expect, it } from '@jest/globals';
import { createWorkerClient } from '../../../../agent/haproxy/runtime/client';
import { canBeNamed } from '../../../../agent/haproxy/runtime/command';
import { setServerMode, setServerWeight } from '../../../../agent/haproxy/runtime/servers';
import { createScriptedSockets, type SocketAnswer } from '../../../fakes/scripted-socket';

const setUp = (answer: SocketAnswer = '\n') => {
  const sockets = createScriptedSockets([{ answer }]);
  return { sockets, client: createWorkerClient(sockets, '/m.sock') };
};
const m1 = { backend: 'pool-1', server: 'm1' };

describe('a server', () => {
  it('is given a mode and a weight, in the present worker', async () => {
    const { sockets, client } = setUp();
    await setServerMode(client, m1, 'drain');
    await setServerWeight(client, m1, 256);
    expect(sockets.transcript).toEqual([
      '/m.sock: @1 set server pool-1/m1 state drain',
      '/m.sock: @1 set server pool-1/m1 weight 256',
    ]);
  });

  it('that haproxy does not change is told in its words', async () => {
    const { client } = setUp('No such server.\n\n');
    await expect(setServerMode(client, m1, 'maint')).rejects.toMatchObject({
      kind: 'unsupported',
      message: 'haproxy does not set state maint for pool-1/m1',
      detail: 'No such server.',
    });
  });

  it.each([
    ['a b', 'm1'],
    ['b;shutdown', 'm1'],
    ['b', 'm1\nset server b/m2 state maint'],
    ['b', 'm1/m2'],
    ['b', '<<'],
    ['b', ''],
    ['', 'm1'],
    ['b', 'm'.repeat(256)],
    ['b', 'mé'],
  ])('with an unusual name is never named: %j/%j', async (backend, server) => {
    const { sockets, client } = setUp();
    expect(canBeNamed({ backend, server })).toBe(false);
    await expect(setServerMode(client, { backend, server }, 'ready')).rejects.toMatchObject({
      kind: 'invalid-input',
    });
    expect(sockets.transcript).toEqual([]);
  });

  it.each([-1, 257, 1.5, NaN])('is never given the weight %d', async (weight) => {
    const { sockets, client } = setUp();
    await expect(setServerWeight(client, m1, weight)).rejects.toMatchObject({ kind: 'invalid-input' });
    expect(sockets.transcript).toEqual([]);
  });
});
