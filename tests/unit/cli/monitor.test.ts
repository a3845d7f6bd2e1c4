// `amphorad monitor`: what a person and a program see of heartbeats.

import { describe, expect, it } from '@jest/globals';
import { runMonitor } from '../../../agent/cli/monitor';
import { wrapEnvelope } from '../../../agent/heartbeat/codec';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedUdp } from '../../fakes/recorded-udp';

const message = (seq: number) => ({
  id: 'amphora-1',
  seq,
  ver: 3,
  listeners: { l: { status: 'OPEN', stats: { tx: 20, rx: 10, conns: 2, totconns: 3, ereq: 0 } } },
  pools: { 'p:l': { status: 'UP', members: { a: 'UP', b: 'DOWN' } } },
});

async function monitor(isTerminal: boolean) {
  const udp = createRecordedUdp();
  const clock = createHandClock();
  const files = createMemoryFiles({ '/etc/key': 'the-key\n' });
  const printed: string[] = [];
  const ended = new AbortController();
  const run = runMonitor(
    { listen: '127.0.0.1:5555', keyFile: '/etc/key', isTerminal },
    { udp, clock, files, print: (text) => void printed.push(text), signal: ended.signal },
  );
  await clock.advance(0);
  const hear = (content: object, key = 'the-key'): void =>
    udp.deliver(5555, wrapEnvelope(JSON.stringify(content), key, 9));
  return { printed, hear, clock, end: () => (ended.abort(), run) };
}

describe('the monitor', () => {
  it('prints a line of JSON for each datagram, and what is wrong with one, without the key', async () => {
    const { printed, hear, end } = await monitor(false);
    hear(message(0));
    hear(message(1), 'another');
    await end();
    const lines = printed.map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { listening: '127.0.0.1:5555' },
      { from: '127.0.0.1:40000', message: message(0) },
      { error: 'the MAC is of another key, or the datagram was changed on its way' },
    ]);
    expect(printed.join('')).not.toContain('the-key');
  });

  it('draws a row for each amphora on a terminal, with what was missed', async () => {
    const { printed, hear, clock, end } = await monitor(true);
    hear(message(0));
    await clock.advance(10_000);
    hear(message(3));
    hear({ id: 'no heartbeat' });
    await end();
    const [title, row, , fault, what] = printed.at(-1)!.trim().split('\n');
    expect(title).toContain('amphora');
    expect(row?.trim().split(/\s{2,}/)).toEqual([
      'amphora-1',
      '3',
      '2',
      '10.0 s',
      expect.any(String),
      '1',
      '1',
      '1 of 2',
      '2',
      '10',
      '20',
      '3',
      '0',
    ]);
    expect(fault).toBe('not verified:');
    expect(what).toContain('no heartbeat of version 3');
  });

  it.each([
    [{ listen: 'here', keyFile: '/etc/key' }, '--listen'],
    [{ listen: '127.0.0.1:1', keyFile: '/etc/none' }, '--key-file'],
  ])('refuses %j', async (options, message) => {
    const deps = {
      udp: createRecordedUdp(),
      clock: createHandClock(),
      files: createMemoryFiles({ '/etc/key': 'k' }),
      print: () => undefined,
      signal: AbortSignal.abort(),
    };
    await expect(runMonitor({ ...options, isTerminal: false }, deps)).rejects.toMatchObject({ message });
  });
});
