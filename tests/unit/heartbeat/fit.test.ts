// Messages that are too large: what is left out, in which order, and that statistics still come.

import { randomInt, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { longestDatagramBytes, unwrapEnvelope } from '../../../agent/heartbeat/codec';
import { createFitting, statsEvery, type Fitted } from '../../../agent/heartbeat/fit';
import { createPieceWriter, type PieceWriter, type Pieces } from '../../../agent/heartbeat/message';
import type { ListenerSample } from '../../../agent/model/health';

interface Message {
  readonly listeners: Readonly<Record<string, { readonly stats?: object }>>;
  readonly pools: Readonly<Record<string, { readonly members: Readonly<Record<string, string>> }>>;
}

// What is changed here is changed in place, which no source does.
const writePieces: PieceWriter = (sample, untold) => createPieceWriter()(sample, untold);
const counters = { bytesIn: 1, bytesOut: 2, connections: 3, requestErrors: 4 };

function sampleOf(listenerCount: number, memberCount: number) {
  const listeners = new Map<string, ListenerSample>();
  const pools = new Map<string, { status: string; members: Map<string, string> }>();
  for (let n = 0; n < listenerCount; n += 1) {
    const id = randomUUID();
    listeners.set(id, { status: 'OPEN', current: n, counters });
    const members = new Map(Array.from({ length: memberCount }, () => [randomUUID(), 'UP'] as const));
    pools.set(`${randomUUID()}:${id}`, { status: 'UP', members });
  }
  const untold = new Map([...listeners.keys()].map((id, n) => [id, { ...counters, bytesIn: n * 7_919 }]));
  return { listeners, pools, untold };
}

function sender() {
  const fitting = createFitting();
  let seq = 0;
  return (pieces: Pieces): { readonly fitted: Fitted; readonly message: Message } => {
    const fitted = fitting.fit({ amphoraId: 'a', seq: (seq += 1) }, pieces, 'k');
    if (fitted === undefined) throw new Error('it does not fit');
    expect(fitted.envelope.length).toBeLessThanOrEqual(longestDatagramBytes);
    fitting.sent(fitted, pieces);
    return { fitted, message: unwrapEnvelope(fitted.envelope, 'k') as Message };
  };
}

describe('a heartbeat', () => {
  it('of 100 listeners tells everything, in the words of the contract', () => {
    const { untold, ...sample } = sampleOf(100, 5);
    const { fitted, message } = sender()(writePieces(sample, untold));
    expect(fitted).toMatchObject({ step: 1, withStats: true, leftOut: 0 });
    const [id, [pool, { members }]] = [[...sample.listeners.keys()][7]!, [...sample.pools][3]!];
    expect(message.listeners[id]).toEqual({
      status: 'OPEN',
      stats: { tx: 2, rx: 7 * 7_919, conns: 7, totconns: 3, ereq: 4 },
    });
    expect(message.pools[pool]).toEqual({ status: 'UP', members: Object.fromEntries(members) });
    expect(message).toMatchObject({ id: 'a', seq: 1, ver: 3 });
  });

  it('of 500 listeners with 5 members names every listener, the same pools each time, and all statistics in 6', () => {
    const { untold, ...sample } = sampleOf(500, 5);
    const pieces = writePieces(sample, untold);
    const send = sender();
    send(pieces);
    const sent = Array.from({ length: 2 * statsEvery }, () => send(pieces));
    for (const { message } of sent) expect(Object.keys(message.listeners)).toHaveLength(500);
    const told = sent.filter(({ message }) => Object.values(message.listeners).every(({ stats }) => stats));
    expect(told).toHaveLength(2);
    const bare = sent.filter(({ fitted }) => !fitted.withStats);
    expect(bare.every(({ message }) => Object.values(message.listeners).every(({ stats }) => !stats))).toBe(
      true,
    );
    const last = bare.slice(-4).map(({ message }) => Object.keys(message.pools).sort());
    expect(last.every((pools) => JSON.stringify(pools) === JSON.stringify(last[0]))).toBe(true);
    expect(last[0]!.length).toBeGreaterThan(350);
    // Out are the first by id.
    const out = [...sample.pools.keys()].filter((id) => !last[0]!.includes(id)).sort();
    expect(out).toEqual([...sample.pools.keys()].sort().slice(0, out.length));
  });

  it('never leaves out a pool with a member that is down, or one that has just come up', () => {
    const { untold, ...sample } = sampleOf(500, 5);
    const send = sender();
    send(writePieces(sample, untold));
    const first = [...sample.pools.keys()].sort()[0]!;
    expect(send(writePieces(sample, untold)).message.pools[first]).toBeUndefined();
    const member = [...sample.pools.get(first)!.members.keys()][0]!;
    for (const state of ['DOWN', 'UP 1/3', 'MAINT', 'UP']) {
      sample.pools.get(first)!.members.set(member, state);
      expect(send(writePieces(sample, untold)).message.pools[first]?.members[member]).toBe(state);
    }
    expect(send(writePieces(sample, untold)).message.pools[first]).toBeUndefined();
  });

  it('tells everything again once it fits', () => {
    const large = sampleOf(500, 5);
    const small = sampleOf(50, 5);
    const send = sender();
    send(writePieces(large, large.untold));
    expect(send(writePieces(small, small.untold)).fitted).toMatchObject({
      step: 1,
      withStats: true,
      leftOut: 0,
    });
  });

  it('goes out without statistics when those of all listeners fit no datagram, at their turn too', () => {
    const { untold, ...sample } = sampleOf(2_400, 0);
    sample.pools.clear();
    for (const id of untold.keys()) {
      untold.set(id, { ...counters, bytesIn: randomInt(1e9), bytesOut: randomInt(1e9) });
    }
    const send = sender();
    for (let n = 0; n < 2 * statsEvery; n += 1) {
      const { fitted, message } = send(writePieces(sample, untold));
      expect(fitted.withStats).toBe(false);
      expect(Object.keys(message.listeners)).toHaveLength(2_400);
    }
  });

  it('goes out even when every pool is down, and tells who is not known when listeners alone do not fit', () => {
    const { untold, ...sample } = sampleOf(500, 5);
    for (const pool of sample.pools.values()) pool.status = 'DOWN';
    const { message } = sender()(writePieces(sample, untold));
    expect(Object.keys(message.listeners)).toHaveLength(500);
    expect(
      createFitting(1_000).fit({ amphoraId: 'a', seq: 1 }, writePieces(sample, untold), 'k'),
    ).toBeUndefined();
  });
});
