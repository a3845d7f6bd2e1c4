// Several commands to one worker: each is answered for, whatever the others say.

import { describe, expect, it } from '@jest/globals';
import type { CommandKind } from '../../../../agent/haproxy/runtime/answers';
import { runtimeCommand } from '../../../../agent/haproxy/runtime/command';
import { createWorkerLines, type ServerOrder } from '../../../../agent/haproxy/runtime/worker-lines';
import { createScriptedSockets } from '../../../fakes/scripted-socket';

const about = { backend: 'b', server: 'm' };
const order = (kind: CommandKind, ...words: readonly string[]): ServerOrder => ({
  kind,
  command: runtimeCommand(...words),
  about,
});
const weight = order('set server weight', 'set', 'server', 'b/m', 'weight', '3');
const address = order('set server addr', 'set', 'server', 'b/m', 'addr', '192.0.2.1', 'port', '80');
const add = order('add server', 'add', 'server', 'b/n', '192.0.2.1:80');

const ordered = async (answer: string, ...orders: readonly ServerOrder[]) => {
  const sockets = createScriptedSockets([{ answer }]);
  await createWorkerLines(sockets, '/m', 7).order(orders);
  return sockets.transcript;
};

describe('Orders to a worker', () => {
  it('go in one line, each to the worker that is meant', async () => {
    const answer = "\nNew server registered.\n\nIP changed from 'a' to 'b' by 'stats socket command'\n\n";
    expect(await ordered(answer, weight, add, address)).toEqual([
      '/m: @!7 set server b/m weight 3;@!7 add server b/n 192.0.2.1:80;@!7 set server b/m addr 192.0.2.1 port 80',
    ]);
  });

  it('go in lines that haproxy can take when they are many', async () => {
    const lines = await ordered('\n', ...Array.from({ length: 500 }, () => weight));
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(4_200);
    expect(lines.join(';').match(/weight 3/g)).toHaveLength(500);
  });

  it.each<[what: string, answer: string, code: string]>([
    ['refused among others', '\nNo such server.\n\n\n', 'server_not_found'],
    ['refused at the end', 'New server registered.\n\nPermission denied\n\n', 'socket_level'],
    ['not answered for', '\n\n', 'command_failed'],
    ['of a worker that is gone', "Can't find the target PID matching the prefix '@!7'\n", 'unavailable'],
  ])('%s are a fault', async (_what, answer, code) => {
    await expect(ordered(answer, weight, add, weight)).rejects.toMatchObject({ fault: { code } });
  });

  it('that get no answer at all are a fault', async () => {
    await expect(ordered('', weight)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
