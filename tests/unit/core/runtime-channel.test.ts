// The way to one haproxy: few connections at once, reads that are shared, faults in the words that clients know.

import { describe, expect, it } from '@jest/globals';
import { createChannel, type Channel } from '../../../agent/core/runtime/channel';
import { runtimeCommand } from '../../../agent/haproxy/runtime/command';
import type { Exchanged, StreamAddress } from '../../../agent/host/sockets';
import { eventually } from '../../fakes/eventually';
import { createHandClock, type HandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedStreams, type ScriptedStreams, type StreamAnswer } from '../../fakes/scripted-streams';

const stat = runtimeCommand('show', 'stat');
const drain = runtimeCommand('set', 'server', { backend: 'b', server: 's' }, 'state', 'drain');
const unix: StreamAddress = { type: 'unix', path: '/run/haproxy.sock' };

interface Scene {
  readonly channel: Channel;
  readonly streams: ScriptedStreams;
  readonly clock: HandClock;
  readonly log: ReturnType<typeof createRecordedLog>;
  /** Answers the oldest request that waits. */
  readonly answer: (answer: StreamAnswer) => void;
}

function scene(at: StreamAddress = unix, isMaster = false): Scene {
  const waiting: ((answer: StreamAnswer) => void)[] = [];
  const streams = createScriptedStreams([
    { answer: () => new Promise<StreamAnswer>((resolve) => waiting.push(resolve)) },
  ]);
  const clock = createHandClock();
  const log = createRecordedLog();
  const channel = createChannel({ streams, clock, log, timeoutMs: 1_000 }, { name: 'x', at, isMaster });
  return { channel, streams, clock, log, answer: (text) => waiting.shift()?.(text) };
}

const asked = (count: number): readonly ReturnType<typeof runtimeCommand>[] =>
  Array.from({ length: count }, (_, index) => runtimeCommand('show', 'servers', 'state', `b${index}`));

describe('Reads', () => {
  it('that are the same share one connection', async () => {
    const { channel, streams, answer } = scene();
    const both = [channel.read(stat), channel.read(stat)];
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('all\n\n');
    expect(await Promise.all(both)).toEqual(['all\n\n', 'all\n\n']);
    expect(await channel.read(stat)).toBe('all\n\n');
    expect(streams.transcript).toEqual(['/run/haproxy.sock: show stat']);
  });

  it('that are shared are also parsed once', async () => {
    const { channel, streams, answer } = scene();
    const parse = (text: string): object => ({ text });
    const both = [channel.readAs(stat, parse), channel.readAs(stat, parse)];
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('all\n\n');
    const [one, other] = await Promise.all(both);
    expect(one).toEqual({ text: 'all\n\n' });
    expect(other).toBe(one);
  });

  it('are asked anew 100 ms later', async () => {
    const { channel, streams, clock, answer } = scene();
    const first = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('old\n\n');
    await first;
    await clock.advance(101);
    const second = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('new\n\n');
    expect(await second).toBe('new\n\n');
  });

  it('are not shared across a write, whether it is asked for or done', async () => {
    const { channel, streams, answer } = scene();
    const before = channel.read(stat);
    const write = channel.write(drain);
    const during = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(3));
    answer('before\n\n');
    answer('\n');
    await write;
    const after = channel.read(stat);
    await eventually(() => expect(streams.transcript).toHaveLength(4));
    answer('during\n\n');
    answer('after\n\n');
    expect(await Promise.all([before, during, after])).toEqual(['before\n\n', 'during\n\n', 'after\n\n']);
  });

  it('that fail are asked anew', async () => {
    const { channel, streams, answer } = scene();
    const first = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer({ ok: false, why: 'failed', errno: 'ECONNREFUSED' });
    await expect(first).rejects.toMatchObject({ fault: { code: 'unavailable' } });
    const second = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('all\n\n');
    expect(await second).toBe('all\n\n');
  });
});

