// Who is told, when, and what of it is remembered when the network or the disk fails.

import { describe, expect, it } from '@jest/globals';
import { createStatistics } from '../../../agent/core/stats';
import { createWorkerLedger } from '../../../agent/core/worker-ledger';
import { unwrapEnvelope } from '../../../agent/heartbeat/codec';
import { createHeartbeatSender } from '../../../agent/heartbeat/sender';
import { AgentError } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createRecordedUdp } from '../../fakes/recorded-udp';
import { createScriptedRunner } from '../../fakes/scripted-runner';

interface Message {
  readonly seq: number;
  readonly listeners: Readonly<Record<string, { readonly stats?: { readonly rx: number } }>>;
}

function amphora(mayReport = true) {
  const clock = createHandClock();
  const log = createRecordedLog();
  const udp = createRecordedUdp();
  const files = createMemoryFiles({ '/base/': '' });
  const options = {
    controller_ip_port_list: [
      { address: '192.0.2.1', port: 5555 },
      { address: '2001:db8::1', port: 5556 },
    ],
    heartbeat_interval: 1,
    heartbeat_key: 'k',
  };
  const world = { bytesIn: 0, collectMs: 0, mayReport };
  const system = createLiteralSystem({});
  const statistics = createStatistics({
    files,
    log,
    system,
    runner: createScriptedRunner([]),
    basePath: '/base',
    ledger: createWorkerLedger(),
  });
  const health = {
    async sample() {
      await clock.sleep(world.collectMs);
      const counters = { bytesIn: world.bytesIn, bytesOut: 0, connections: 0, requestErrors: 0 };
      return { listeners: new Map([['l', { status: 'OPEN', current: 0, counters }]]), pools: new Map() };
    },
  };
  const sender = createHeartbeatSender({
    clock,
    log,
    udp,
    health,
    statistics,
    amphoraId: 'a',
    options: () => options,
    mayReport: () => Promise.resolve(world.mayReport),
  });
  const ended = new AbortController();
  const run = sender.run(ended.signal);
  const messages = () => udp.sent.map(({ payload }) => unwrapEnvelope(payload, 'k') as Message);
  const rx = () => messages().map(({ listeners }) => listeners['l']?.stats?.rx);
  return { clock, log, udp, files, options, world, sender, messages, rx, end: () => (ended.abort(), run) };
}

