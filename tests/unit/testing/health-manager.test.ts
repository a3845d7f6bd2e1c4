// What a test hears of an amphora's heartbeats: verified, decoded, in order, and a reason when none fits.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { wrapEnvelope } from '../../../agent/heartbeat/codec';
import { openHealthManager } from '../../../agent/testing/health-manager';
import type { HealthManager, Heartbeat } from '../../../agent/testing/heartbeats';
import { createHandClock, type HandClock } from '../../fakes/hand-clock';
import { createRecordedUdp, type RecordedUdp } from '../../fakes/recorded-udp';

let udp: RecordedUdp;
let clock: HandClock;
let manager: HealthManager;

beforeEach(async () => {
  [udp, clock] = [createRecordedUdp(), createHandClock()];
  manager = await openHealthManager({ udp, clock });
});

function tell(id: string, seq: number, members: Record<string, string> = {}, key = manager.key): void {
  const pools = { pool: { status: 'UP', members } };
  const text = JSON.stringify({ id, seq, ver: 3, listeners: {}, pools });
  deliver(wrapEnvelope(text, key, 1));
}

function deliver(envelope: Buffer): void {
  udp.deliver(Number(manager.target.split(':')[1]), envelope);
}

describe('a receiver of heartbeats', () => {
  it('keeps those of each amphora apart', () => {
    tell('a', 1);
    tell('b', 7);
    tell('a', 2);
    expect(manager.of('a').received.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(manager.of('b').received.map(({ seq }) => seq)).toEqual([7]);
  });

  it('waits for the next one that fits, not for one that has come', async () => {
    tell('a', 1, { one: 'DOWN' });
    const next = manager.of('a').next(({ pools }) => pools['pool']?.members['one'] === 'DOWN');
    tell('b', 2, { one: 'DOWN' });
    tell('a', 3, { one: 'UP' });
    tell('a', 4, { one: 'DOWN' });
    expect(await next).toMatchObject({ id: 'a', seq: 4 });
  });

  it('tells the last one when none fits in time', async () => {
    const never = manager.of('a').next(() => false, { timeoutMs: 2_000 });
    const told = expect(never).rejects.toThrow(/within 2000 ms: the last one was {"id":"a","seq":5/);
    tell('a', 5);
    await clock.advance(2_000);
    await told;
    expect(clock.pending()).toBe(0);
  });

  it('says when none came at all, and when the last one had come before', async () => {
    const none = expect(manager.of('a').next()).rejects.toThrow(/within 10000 ms: none came at all/);
    await clock.advance(10_000);
    await none;
    tell('a', 1);
    const old = expect(manager.of('a').next()).rejects.toThrow(/"seq":1.*, which had come before/);
    await clock.advance(10_000);
    await old;
  });

  it('passes on what the condition throws', async () => {
    const next = manager.of('a').next(() => {
      throw new Error('no such pool');
    });
    tell('a', 1);
    await expect(next).rejects.toThrow('no such pool');
  });

  it('iterates over each that comes, until it is closed', async () => {
    const seen: number[] = [];
    const loop = (async () => {
      for await (const { seq } of manager.of('a')) seen.push(seq);
    })();
    for (const seq of [1, 2, 3]) tell('a', seq);
    await manager.close();
    await loop;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('refuses what is of another key or no heartbeat, and says what was wrong', () => {
    tell('a', 1, {}, 'another key');
    deliver(Buffer.from('short'));
    deliver(wrapEnvelope('{"id":"a","ver":2}', manager.key, 1));
    expect(manager.of('a').received).toEqual([]);
    expect(manager.refused).toEqual([
      expect.stringContaining('another key'),
      expect.stringContaining('too short'),
      'not a heartbeat of version 3',
    ]);
    expect(manager.refused.join()).not.toContain(manager.key);
  });

  it('keeps the last 1,000', () => {
    for (let seq = 0; seq < 1_002; seq += 1) tell('a', seq);
    const { received } = manager.of('a');
    expect([received.length, received[0]?.seq]).toEqual([1_000, 2]);
  });

  it('lets nobody wait for ever once it is closed', async () => {
    const waiting: Promise<Heartbeat> = manager.of('a').next();
    const told = expect(waiting).rejects.toThrow('closed meanwhile');
    await manager.close();
    await told;
    await expect(manager.of('a').next()).rejects.toThrow('is closed');
    for await (const heartbeat of manager.of('a')) throw new Error(`one more: ${heartbeat.seq}`);
    await manager.close();
  });
});
