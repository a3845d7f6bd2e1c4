// The stream of server events, over a real haproxy of somebody else.

import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { startTestAgent, type TestAgent } from './kit/agent';
import { startHaproxy, type TestHaproxy } from './kit/haproxy';

const prefix = '/api/v1/haproxy';
const sockets = createNodeUnixSockets();
let haproxy: TestHaproxy;
let agent: TestAgent;

interface Listener {
  readonly status: number;
  readonly type: string | undefined;
  readonly events: () => readonly { readonly id: string; readonly event: string; readonly data: unknown }[];
  readonly ended: () => boolean;
  leave(): void;
}

const listen = async (path: string, headers: Record<string, string> = {}): Promise<Listener> => {
  const port = agent.agent.runtimeApi?.port;
  let text = '';
  let isEnded = false;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, resolve).once('error', reject);
  });
  response.on('data', (chunk: Buffer) => (text += chunk.toString()));
  response.on('end', () => (isEnded = true));
  response.on('error', () => undefined);
  const field = (block: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'],
    events: () =>
      text
        .split('\n\n')
        .filter((block) => block.startsWith('id: '))
        .map((block) => ({
          id: field(block, 'id'),
          event: field(block, 'event'),
          data: JSON.parse(field(block, 'data')) as unknown,
        })),
    ended: () => isEnded,
    leave: () => response.destroy(),
  };
};
const tell = (command: string) => sockets.request(haproxy.socket('admin'), command, { timeoutMs: 5_000 });

beforeAll(async () => {
  haproxy = await startHaproxy('backend app\n  server a 127.0.0.1:9\n  server b 127.0.0.1:9');
  agent = await startTestAgent({
    runtimeApi: `bind = 127.0.0.1:0\ninstances = default=${haproxy.socket('admin')}`,
  });
});
afterAll(async () => {
  await agent.stop();
  await haproxy.clean();
});

describe('GET /api/v1/haproxy/events, GET /api/v1/haproxy/{instance}/events', () => {
  it.each([`${prefix}/events`, `${prefix}/default/events`])(
    'begins with all servers and tells what others do to them: %s',
    async (path) => {
      const listener = await listen(path);
      expect([listener.status, listener.type]).toEqual([200, 'text/event-stream']);
      await eventually(() => expect(listener.events()).toHaveLength(1));
      expect(listener.events()[0]).toMatchObject({
        event: 'snapshot',
        data: {
          servers: [{ backend: 'app', server: 'a', status: 'no check', admin_state: 'ready', weight: 1 }, {}],
        },
      });
      await tell('set server app/a state drain');
      await eventually(() =>
        expect(listener.events().at(-1)).toMatchObject({
          event: 'changed',
          data: { server: 'a', status: 'DRAIN', admin_state: 'drain', previous: { admin_state: 'ready' } },
        }),
      );
      await tell('set server app/a state ready');
      await eventually(() => expect(listener.events()).toHaveLength(3));
      listener.leave();
    },
  );

  it('tells of servers that come and go, and goes on after the event that a client names', async () => {
    const listener = await listen(`${prefix}/events`);
    await eventually(() => expect(listener.events()).toHaveLength(1));
    await tell('add server app/c 127.0.0.1:9');
    await eventually(() => expect(listener.events().at(-1)).toMatchObject({ event: 'added' }));
    const last = listener.events().at(-1)?.id ?? '';
    await tell('del server app/c');
    await eventually(() => expect(listener.events().at(-1)).toMatchObject({ event: 'removed' }));
    const back = await listen(`${prefix}/events`, { 'Last-Event-ID': last });
    await eventually(() => expect(back.events().map(({ event }) => event)).toEqual(['removed']));
    listener.leave();
    back.leave();
  });

  it('is 404 for an unknown instance', async () => {
    expect((await listen(`${prefix}/none/events`)).status).toBe(404);
  });

  it('ends when the agent stops', async () => {
    const listener = await listen(`${prefix}/events`);
    await eventually(() => expect(listener.events()).toHaveLength(1));
    await agent.stop();
    await eventually(() => expect(listener.ended()).toBe(true));
  });
});
