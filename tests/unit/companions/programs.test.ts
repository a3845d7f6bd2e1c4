// The programs beside the agent that are no Node: run for real, against sockets of the test.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const companions = join(__dirname, '..', '..', '..', 'agent', 'companions');
let directory: string;
const open: Server[] = [];
const sockets = new Set<Socket>();

beforeEach(() => {
  directory = mkdtempSync('/tmp/amph-companions-');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const child = spawn(program.startsWith('/') ? program : join(companions, program), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A stats socket that says `answer` to whatever it is asked, and then closes; without one it is silent. */
async function statsSocket(name: string, answer: string | undefined): Promise<string> {
  const path = join(directory, name);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      if (answer !== undefined) socket.end(answer);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

describe('haproxy-vrrp-check', () => {
  it('is content when every haproxy answers, whatever it says', async () => {
    const paths = await Promise.all([
      statsSocket('one', 'Name: HAProxy\n'),
      statsSocket('two', 'Permission denied\n'.repeat(10_000)),
    ]);
    expect(await run('haproxy-vrrp-check', paths)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('fails when one of them is not there, and names it', async () => {
    const path = await statsSocket('one', 'Name: HAProxy\n');
    const { code, stderr } = await run('haproxy-vrrp-check', [path, `${path}-not`]);
    expect([code, stderr]).toEqual([1, `haproxy-vrrp-check: ${path}-not: No such file or directory\n`]);
  });

  it('fails when one closes without a word', async () => {
    const path = await statsSocket('one', '');
    const { code, stderr } = await run('haproxy-vrrp-check', [path]);
    expect([code, stderr]).toEqual([1, `haproxy-vrrp-check: ${path}: closed without an answer\n`]);
  });

  it('fails when they accept and are silent, after 5 s for all together', async () => {
    const paths = await Promise.all([statsSocket('one', undefined), statsSocket('two', undefined)]);
    const { code, stderr } = await run('haproxy-vrrp-check', paths);
    expect([code, stderr]).toEqual([1, `haproxy-vrrp-check: ${paths[0]}: no answer within 5 s\n`]);
  });
});

describe('amphora-health-checker', () => {
  it.each([
    ['nothing', [], 'usage'],
    ['another protocol', ['tcp', '127.0.0.1', '1'], "unsupported protocol 'tcp'"],
    ['a name', ['udp', 'localhost', '1'], "not an IP address: 'localhost'"],
    ['no port', ['udp', '127.0.0.1'], 'usage'],
    ['a port that is none', ['sctp', '127.0.0.1', '65536'], 'usage'],
    ['no time', ['sctp', '-t', '0', '127.0.0.1', '1'], 'usage'],
  ])('given %s fails and says why', async (_, args, words) => {
    const { code, stderr } = await run('amphora-health-checker', args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  });

  it.each(['127.0.0.1', '::1'])('finds a UDP member on %s that refuses', async (address) => {
    // Nobody serves the discard port here.
    const { code, stderr } = await run('amphora-health-checker', ['udp', address, '9']);
    expect([code, stderr]).toEqual([1, 'amphora-health-checker: refused: Connection refused\n']);
  });

  it('takes a UDP member that answers, and one that is silent', async () => {
    for (const answer of [true, false]) {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      if (answer) socket.on('message', (_, peer) => socket.send('y', peer.port, peer.address));
      const args = ['udp', '-t', '1', '127.0.0.1', String(socket.address().port)];
      const { code, stdout } = await run('amphora-health-checker', args);
      expect([code, stdout]).toEqual([0, answer ? 'answered\n' : 'not refused\n']);
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
  });
});

it('udp_check.sh asks by the checker beside it, by a whole path and without a PATH', async () => {
  for (const name of ['udp_check.sh', 'amphora-health-checker']) {
    copyFileSync(join(companions, name), join(directory, name));
  }
  const { code, stderr } = await run(join(directory, 'udp_check.sh'), ['127.0.0.1', '9']);
  expect([code, stderr]).toEqual([1, 'amphora-health-checker: refused: Connection refused\n']);
});

describe('ping-wrapper.sh', () => {
  const wrapper = async (address: string): Promise<string> => {
    // haproxy gives it no PATH: it brings its own, which a test must not depend on.
    writeFileSync(join(directory, 'ping'), '#!/bin/sh\necho "$*" >&3\n', { mode: 0o755 });
    symlinkSync(join(companions, 'ping-wrapper.sh'), join(directory, 'wrapper'));
    const script = 'sed "s|^PATH=.*|PATH=$0|" "$0/wrapper" > "$0/own"; exec sh "$0/own" - - "$1" 80 3>&1';
    const { stdout } = await run('/bin/sh', ['-c', script, directory, address], { PATH: '/usr/bin:/bin' });
    return stdout;
  };

  it.each([
    ['192.0.2.7', '-4 -n -q -c 1 -w 1 192.0.2.7\n'],
    ['2001:db8::7', '-6 -n -q -c 1 -w 1 2001:db8::7\n'],
  ])('asks %s once, in its own family', async (address, expected) => {
    expect(await wrapper(address)).toBe(expected);
  });
});
