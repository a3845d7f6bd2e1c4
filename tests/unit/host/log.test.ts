import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { LogFields } from '../../../agent/host/log';
import type { WinstonLogOptions } from '../../../agent/host/node/winston-log';
import { createWinstonLog } from '../../../agent/host/node/winston-log';
import { createStderrSink } from '../../../agent/host/node/stderr-sink';
import { priorityOf } from '../../../agent/host/node/syslog-priority';

const time = '2026-01-02T03:04:05.678Z';

function recorder(): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}

const options = (stderr: Writable, more: Partial<WinstonLogOptions> = {}): WinstonLogOptions => ({
  level: 'info',
  format: 'text',
  syslog: false,
  facility: 1,
  environment: {},
  ...more,
  io: { stderr, now: () => Date.parse(time), ...more.io },
});

describe('the log on stderr', () => {
  it('writes one line each, in order', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream));
    log.info('started', { pid: 7 });
    log.warning('odd');
    log.error('bad', { reason: 'no way' });
    await log.close();
    expect(text()).toBe(
      `${time} INFO started pid=7\n${time} WARNING odd\n${time} ERROR bad reason="no way"\n`,
    );
  });

  it('writes JSON when asked to', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream, { format: 'json' }));
    log.info('started', { pid: 7 });
    await log.close();
    expect(JSON.parse(text())).toEqual({ time, level: 'info', message: 'started', pid: 7 });
  });

  it('logs what the level admits, and the level can be changed while it runs', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream));
    log.debug('hidden');
    log.setLevel('debug');
    log.debug('shown');
    log.setLevel('error');
    log.warning('hidden');
    log.error('last');
    await log.close();
    expect(text()).toBe(`${time} DEBUG shown\n${time} ERROR last\n`);
  });

  it('keeps hundreds of lines of one burst', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream));
    for (let index = 0; index < 500; index += 1) log.info(`line ${index}`);
    await log.close();
    expect(text().split('\n').length).toBe(501);
    expect(text()).toContain('line 499\n');
  });

  it('still writes lines that come after close', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream));
    await log.close();
    log.error('late');
    await log.close();
    expect(text()).toBe(`${time} ERROR late\n`);
  });

  it('survives fields that are not what their type says, and keeps the message', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream));
    log.info('odd fields', { bad: null } as unknown as LogFields);
    log.info(undefined as unknown as string);
    await log.close();
    expect(text()).toBe(
      `${time} INFO odd fields unreadable_fields=true\n${time} INFO undefined unreadable_fields=true\n`,
    );
  });

  it('survives a stderr whose reader is gone', async () => {
    const child = spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'close');
    const log = createWinstonLog(options(child.stdin));
    for (let index = 0; index < 3; index += 1) {
      log.error('into the void');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect(log.close(200)).resolves.toBeUndefined();
  });

  it('survives a stderr that is destroyed', async () => {
    const { stream } = recorder();
    const log = createWinstonLog(options(stream));
    stream.destroy(new Error('gone'));
    log.error('into the void');
    await expect(log.close(200)).resolves.toBeUndefined();
  });

  it('closes within its deadline when the reader of stderr takes nothing', async () => {
    const stuck = new Writable({ write: () => undefined });
    const log = createWinstonLog(options(stuck));
    log.info('never read');
    await expect(log.close(50)).resolves.toBeUndefined();
  });
});

describe('a slow reader of stderr', () => {
  it('costs lines above the bound, and one warning tells how many once there is room', () => {
    const waiting: (() => void)[] = [];
    let text = '';
    const stream = new Writable({
      highWaterMark: 10,
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        waiting.push(done);
      },
    });
    const sink = createStderrSink({
      stream,
      prefix: () => '',
      lossNotice: (count) => ({ level: 'warning', text: `lost ${count}` }),
      pendingBytes: 12,
    });
    const write = (line: string): void => sink.write({ level: 'info', text: line });
    ['one', 'two', 'three', 'four', 'five', 'six'].forEach(write);
    const release = (): void => {
      while (waiting.length > 0) waiting.shift()?.();
    };
    release();
    release();
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      release();
      write('seven');
      release();
      expect(text).toBe('one\ntwo\nthree\nlost 3\nseven\n');
    });
  });
});

describe('the journal', () => {
  const journal = (stderr: Writable, more: Partial<WinstonLogOptions> = {}): WinstonLogOptions =>
    options(stderr, {
      environment: { JOURNAL_STREAM: '8:12345' },
      io: { statStderr: () => ({ dev: 8n, ino: 12345n }) },
      ...more,
    });

  it('gets lines with a priority and without a second timestamp, also when syslog is asked for', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(journal(stream, { level: 'debug', syslog: true }));
    log.error('a');
    log.warning('b');
    log.info('c', { k: 'v' });
    log.debug('d');
    await log.close();
    expect(text()).toBe('<3>ERROR a\n<4>WARNING b\n<6>INFO c k=v\n<7>DEBUG d\n');
  });

  it('gets whole JSON objects when JSON is asked for', async () => {
    const { stream, text } = recorder();
    const log = createWinstonLog(journal(stream, { format: 'json' }));
    log.info('c');
    await log.close();
    expect(text()).toBe(`<6>{"time":"${time}","level":"info","message":"c"}\n`);
  });

  it.each([
    ['stderr was redirected', { JOURNAL_STREAM: '8:12345' }, () => ({ dev: 8n, ino: 999n })],
    ['the variable is malformed', { JOURNAL_STREAM: 'x' }, () => ({ dev: 8n, ino: 12345n })],
    ['the variable is absent', {}, () => ({ dev: 8n, ino: 12345n })],
    [
      'stderr is closed',
      { JOURNAL_STREAM: '8:12345' },
      () => {
        throw new Error('EBADF');
      },
    ],
  ])('is not assumed when %s', async (_when, environment, statStderr) => {
    const { stream, text } = recorder();
    const log = createWinstonLog(options(stream, { environment, io: { statStderr } }));
    log.info('plain');
    await log.close();
    expect(text()).toBe(`${time} INFO plain\n`);
  });
});

describe('syslog priorities', () => {
  it('are facility times eight plus severity', () => {
    expect(priorityOf('error', 0)).toBe(131);
    expect(priorityOf('info', 1)).toBe(142);
    expect(priorityOf('debug', 7)).toBe(191);
  });
});