describe('heartbeats', () => {
  it('begin at once and come every interval, in turn to each controller, whatever collecting takes', async () => {
    const { clock, udp, world, messages, end } = amphora();
    await clock.advance(0);
    expect(messages().map(({ seq }) => seq)).toEqual([0]);
    world.collectMs = 300;
    await clock.advance(6_300);
    expect(messages().map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(udp.sent.slice(0, 3).map(({ target }) => target.port)).toEqual([5555, 5556, 5555]);
    await end();
  });

  it('come once more at once when asked for, and keep their rhythm', async () => {
    const { clock, sender, messages, end } = amphora();
    await clock.advance(300);
    sender.sendNow();
    await clock.advance(0);
    expect(messages()).toHaveLength(2);
    await clock.advance(699);
    expect(messages()).toHaveLength(2);
    await clock.advance(1);
    expect(messages()).toHaveLength(3);
    await end();
  });

  it('asked for while one is being collected, come once more after it', async () => {
    const { clock, sender, world, messages, end } = amphora();
    world.collectMs = 200;
    await clock.advance(100);
    sender.sendNow();
    sender.sendNow();
    await clock.advance(500);
    expect(messages()).toHaveLength(2);
    await end();
  });

  it('are counted with their bytes, those that could not be sent too', async () => {
    const { clock, udp, sender, end } = amphora();
    expect(sender.figures()).toMatchObject({ sent: 0, failed: 0, lastRoundMs: undefined });
    await clock.advance(0);
    udp.fail('ENETUNREACH');
    await clock.advance(1_000);
    expect(sender.figures()).toEqual({
      sent: 1,
      failed: 1,
      bytes: udp.sent[0]!.payload.length,
      step: 1,
      poolsLeftOut: 0,
      lastRoundMs: clock.monotonic(),
    });
    await end();
  });

  it('follow a changed interval, key and list at the next message', async () => {
    const { clock, udp, options, end } = amphora();
    await clock.advance(0);
    Object.assign(options, {
      heartbeat_interval: 5,
      heartbeat_key: 'new',
      controller_ip_port_list: [{ address: '192.0.2.9', port: 1 }],
    });
    await clock.advance(1_000);
    expect(udp.sent.at(-1)!.target.address).toBe('192.0.2.9');
    expect(unwrapEnvelope(udp.sent.at(-1)!.payload, 'new')).toMatchObject({ seq: 1 });
    await clock.advance(4_900);
    expect(udp.sent).toHaveLength(2);
    options.controller_ip_port_list = [];
    await clock.advance(20_000);
    expect(udp.sent).toHaveLength(2);
    await end();
  });

  it('tell each byte once, also when one could not be sent', async () => {
    const { clock, udp, log, world, sender, rx, end } = amphora();
    world.bytesIn = 100;
    await clock.advance(0);
    udp.fail('ENETUNREACH');
    world.bytesIn = 150;
    await clock.advance(2_000);
    expect((await sender.findings())[0]?.what).toContain('ENETUNREACH');
    udp.fail(undefined);
    world.bytesIn = 175;
    await clock.advance(2_000);
    expect(rx()).toEqual([100, 75, 0]);
    expect(log.messages('warning')).toEqual(['heartbeat not sent', 'heartbeat not sent']);
    expect(await sender.findings()).toEqual([]);
    await end();
  });

  it('say once that one of two controllers cannot be reached, until it can be or is none any more', async () => {
    const { clock, udp, log, options, sender, end } = amphora();
    udp.fail('ENETUNREACH', '2001:db8::1');
    await clock.advance(10_000);
    expect(log.messages('warning')).toEqual(['heartbeat not sent']);
    expect(log.messages('info')).toEqual([]);
    expect(await sender.findings()).toHaveLength(1);
    udp.fail(undefined);
    await clock.advance(2_000);
    expect(log.messages('info')).toEqual(['heartbeats are sent again']);
    expect(await sender.findings()).toEqual([]);
    udp.fail('ENETUNREACH', '2001:db8::1');
    await clock.advance(2_000);
    options.controller_ip_port_list = [{ address: '192.0.2.1', port: 5555 }];
    await clock.advance(1_000);
    expect(await sender.findings()).toEqual([]);
    await end();
  });

  it('carry no statistics while those cannot be written down, and all of them afterwards', async () => {
    const { clock, files, world, rx, end } = amphora();
    world.bytesIn = 10;
    await clock.advance(0);
    const working = { ...files };
    const full = (): never => {
      throw new AgentError('no-space', 'full');
    };
    const writeAtomic: typeof files.writeAtomic = (...args) => working.writeAtomic(...args);
    Object.assign(files, { writeAtomic: full });
    world.bytesIn = 30;
    await clock.advance(1_000);
    Object.assign(files, { writeAtomic });
    await clock.advance(1_000);
    expect(rx()).toEqual([10, undefined, 20]);
    await end();
  });

  it('stop while keepalived should run and does not, which is logged once', async () => {
    const { clock, udp, log, world, sender, end } = amphora(false);
    await clock.advance(3_000);
    expect(udp.sent).toEqual([]);
    expect(log.messages('error')).toEqual([
      'keepalived is configured and does not run: no heartbeats are sent',
    ]);
    expect((await sender.findings())[0]?.severity).toBe('error');
    world.mayReport = true;
    await clock.advance(1_000);
    expect(udp.sent).toHaveLength(1);
    await end();
  });
});
