// Streams of server events, over a haproxy by script and a clock moved by hand.

import { describe, expect, it } from '@jest/globals';
import type { ServerNow } from '../../../../agent/core/runtime/server-changes';
import { createServerEvents } from '../../../../agent/core/runtime/server-events';
import type { NumberedEvent, Subscription } from '../../../../agent/core/runtime/server-poller';
import { AgentError } from '../../../../agent/model/errors';
import { createHandClock } from '../../../fakes/hand-clock';
import { passTime } from '../../../fakes/pass-time';
import { createRecordedLog } from '../../../fakes/recorded-log';

const one: ServerNow = { backend: 'b', server: 's', status: 'UP', adminState: 'ready', weight: '1' };
const stays = new AbortController().signal;

const scene = (mostSubscribers = 32) => {
  const clock = createHandClock();
  const state = {
    servers: [one] as readonly ServerNow[],
    fault: undefined as Error | undefined,
    looks: 0,
  };
  const events = createServerEvents({
    clock,
    log: createRecordedLog(),
    mostSubscribers,
    look: () => {
      state.looks += 1;
      return state.fault === undefined ? Promise.resolve(state.servers) : Promise.reject(state.fault);
    },
  });
  const next = (subscription: Subscription, quietMs = 15_000, gone = stays) =>
    passTime(clock, subscription.next(quietMs, gone));
  return { clock, state, events, next };
};
const typesOf = (news: readonly NumberedEvent[] | undefined) => news?.map(({ event }) => event.type);

describe('a subscription', () => {
  it('begins with all servers, then tells what changes', async () => {
    const { state, events, next } = scene();
    const subscription = events.subscribe('a');
    expect(await next(subscription)).toEqual([
      expect.objectContaining({ event: { type: 'snapshot', servers: [one] } }),
    ]);
    state.servers = [{ ...one, status: 'DRAIN', adminState: 'drain' }];
    expect((await next(subscription))?.[0]?.event).toMatchObject({ type: 'changed', previous: one });
    state.servers = [{ ...one, server: 't' }];
    expect(typesOf(await next(subscription))).toEqual(['added', 'removed']);
    subscription.close();
  });

  it('hears nothing for a while when nothing happens', async () => {
    const { events, next } = scene();
    const subscription = events.subscribe('a');
    await next(subscription);
    expect(await next(subscription)).toEqual([]);
    subscription.close();
  });

  it('goes on after the event that it names, else begins anew', async () => {
    const { state, events, next } = scene();
    const first = events.subscribe('a');
    const [begin] = (await next(first)) ?? [];
    state.servers = [];
    await next(first);
    expect(typesOf(await next(events.subscribe('a', begin?.id)))).toEqual(['removed']);
    expect(typesOf(await next(events.subscribe('a', 'unknown')))).toEqual(['snapshot']);
    events.stop();
  });

  it('tells once that haproxy does not answer, and all servers when it does again', async () => {
    const { state, events, next } = scene();
    const subscription = events.subscribe('a');
    await next(subscription);
    state.fault = new AgentError('unavailable', 'gone for now');
    expect(typesOf(await next(subscription))).toEqual(['unavailable']);
    expect(typesOf(await next(events.subscribe('a')))).toEqual(['unavailable']);
    expect(await next(subscription)).toEqual([]);
    state.fault = undefined;
    expect(typesOf(await next(subscription))).toEqual(['snapshot']);
    events.stop();
  });

  it('gets a snapshot in place of more than it can catch up with', async () => {
    const { clock, state, events, next } = scene();
    const subscription = events.subscribe('a');
    await next(subscription);
    state.servers = Array.from({ length: 2_000 }, (_, index) => ({ ...one, server: `s${index}` }));
    await clock.advance(1_000);
    expect(typesOf(await next(subscription))).toEqual(['snapshot']);
    subscription.close();
  });

  it.each([
    ['the instance is no more', new AgentError('not-found', 'gone')],
    ['something unforeseen happens', new TypeError('a bug')],
  ])('ends when %s', async (_, fault) => {
    const { state, events, next } = scene();
    const subscription = events.subscribe('a');
    await next(subscription);
    state.fault = fault;
    expect(await next(subscription)).toBeUndefined();
  });

  it('ends when its client goes and when the agent stops', async () => {
    const { events, next } = scene();
    const gone = new AbortController();
    gone.abort();
    const subscription = events.subscribe('a');
    expect(await next(subscription, 15_000, gone.signal)).toBeUndefined();
    events.stop();
    expect(typesOf(await next(subscription))).toEqual(['snapshot']);
    expect(await next(subscription)).toBeUndefined();
    expect(() => events.subscribe('a')).toThrow('too many event streams');
  });
});

describe('the poller', () => {
  it('is one for all who listen, and rests when nobody does', async () => {
    const { clock, state, events } = scene();
    const all = [events.subscribe('a'), events.subscribe('a'), events.subscribe('a')];
    await clock.advance(10_000);
    expect(state.looks).toBe(11);
    for (const subscription of all) subscription.close();
    await clock.advance(10_000);
    expect(state.looks).toBe(11);
  });

  it('takes a bounded number of clients', () => {
    const { events } = scene(1);
    events.subscribe('a');
    expect(() => events.subscribe('b')).toThrow('too many event streams');
    events.stop();
  });
});
