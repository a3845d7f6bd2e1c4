// The real logger(1) talks to a UNIX stream socket of ours: Node cannot listen on a datagram one, and logger
// tries both kinds. The agent that is killed is a real process too, built by esbuild.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { spawnLogger } from '../../../agent/host/node/logger-process';
import type { LogIo, WinstonLog, WinstonLogOptions } from '../../../agent/host/node/winston-log';
import { createWinstonLog } from '../../../agent/host/node/winston-log';

const timing = { firstMs: 20, maxMs: 100, settleMs: 150, steadyMs: 60_000 };

interface Syslogd {
  text(): string;
  connections(): number;
  /** Reads nothing more until `resume`. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

let directory: string;
let socketPath: string;
let children: ChildProcess[];
let toStderr: string;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
  socketPath = join(directory, 'log');
  children = [];
  toStderr = '';
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  for (const child of children) expect(hasEnded(child)).toBe(true);
  rmSync(directory, { recursive: true, force: true });
});

async function syslogd(): Promise<Syslogd> {
  let text = '';
  let connections = 0;
  let isPaused = false;
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    if (isPaused) socket.pause();
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  closers.push(stop);
  return {
    text: () => text,
    connections: () => connections,
    pause: () => {
      isPaused = true;
      for (const socket of open) socket.pause();
    },
    resume: () => {
      isPaused = false;
      for (const socket of open) socket.resume();
    },
    stop,
  };
}

function start(more: Partial<WinstonLogOptions> = {}, io: LogIo = {}): WinstonLog {
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      toStderr += chunk.toString();
      done();
    },
  });
  const log = createWinstonLog({
    level: 'info',
    format: 'text',
    syslog: true,
    facility: 1,
    environment: {},
    socketPath,
    ...more,
    io: {
      stderr,
      timing,
      spawnLogger: (args) => {
        const child = spawnLogger(args);
        children.push(child);
        return child;
      },
      ...io,
    },
  });
  closers.unshift(() => log.close());
  return log;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function until(isTrue: () => boolean, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('the log in syslog', () => {
  it('arrives with facility, severity, name and pid, while the agent runs', async () => {
    const daemon = await syslogd();
    const log = start({ facility: 3 }, { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    log.error('bad', { code: 2 });
    log.info('<3>not a priority\n<3>nor this');
    await until(() => daemon.text().includes('nor this'));
    const [first, second, ...rest] = daemon.text().split('\n');
    expect(first).toMatch(/^<155>/);
    expect(first).toContain(`amphorad[${process.pid}]: 2026-01-02T03:04:05.678Z ERROR bad code=2`);
    expect(second).toMatch(/^<158>/);
    expect(second).toContain('INFO <3>not a priority\\n<3>nor this');
    expect(rest).toEqual(['']);
    expect(toStderr).toBe('');
  });

  it('uses one child for all lines, and none before the first', async () => {
    const daemon = await syslogd();
    const log = start();
    expect(children).toHaveLength(0);
    for (let index = 0; index < 800; index += 1) log.info(`line ${index}.`);
    await until(() => daemon.text().includes('line 799.'));
    expect(children).toHaveLength(1);
    expect(count(daemon.text(), '\n')).toBe(800);
  });

  it('keeps the longest line in one piece', async () => {
    const daemon = await syslogd();
    const log = start();
    const long = 'é'.repeat(20_000);
    log.info(long, { a: long, b: long, c: long });
    await log.close();
    await until(() => daemon.text().endsWith('\n'));
    const lines = daemon.text().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/fields_cut=\d$/);
  });

  it('is complete after close, and the child is gone', async () => {
    const daemon = await syslogd();
    const log = start();
    for (let index = 0; index < 900; index += 1) log.info(`line ${index}.`);
    await log.close(5_000);
    await until(() => daemon.text().includes('line 899.'));
    expect(hasEnded(children[0]!)).toBe(true);
    expect(toStderr).toBe('');
    log.error('late');
    expect(toStderr).toContain('ERROR late');
  });

  it('survives a restart of the daemon', async () => {
    const first = await syslogd();
    const log = start();
    log.info('before');
    await until(() => first.text().includes('before'));
    await first.stop();
    const second = await syslogd();
    await until(() => {
      log.info('after');
      return second.text().includes('after');
    });
  });

  it('keeps the lines of a short gap for the next child', async () => {
    const daemon = await syslogd();
    const log = start({}, { timing: { ...timing, settleMs: 1 } });
    log.info('before');
    await until(() => daemon.text().includes('before'));
    children[0]!.kill('SIGKILL');
    await until(() => hasEnded(children[0]!));
    log.info('in the gap');
    await until(() => daemon.text().includes('in the gap'));
    expect(children).toHaveLength(2);
    expect(toStderr).toBe('');
  });

  it('gets a new connection on reopen', async () => {
    const daemon = await syslogd();
    const log = start({}, { timing: { ...timing, settleMs: 1 } });
    log.info('one');
    await until(() => daemon.text().includes('one'));
    await until(() => {
      log.reopen();
      return children.length > 1;
    });
    log.info('two');
    await until(() => daemon.text().includes('two') && hasEnded(children[0]!));
    expect(daemon.connections()).toBeGreaterThan(1);
  });

  it('never makes the caller wait for a daemon that reads nothing: the loss is told when it reads again', async () => {
    const daemon = await syslogd();
    daemon.pause();
    const log = start({}, { capacity: 20 });
    const filler = 'x'.repeat(5_000);
    for (let index = 0; index < 400; index += 1) {
      log.info(`line ${index}. ${filler}`);
      if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    daemon.resume();
    await until(() => daemon.text().includes('log lines were dropped dropped='));
    const dropped = Number(/dropped=(\d+)/.exec(daemon.text())?.[1]);
    await until(() => count(daemon.text(), ' INFO line ') === 400 - dropped);
    expect(count(daemon.text(), 'log lines were dropped')).toBe(1);
  });
});

describe('without syslog', () => {
  it('lines go to stderr with one warning, and no child is tried', async () => {
    const log = start();
    log.info('one');
    log.info('two');
    await until(() => toStderr.includes('INFO two'));
    expect(toStderr).toMatch(
      /WARNING syslog is not available, logging to stderr reason="no socket at .*\n.* INFO one\n.* INFO two\n$/,
    );
    log.info('three');
    await log.close();
    expect(count(toStderr, 'WARNING')).toBe(1);
    expect(toStderr).toContain('INFO three');
    expect(children).toHaveLength(0);
  });

  it('lines come back to it when it appears', async () => {
    const log = start();
    log.info('early');
    await until(() => toStderr.includes('early'));
    const daemon = await syslogd();
    await until(() => daemon.text().includes('syslog is available again'));
    log.info('later');
    await until(() => daemon.text().includes('later'));
    expect(toStderr).not.toContain('later');
  });

  it('no line is lost when nobody listens behind the socket', async () => {
    // What a killed daemon leaves: the socket file, and nobody behind it.
    const holder = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.stdout.write('up'))`,
    ]);
    await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'close');
    const log = start({}, { timing: { ...timing, settleMs: 10_000 } });
    log.info('one');
    log.info('two');
    await until(() => toStderr.includes('INFO two'));
    expect(toStderr).toMatch(/reason=".*Connection refused"\n.* INFO one\n.* INFO two\n$/);
    await until(() => children.length > 2);
    expect(count(toStderr, 'WARNING')).toBe(1);
  });

  it.each([
    ['is not installed', () => spawn(join(directory, 'logger'), [], { stdio: ['pipe', 'ignore', 'pipe'] })],
    [
      'cannot even be spawned',
      () => {
        throw new Error('no memory');
      },
    ],
  ])('no line is lost when logger %s', async (_what, spawnIt: () => ChildProcess) => {
    await syslogd();
    const log = start({}, { spawnLogger: spawnIt });
    log.info('one');
    log.info('two');
    await until(() => toStderr.includes('INFO two'));
    expect(toStderr).toMatch(/reason="logger could not be started: .*"\n.* INFO one\n.* INFO two\n$/);
    expect(count(toStderr, 'WARNING')).toBe(1);
  });

  it('a logger that takes nothing and never ends is killed at the deadline of close', async () => {
    await syslogd();
    const log = start(
      {},
      {
        capacity: 50,
        spawnLogger: () => {
          const child = spawn('sleep', ['60'], { stdio: ['pipe', 'ignore', 'pipe'] });
          children.push(child);
          return child;
        },
      },
    );
    log.info('stuck');
    await log.close(100);
    await until(() => hasEnded(children[0]!));
    expect(children[0]!.signalCode).toBe('SIGKILL');
    expect(toStderr).toContain('INFO stuck');
  });
});

describe('an agent with its log in syslog', () => {
  function agent(script: string): { process: ChildProcess; ended: Promise<unknown[]> } {
    const root = join(__dirname, '../../..');
    const source = join(directory, 'agent.ts');
    const bundle = join(directory, 'agent.cjs');
    const options = { level: 'info', format: 'text', syslog: true, facility: 0, environment: {}, socketPath };
    writeFileSync(
      source,
      `import { createWinstonLog } from ${JSON.stringify(join(root, 'agent/host/node/winston-log'))};
       const log = createWinstonLog(${JSON.stringify(options)});
       ${script}`,
    );
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules/esbuild/bin/esbuild'),
        source,
        '--bundle',
        '--platform=node',
        `--outfile=${bundle}`,
      ],
      { stdio: 'ignore', cwd: root, env: { ...process.env, NODE_PATH: join(root, 'node_modules') } },
    );
    const child = spawn(process.execPath, [bundle], { stdio: ['ignore', 'ignore', 'pipe'] });
    return { process: child, ended: once(child, 'exit') };
  }

  const childrenOf = (pid: number): string[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);

  it('leaves no logger behind when it is killed', async () => {
    const daemon = await syslogd();
    const { process, ended } = agent(`log.info('up'); setInterval(() => undefined, 1000);`);
    await until(() => daemon.text().includes('up'));
    const [logger] = childrenOf(process.pid!);
    expect(readFileSync(`/proc/${logger}/cmdline`, 'utf8')).toMatch(/^logger\0/);
    process.kill('SIGKILL');
    await ended;
    await until(
      () => !existsSync(`/proc/${logger}`) || readFileSync(`/proc/${logger}/stat`, 'utf8').includes(') Z'),
    );
  });

  it('is not kept alive by it', async () => {
    const daemon = await syslogd();
    const { ended } = agent(`log.info('up'); setTimeout(() => undefined, 500);`);
    await until(() => daemon.text().includes('up'));
    expect(await ended).toEqual([0, null]);
  });

  it('delivers its last lines by awaiting close, though nothing else keeps it alive', async () => {
    const daemon = await syslogd();
    const { ended } = agent(`log.info('first'); log.error('last words'); void log.close();`);
    expect(await ended).toEqual([0, null]);
    await until(() => daemon.text().includes('last words'));
  });

  it('does not crash when stderr and syslog are both gone', async () => {
    const { process, ended } = agent(`
      let rest = 20;
      const timer = setInterval(() => { log.error('nobody hears'); if (--rest === 0) { clearInterval(timer); } }, 10);
    `);
    process.stderr!.destroy();
    expect(await ended).toEqual([0, null]);
  });
});