describe('The queue', () => {
  it('lets four through at once, the others in their order', async () => {
    const { channel, streams, answer } = scene();
    const all = asked(6).map((command) => channel.read(command));
    await eventually(() => expect(streams.inFlight()).toBe(4));
    for (let index = 0; index < 6; index += 1) {
      await eventually(() => expect(streams.inFlight()).toBeGreaterThan(0));
      answer(`${index}\n\n`);
    }
    expect(await Promise.all(all)).toEqual(['0\n\n', '1\n\n', '2\n\n', '3\n\n', '4\n\n', '5\n\n']);
  });

  it('is left as busy after two deadlines, and the command is never sent', async () => {
    const { channel, streams, clock, answer } = scene();
    const running = asked(4).map((command) => channel.read(command));
    const waiting = channel.write(drain);
    const refused = expect(waiting).rejects.toMatchObject({
      kind: 'unavailable',
      fault: { code: 'busy', waitedMs: 2_000 },
    });
    await eventually(() => expect(streams.inFlight()).toBe(4));
    await clock.advance(2_000);
    await refused;
    running.forEach(() => answer('x\n\n'));
    await Promise.all(running);
    expect(streams.transcript.join()).not.toContain('drain');
  });
});

describe('What haproxy or the system makes of a command', () => {
  const failed = (errno: string): Exchanged => ({ ok: false, why: 'failed', errno });
  const tcp: StreamAddress = { type: 'tcp4', host: '192.0.2.1', port: 1 };
  it.each([
    [
      'a missing file',
      unix,
      failed('ENOENT'),
      { code: 'unavailable', said: 'Socket file not found: /run/haproxy.sock' },
    ],
    [
      'a forbidden one',
      unix,
      failed('EACCES'),
      { code: 'unavailable', said: 'Permission denied: /run/haproxy.sock' },
    ],
    [
      'a refusal',
      tcp,
      failed('ECONNREFUSED'),
      { code: 'unavailable', said: '[Errno 111] Connection refused' },
    ],
    ['no route', tcp, failed('EHOSTUNREACH'), { code: 'unavailable', said: 'EHOSTUNREACH' }],
    ['a reset', tcp, failed('ECONNRESET'), { code: 'unavailable', said: 'ECONNRESET' }],
    ['the kernel’s time-out', tcp, failed('ETIMEDOUT'), { code: 'timeout', while: 'connecting' }],
    [
      'no connection in time',
      tcp,
      { ok: false, why: 'late', while: 'connecting' },
      { code: 'timeout', while: 'connecting' },
    ],
    [
      'a full backlog',
      unix,
      { ok: false, why: 'late', while: 'connecting' },
      { code: 'timeout', while: 'waiting' },
    ],
    [
      'no answer in time',
      tcp,
      { ok: false, why: 'late', while: 'waiting' },
      { code: 'timeout', while: 'waiting' },
    ],
    ['too much', unix, { ok: false, why: 'too long' }, { code: 'too_large', mostBytes: 67_108_864 }],
    ['nothing', unix, '', { code: 'truncated', bytes: 0 }],
    ['an answer without its last line', unix, 'half\n', { code: 'truncated', bytes: 5 }],
  ] as const)('%s', async (_what, at, given, fault) => {
    const { channel, streams, answer, log } = scene(at);
    const read = channel.read(stat);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer(given);
    await expect(read).rejects.toMatchObject({ fault });
    expect(log.entries).toMatchObject([
      {
        level: 'warning',
        fields: { type: at.type, instance: 'x', command: 'show stat', outcome: fault.code },
      },
    ]);
  });

  it('is meant for the present worker behind a master’s socket', async () => {
    const { channel, streams, answer } = scene(unix, true);
    const write = channel.write(drain);
    await eventually(() => expect(streams.inFlight()).toBe(1));
    answer('No such server.\n\n');
    expect(await write).toBe('No such server.\n\n');
    expect(streams.transcript).toEqual(['/run/haproxy.sock: @1 set server b/s state drain']);
  });
});
