// `amphorad drain --wait` over the local socket of a real agent, with 20 long sessions through a real haproxy.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from './kit/daemon';
import { openKept, type KeptConnection } from './kit/kept-connection';
import { amphoraId, makePki } from './kit/pki';
import { freePort } from './kit/traffic';

const id = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const backends = new Set<Socket>();
let directory: string;
let configured: readonly string[];
let daemon: Daemon;
let client: Client;
let echo: Server;
let port: number;

const openSessions = async (count: number): Promise<readonly KeptConnection[]> => {
  const sessions = await Promise.all(Array.from({ length: count }, () => openKept(port)));
  await Promise.all(sessions.map((session) => session.request('hello\n', 'hello\n')));
  return sessions;
};
const run = (...args: readonly string[]) => runToEnd([...args, ...configured]);

beforeAll(async () => {
  const pki = await makePki();
  directory = temporaryDirectory();
  const { main, local } = writeAgentFiles(directory, pki);
  configured = ['--config-file', main, '--local-config', local];
  daemon = await startDaemon(['serve', ...configured, '--ready-json']);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
  echo = createServer((socket) => {
    backends.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  port = await freePort();
  const text = `defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:${port}
  default_backend pool
backend pool
  server one 127.0.0.1:${(echo.address() as AddressInfo).port}
`;
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${id}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${id}/start`)).status).toBe(202);
});
afterAll(async () => {
  await client.delete(`/v0.1/listeners/${id}`);
  client.close();
  await daemon.end();
  await endLeftovers();
  for (const socket of backends) socket.destroy();
  echo.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('amphorad drain pool/one --wait', () => {
  it('waits for 20 sessions, tells how many are left, cuts none, and ends with 0', async () => {
    const sessions = await openSessions(20);
    const done = run('drain', 'pool/one', '--wait', '--timeout', '25', '--then', 'maint');
    await eventually(async () => {
      const { stdout } = await run('status', '--json');
      expect(stdout).toContain('"state": "DRAIN"');
    });
    for (const session of sessions) {
      await session.request('still here\n', 'still here\n');
      await session.close();
    }
    const { code, stdout } = await done;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/pool\/one: drained in .*, now in maint\n$/)]);
    expect(stdout).toMatch(/^pool\/one: 20 of 20 sessions left/);
    expect((await run('ready', 'pool/one')).stdout).toBe(`pool/one of ${id}: ready, takes sessions\n`);
  });

  it('ends with 2 when the time is over, and leaves the sessions alone', async () => {
    const [session] = await openSessions(1);
    const { code, stdout } = await run('drain', 'pool/one', '--wait', '--timeout', '1', '--instance', id);
    expect([code, stdout]).toEqual([2, expect.stringMatching(/with 1 session left; it goes on draining/)]);
    await session?.request('still here\n', 'still here\n');
    await session?.close();
    await run('ready', 'pool/one');
  });

  it('says what is not there, and ends with 1', async () => {
    expect((await run('drain', 'nothing/one')).stderr).toMatch(/No load balancer .* backend nothing/);
    const { code, stderr } = await run('maint', 'pool/nobody');
    expect([code, stderr]).toEqual([1, 'amphorad: HAProxy error: No such server\n']);
  });
});
