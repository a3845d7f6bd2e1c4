// What the fakes offer to tests beyond the seams they stand for.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

describe('the hand-moved clock', () => {
  it('runs all that falls due in one advance, in order, each at its own time', async () => {
    const clock = createHandClock(0);
    const events: string[] = [];
    const stop = new AbortController();
    clock.every(40, stop.signal, () => events.push(`tick ${clock.now()}`));
    void (async () => {
      for (let turn = 0; turn < 2; turn += 1) {
        await clock.sleep(30);
        events.push(`woke ${clock.now()}`);
      }
    })();
    await clock.advance(100);
    expect(events).toEqual(['woke 30', 'tick 40', 'woke 60', 'tick 80']);
    expect(clock.now()).toBe(100);
    expect(clock.pending()).toBe(1);
    stop.abort();
    expect(clock.pending()).toBe(0);
  });

  it('stands still: sleeps end late and tickers tick once', async () => {
    const clock = createHandClock();
    const since = clock.monotonic();
    const seen: number[] = [];
    clock.every(100, new AbortController().signal, () => seen.push(clock.monotonic() - since));
    void clock.sleep(500).then(() => seen.push(-(clock.monotonic() - since)));
    clock.standStill(1_000);
    expect(seen).toEqual([]);
    await clock.advance(100);
    expect(seen).toEqual([1_000, -1_000, 1_100]);
  });

  it('jumps wall time without moving monotonic time or waking anybody', async () => {
    const clock = createHandClock(1000);
    const before = clock.monotonic();
    let woke = false;
    void clock.sleep(10).then(() => (woke = true));
    clock.jumpWall(-500);
    await clock.advance(0);
    expect([clock.now(), clock.monotonic() - before, woke]).toEqual([500, 0, false]);
  });
});

describe('files in memory', () => {
  it('show all files as text, and take a trailing slash for an empty directory', async () => {
    const files = createMemoryFiles({ '/etc/a': 'one', '/var/empty/': '' });
    await files.writeAtomic('/var/empty/b', 'two', 0o600);
    expect(files.snapshot()).toEqual({ '/etc/a': 'one', '/var/empty/b': 'two' });
  });

  it('fail once, as planned, where planned', async () => {
    const files = createMemoryFiles({ '/a': 'one', '/b': 'two' });
    const full = new AgentError('no-space', 'No space left on the disk');
    files.failNext('writeAtomic', full, /^\/b$/);
    await files.writeAtomic('/a', 'three', 0o600);
    await expect(files.writeAtomic('/b', 'four', 0o600)).rejects.toBe(full);
    expect(files.snapshot()).toEqual({ '/a': 'three', '/b': 'two' });
    await files.writeAtomic('/b', 'four', 0o600);
    expect(files.snapshot()).toEqual({ '/a': 'three', '/b': 'four' });
  });
});

describe('the scripted runner', () => {
  it('keeps a transcript that reads as typed, and fails on what no rule knows', async () => {
    const runner = createScriptedRunner([
      { match: /^ip -j addr/, result: { stdout: '[]' } },
      { match: /^haproxy/, onSignal: () => undefined },
    ]);
    await runner.run(['ip', '-j', 'addr']);
    const { pid } = await runner.startDetached(['haproxy', '-Ws'], { logPath: '/log' });
    runner.signal(pid, 'SIGUSR2');
    await expect(runner.run(['rm', '-r', '/'])).rejects.toThrow('matches: rm -r /');
    expect(runner.transcript).toEqual([
      'ip -j addr',
      'start haproxy -Ws',
      `signal SIGUSR2 ${pid}`,
      'rm -r /',
    ]);
    expect(runner.unscripted).toEqual(['rm -r /']);
    expect(await runner.identify(pid)).toMatchObject({ state: 'S', argv: ['haproxy', '-Ws'] });
  });

  it('holds processes of others, lets them end as zombies, and hears of signals', async () => {
    const runner = createScriptedRunner();
    const heard: string[] = [];
    const { pid } = runner.addProcess({
      argv: ['keepalived'],
      startTicks: '42',
      onSignal: (signal, process) => {
        heard.push(signal);
        if (signal === 'SIGTERM') runner.endProcess(process.pid, { code: 0 }, 'zombie');
      },
    });
    runner.signal(pid, 'SIGHUP');
    runner.signal(pid, 'SIGTERM');
    runner.signal(pid, 'SIGHUP');
    expect(heard).toEqual(['SIGHUP', 'SIGTERM']);
    expect(await runner.identify(pid)).toMatchObject({ pid, startTicks: '42', state: 'Z', argv: [] });
    runner.endProcess(pid);
    expect(await runner.identify(pid)).toBeUndefined();
  });

  it('takes new rules before the old ones', async () => {
    const runner = createScriptedRunner([{ match: /^true/, result: { code: 0 } }]);
    runner.script({ match: /^true/, result: { code: 1 } });
    expect(await runner.run(['true'])).toMatchObject({ code: 1 });
  });
});

describe('scripted sockets', () => {
  it('keep a transcript and fail on what no rule knows', async () => {
    const sockets = createScriptedSockets([
      { line: /^show stat/, answer: (line, path) => `${path} ${line}` },
    ]);
    expect(await sockets.request('/s', 'show stat', { timeoutMs: 1 })).toBe('/s show stat');
    await expect(sockets.request('/s', 'quit', { timeoutMs: 1 })).rejects.toThrow('matches: /s: quit');
    expect(sockets.transcript).toEqual(['/s: show stat', '/s: quit']);
    expect(sockets.unscripted).toEqual(['/s: quit']);
  });
});

describe('the recorded log', () => {
  it('keeps entries in order, and messages by level', () => {
    const log = createRecordedLog();
    log.info('started', { port: 9443 });
    log.warning('odd');
    expect(log.entries[0]).toEqual({ level: 'info', message: 'started', fields: { port: 9443 } });
    expect([log.messages(), log.messages('warning')]).toEqual([['started', 'odd'], ['odd']]);
  });
});
