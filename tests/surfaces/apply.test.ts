// The two doors for change on a real haproxy: what a reload does to traffic, what comes back after a crash, who owns a
// port. docs/apply.md draws the states; each has a test here with its name.

import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient } from './kit/client';
import { runToEnd, startDaemon } from './kit/daemon';
import { amphoraId } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, startLoad, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-dddddddddddd`;
let amphora: TestAgent;
let one: Backend;
let two: Backend;

const put = (path: string, body = '') => amphora.client.put(`/v0.1/listeners/${path}`, body);
const upload = (listener: string, text: string) => put(`${amphoraId}/${listener}/haproxy`, text);
const action = (listener: string, verb: string) => put(`${listener}/${verb}`);
const status = async (listener: string) => (await amphora.client.get(`/v0.1/listeners/${listener}`)).json();
const stored = async (listener: string) =>
  (await amphora.client.get(`/v0.1/listeners/${listener}/haproxy`)).text;
const file = (listener: string, name: string): string => join(amphora.basePath, listener, name);
const pidOf = (text: string): number => Number(/pid (\d+)/.exec(text)?.[1]);

async function serving(
  listener: string,
  backends: readonly Backend[] = [one],
): Promise<{ port: number; pid: number }> {
  const port = await freePort();
  expect((await upload(listener, listenerConfig({ port, backends }))).status).toBe(201);
  // Reloads what an earlier test has left running, starts what it has not; `start` of what runs tells the pid.
  expect((await action(listener, 'reload')).status).toBe(202);
  return { port, pid: pidOf((await action(listener, 'start')).text) };
}

beforeAll(async () => {
  [amphora, one, two] = await Promise.all([startTestAgent(), startBackend('one'), startBackend('two')]);
});
afterAll(async () => {
  await amphora.stop();
  await Promise.all([one.close(), two.close()]);
});

describe('states of a change', () => {
  it('stored: an upload touches no process, and GET gives it back', async () => {
    const { port } = await serving(id(1));
    const next = listenerConfig({ port, backends: [two] });
    await upload(id(1), next);
    expect(await stored(id(1))).toBe(next);
    expect(await fetchText(port)).toBe('one');
    expect(readFileSync(file(id(1), 'running.cfg'), 'utf8')).not.toBe(next);
  });

  it('running: a reload makes running.cfg the stored text', async () => {
    const { port } = await serving(id(1));
    await upload(id(1), listenerConfig({ port, backends: [two] }));
    expect((await action(id(1), 'reload')).status).toBe(202);
    expect(await fetchText(port)).toBe('two');
    expect(readFileSync(file(id(1), 'running.cfg'), 'utf8')).toBe(await stored(id(1)));
  });

  it('unchanged: a reload of what already runs leaves the worker alone', async () => {
    const { port, pid } = await serving(id(1));
    const before = await action(id(1), 'reload');
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const worker = children();
    const again = await action(id(1), 'reload');
    expect([again.status, again.json()]).toEqual([202, before.json()]);
    expect(children()).toBe(worker);
    expect(await fetchText(port)).toBe('one');
  });

  it('rejected: what the policy or haproxy refuses is kept aside, and nothing else changes', async () => {
    const { port } = await serving(id(1));
    const before = await stored(id(1));
    const bad = listenerConfig({ port }).replace('balance roundrobin', 'balance nonsense');
    const answer = await upload(id(1), bad);
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringMatching(/live|candidate:\d+\] : '?balance'?/),
    ]);
    expect(await stored(id(1))).toBe(before);
    expect(readFileSync(file(id(1), 'haproxy.cfg.rejected'), 'utf8')).toBe(bad);
  });

  it('failed reload: what only haproxy finds out; its words, the old worker serves on, nothing else has changed', async () => {
    const { port } = await serving(id(1));
    const before = ['running.cfg', 'live.cfg', 'overlay.cfg'].map((name) =>
      readFileSync(file(id(1), name), 'utf8'),
    );
    const text = listenerConfig({ port, backends: [two] }).replace(
      'default_backend',
      `bind unix@${file(id(1), 'sockets/of-nobody/x.sock')}\n    default_backend`,
    );
    expect((await upload(id(1), text)).status).toBe(201);
    const answer = await action(id(1), 'reload');
    expect([answer.status, answer.json()]).toEqual([
      500,
      {
        message: 'Error reloading haproxy',
        details: expect.stringMatching(/\[ALERT\].*cannot bind UNIX socket/s),
      },
    ]);
    expect(await fetchText(port)).toBe('one');
    const after = ['running.cfg', 'live.cfg', 'overlay.cfg'].map((name) =>
      readFileSync(file(id(1), name), 'utf8'),
    );
    expect(after).toEqual(before);
    expect(await stored(id(1))).toBe(text);
  });

  it('unbindable address: refused before the signal; no request of the old worker fails, running.cfg is unchanged', async () => {
    const { port } = await serving(id(1));
    const running = readFileSync(file(id(1), 'running.cfg'), 'utf8');
    const text = listenerConfig({ port, backends: [two] }).replace(
      'default_backend',
      'bind 203.0.113.77:8080\n    default_backend',
    );
    expect((await upload(id(1), text)).status).toBe(201);
    const load = startLoad(port, 2);
    const answer = await action(id(1), 'reload');
    const { failures } = await load.stop();
    expect([answer.status, answer.text]).toEqual([
      500,
      expect.stringContaining('cannot bind socket (Cannot assign requested address) for [203.0.113.77:8080]'),
    ]);
    expect(failures).toEqual([]);
    expect(readFileSync(file(id(1), 'running.cfg'), 'utf8')).toBe(running);
  });

  it('taken port: refused before the signal, naming the process; no request of the old worker fails', async () => {
    const { port } = await serving(id(1));
    const foreign = await startBackend('foreign');
    const text = listenerConfig({ port, backends: [one] }).replace(
      'default_backend',
      `bind 127.0.0.1:${foreign.port}\n    default_backend`,
    );
    await upload(id(1), text);
    const load = startLoad(port, 2);
    const answer = await action(id(1), 'reload');
    const { failures } = await load.stop();
    await foreign.close();
    expect(failures.slice(0, 3)).toEqual([]);
    expect([answer.status, answer.text]).toEqual([
      500,
      expect.stringMatching(
        new RegExp(`cannot bind socket.*127.0.0.1:${foreign.port}.*process ${process.pid} listens there`),
      ),
    ]);
    expect(failures).toEqual([]);
  });

  it('uploaded, not reloaded, haproxy killed: the stored configuration comes up with the next start', async () => {
    const { port, pid } = await serving(id(1));
    await upload(id(1), listenerConfig({ port, backends: [two] }));
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await status(id(1))).toMatchObject({ status: 'ERROR' }));
    expect((await action(id(1), 'start')).status).toBe(202);
    expect(await fetchText(port)).toBe('two');
    expect(await stored(id(1))).toBe(listenerConfig({ port, backends: [two] }));
  });
});

describe('fallback: a restarted agent whose stored configuration does not come up', () => {
  it('runs the one that ran last, GET still gives the stored one, the log says so, and the next reload is a real one', async () => {
    const other = await startTestAgent({ pki: amphora.pki });
    const port = await freePort();
    const path = `/v0.1/listeners/${amphoraId}/${id(2)}/haproxy`;
    await other.client.put(path, listenerConfig({ port, backends: [one] }));
    const { text } = await other.client.put(`/v0.1/listeners/${id(2)}/start`);
    const bad = listenerConfig({ port, backends: [two] }).replace(
      'default_backend',
      'bind 203.0.113.77:1\n    default_backend',
    );
    await other.client.put(path, bad);
    await other.agent.stop();
    expect(pidOf(text)).toBeGreaterThan(1);
    const { main, local } = writeAgentFiles(other.directory, amphora.pki);
    const daemon = await startDaemon([
      'serve',
      '--config-file',
      main,
      '--local-config',
      local,
      '--ready-json',
      '--stop-children',
    ]);
    const client = createClient({
      port: daemon.ready.port,
      ca: amphora.pki.ca.certificatePem,
      identity: amphora.pki.client,
    });
    expect(await fetchText(port)).toBe('one');
    expect((await client.get(`/v0.1/listeners/${id(2)}`)).json()).toMatchObject({ status: 'ACTIVE' });
    expect((await client.get(`/v0.1/listeners/${id(2)}/haproxy`)).text).toBe(bad);
    expect(daemon.stderr()).toMatch(
      /the stored configuration does not come up, the one that ran last is tried/,
    );
    await client.put(path, listenerConfig({ port, backends: [two] }));
    expect((await client.put(`/v0.1/listeners/${id(2)}/reload`)).status).toBe(202);
    expect(await fetchText(port)).toBe('two');
    client.close();
    await daemon.end();
    await other.stop();
  });
});

describe('two listeners that want one port', () => {
  it.each([
    ['the same address', (port: number) => `127.0.0.1:${port}`],
    ['a wildcard', (port: number) => `*:${port}`],
    ['the IPv6 wildcard', (port: number) => `:::${port}`],
  ])('%s: the second start is refused and names the first; freed, it starts', async (_what, address) => {
    const { port } = await serving(id(3));
    const text = listenerConfig({ port, backends: [two] }).replace(
      `127.0.0.1:${port}\n    default`,
      `${address(port)}\n    default`,
    );
    expect((await upload(id(4), text)).status).toBe(201);
    const refused = await action(id(4), 'start');
    expect([refused.status, refused.json()]).toEqual([
      500,
      {
        message: 'Error starting haproxy',
        details: expect.stringContaining(`is taken by listener ${id(3)}`),
      },
    ]);
    expect(await status(id(4))).toMatchObject({ status: 'STOPPED' });
    expect((await action(id(3), 'stop')).status).toBe(202);
    expect((await action(id(4), 'start')).status).toBe(202);
    expect(await fetchText(port)).toBe('two');
    await amphora.client.delete(`/v0.1/listeners/${id(4)}`);
  });

  it('a port moves from one to the other in two steps', async () => {
    const { port } = await serving(id(3));
    const elsewhere = await freePort();
    await upload(id(4), listenerConfig({ port, backends: [two] }));
    await upload(id(3), listenerConfig({ port: elsewhere, backends: [one] }));
    expect((await action(id(4), 'start')).status).toBe(500);
    expect((await action(id(3), 'reload')).status).toBe(202);
    expect((await action(id(4), 'start')).status).toBe(202);
    expect([await fetchText(port), await fetchText(elsewhere)]).toEqual(['two', 'one']);
  });
});

describe('traffic during reloads', () => {
  it('50 reloads under load: no request fails, and a download of 60 s that began before the first completes', async () => {
    const slow = createServer((_request, response) => {
      let left = 60;
      const timer = setInterval(() => {
        response.write('x'.repeat(1_000));
        left -= 1;
        if (left === 0) {
          clearInterval(timer);
          response.end();
        }
      }, 1_000);
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const download: Backend = {
      name: 'slow',
      port: (slow.address() as AddressInfo).port,
      close: () => Promise.resolve(),
    };
    const port = await freePort();
    const withDownload = (extra: string) =>
      listenerConfig({ port, backends: [one, two], extra }).replace(
        'default_backend pool-1\n',
        `use_backend pool-slow if { path /slow }\n    default_backend pool-1\nbackend pool-slow\n    server slow 127.0.0.1:${download.port}\n`,
      );
    await upload(id(5), withDownload(''));
    expect((await action(id(5), 'start')).status).toBe(202);
    const finished = new Promise<number>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/slow' }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.once('end', () => resolve(bytes));
        response.once('error', reject);
      }).once('error', reject);
    });
    const load = startLoad(port, 2);
    for (let round = 0; round < 50; round += 1) {
      expect((await upload(id(5), withDownload(`    timeout tunnel ${round + 1}s`))).status).toBe(201);
      expect((await action(id(5), 'reload')).status).toBe(202);
    }
    const { failures, served } = await load.stop();
    expect(failures).toEqual([]);
    expect([...served.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
    expect(await finished).toBe(60_000);
    await new Promise((resolve) => slow.close(resolve));
  }, 180_000);

  it('20 reload calls at once are all answered with 202 and share reloads', async () => {
    const { port, pid } = await serving(id(6));
    await upload(id(6), listenerConfig({ port, backends: [two] }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => action(id(6), 'reload')));
    expect(answers.map(({ status: code }) => code)).toEqual(Array(20).fill(202));
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(`${pid} (`);
    expect(await fetchText(port)).toBe('two');
  });
});

it('maxconn 50000 starts and serves under a hard limit of 20,000 descriptors, and the log shows the shortfall', async () => {
  const directory = temporaryDirectory();
  const { main, local } = writeAgentFiles(directory, amphora.pki);
  const daemon = await startDaemon(
    ['serve', '--config-file', main, '--local-config', local, '--ready-json', '--stop-children'],
    { through: ['prlimit', '--nofile=20000:20000'] },
  );
  const client = createClient({
    port: daemon.ready.port,
    ca: amphora.pki.ca.certificatePem,
    identity: amphora.pki.client,
  });
  const port = await freePort();
  const text = listenerConfig({ port, backends: [one] }).replace('maxconn 500', 'maxconn 50000');
  expect((await client.put(`/v0.1/listeners/${amphoraId}/${id(1)}/haproxy`, text)).status).toBe(201);
  expect((await client.put(`/v0.1/listeners/${id(1)}/start`)).status).toBe(202);
  expect(await fetchText(port)).toBe('one');
  expect(daemon.stderr()).toMatch(
    /fewer file descriptors than its configuration asks for.* wanted=100\d\d\d limit=20000 /,
  );
  client.close();
  await daemon.end();
  rmSync(directory, { recursive: true, force: true });
});

describe('what lies in base_path', () => {
  it('links planted in place of files are neither followed nor served', async () => {
    const secret = join(amphora.directory, 'secret');
    writeFileSync(secret, 'top secret');
    await serving(id(7));
    await action(id(7), 'stop');
    rmSync(file(id(7), 'haproxy.cfg'));
    symlinkSync(secret, file(id(7), 'haproxy.cfg'));
    const answer = await amphora.client.get(`/v0.1/listeners/${id(7)}/haproxy`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain('top secret');
    expect(await status(id(7))).toMatchObject({ status: 'ERROR' });
    expect((await upload(id(7), listenerConfig({ port: await freePort() }))).status).toBe(201);
    expect(readFileSync(secret, 'utf8')).toBe('top secret');
    expect((await amphora.client.delete(`/v0.1/listeners/${id(7)}`)).status).toBe(200);
  });

  it('a link in place of a listener’s directory is refused', async () => {
    const elsewhere = join(amphora.directory, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(amphora.basePath, id(8)));
    expect((await upload(id(8), listenerConfig({ port: await freePort() }))).status).toBe(409);
    expect(existsSync(join(elsewhere, 'haproxy.cfg'))).toBe(false);
    rmSync(join(amphora.basePath, id(8)));
  });

  it('a second agent on the same base_path exits with 75, naming the first one’s pid', async () => {
    const main = join(amphora.directory, 'agent.conf');
    const { code, stderr } = await runToEnd([
      'serve',
      '--config-file',
      main,
      '--local-config',
      join(amphora.directory, 'local.conf'),
    ]);
    expect([code, stderr]).toEqual([
      75,
      expect.stringContaining(`another agent, pid ${process.pid}, has base_path`),
    ]);
  });
});

it('a client that disconnects in the middle of an upload changes nothing', async () => {
  await serving(id(9));
  const before = await stored(id(9));
  await new Promise<void>((resolve) => {
    const { keyPem: key, certificatePem: cert } = amphora.pki.client;
    const socket = connect({
      host: '127.0.0.1',
      port: amphora.agent.port,
      key,
      cert,
      ca: amphora.pki.ca.certificatePem,
    });
    socket.once('secureConnect', () => {
      socket.write(
        `PUT /v0.1/listeners/${amphoraId}/${id(9)}/haproxy HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`,
      );
      socket.write(listenerConfig({ port: 1 }), () => socket.destroy());
    });
    socket.once('close', () => resolve());
  });
  expect((await upload(id(9), before)).status).toBe(201);
  expect(await stored(id(9))).toBe(before);
});
