// v0.1 "Listeners" and "haproxy configuration", row by row, on a real haproxy. Titles name the contract's rows.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId } from './kit/pki';
import { fetchText, freePort, listenerConfig, startBackend, startLoad, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-dddddddddddd`;
const unknown = id(9);
const notFoundBody = { message: 'Listener Not Found', details: `No listener with UUID: ${unknown}` };

let amphora: TestAgent;
let one: Backend;
let two: Backend;

const upload = (listener: string, text: string) =>
  amphora.client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
const action = (listener: string, verb: string) => amphora.client.put(`/v0.1/listeners/${listener}/${verb}`);
const read = (listener: string) => amphora.client.get(`/v0.1/listeners/${listener}`);

async function uploaded(listener: string, mode: 'http' | 'tcp' = 'http'): Promise<number> {
  const port = await freePort();
  const answer = await upload(listener, listenerConfig({ port, backends: [one, two], mode }));
  expect(answer.status).toBe(201);
  return port;
}

beforeAll(async () => {
  [amphora, one, two] = await Promise.all([startTestAgent(), startBackend('one'), startBackend('two')]);
});

afterAll(async () => {
  await amphora.stop();
  await Promise.all([one.close(), two.close()]);
});

describe('PUT /v0.1/listeners/:amphora_id/:listener/haproxy', () => {
  it('201 OK: stores the configuration, GET gives back its bytes, nothing is started', async () => {
    const port = await freePort();
    const text = listenerConfig({ port, backends: [one] });
    const answer = await upload(id(1), text);
    expect([answer.status, answer.json()]).toEqual([201, { message: 'OK' }]);
    const stored = await amphora.client.get(`/v0.1/listeners/${id(1)}/haproxy`);
    expect([stored.status, stored.headers['content-type'], stored.text]).toEqual([
      200,
      'text/plain; charset=UTF-8',
      text,
    ]);
    expect((await read(id(1))).json()).toMatchObject({ status: 'STOPPED', pools: [] });
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('takes any content type, and none', async () => {
    const text = listenerConfig({ port: await freePort() });
    const path = `/v0.1/listeners/${amphoraId}/${id(1)}/haproxy`;
    for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain']) {
      const answer = await amphora.client.put(path, text, { headers: { 'Content-Type': type } });
      expect(answer.status).toBe(201);
    }
    expect((await amphora.client.get(`/v0.1/listeners/${id(1)}/haproxy`)).text).toBe(text);
  });

  it('takes upper-case UUIDs and stores them in lower case', async () => {
    const listener = 'ABCDEF00-AAAA-4BBB-8CCC-DDDDDDDDDDDD';
    expect((await upload(listener, listenerConfig({ port: await freePort() }))).status).toBe(201);
    expect((await read(listener.toLowerCase())).json()).toMatchObject({ uuid: listener.toLowerCase() });
    expect((await amphora.client.delete(`/v0.1/listeners/${listener}`)).status).toBe(200);
  });

  it('400: what haproxy refuses comes back in its words with the line, the old one stays stored and serves', async () => {
    const port = await uploaded(id(2));
    expect((await action(id(2), 'start')).status).toBe(202);
    const before = (await amphora.client.get(`/v0.1/listeners/${id(2)}/haproxy`)).text;
    const broken = `${before}    server three 127.0.0.1:1 weight 999\n`;
    const answer = await upload(id(2), broken);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ message: 'Invalid request' });
    const line = before.split('\n').length;
    expect((answer.json() as { details: string }).details).toMatch(
      new RegExp(`haproxy\\.cfg\\.candidate:${line}\\] : .*weight`),
    );
    expect((await amphora.client.get(`/v0.1/listeners/${id(2)}/haproxy`)).text).toBe(before);
    expect(['one', 'two']).toContain(await fetchText(port));
    const directory = join(amphora.basePath, id(2));
    expect(readFileSync(join(directory, 'haproxy.cfg.rejected'), 'utf8')).toBe(broken);
    expect(readdirSync(directory).filter((name) => /candidate|tmp/.test(name))).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['no listener', 'global\n    daemon\ndefaults\n    mode http\n'],
  ])('400: a configuration of %s does not replace one that serves', async (_what, text) => {
    const answer = await upload(id(2), text);
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('at least one \\"bind\\" line'),
    ]);
  });

  it('400: a keyword that is not allowed is named with its line', async () => {
    const text = listenerConfig({ port: await freePort() });
    const answer = await upload(id(2), `${text}    servr three 127.0.0.1:1\n`);
    expect([answer.status, (answer.json() as { details: string }).details]).toEqual([
      400,
      expect.stringContaining(`line ${text.split('\n').length}: "servr"`),
    ]);
  });

  it('400: a refused first upload leaves no listener', async () => {
    expect((await upload(unknown, 'nonsense\n')).status).toBe(400);
    expect((await read(unknown)).status).toBe(404);
    expect((await amphora.client.get('/v0.1/listeners')).text).not.toContain(unknown);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x67, 0xff, 0xfe]), /UTF-8/],
    ['a NUL', Buffer.from('global\n\0\n'), /NUL/],
  ])('400: %s', async (_what, body, details) => {
    const answer = await amphora.client.put(`/v0.1/listeners/${amphoraId}/${id(1)}/haproxy`, body);
    expect(answer.status).toBe(400);
    expect((answer.json() as { details: string }).details).toMatch(details);
  });

  it('400: ids that are no UUIDs name the parameter', async () => {
    const bad = await amphora.client.put(`/v0.1/listeners/me/${id(1)}/haproxy`, 'x');
    expect([bad.status, bad.json()]).toEqual([
      400,
      { message: 'Invalid request', details: 'amphora_id: expected a UUID, got "me"' },
    ]);
  });

  it('two concurrent uploads, 100 times: the stored file is always one of them, whole', async () => {
    const port = await freePort();
    const texts = [one, two].map(
      (backend) => listenerConfig({ port, backends: [backend] }) + '# padding\n'.repeat(2_000),
    );
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.all(texts.map((text) => upload(id(3), text)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(texts).toContain(readFileSync(join(amphora.basePath, id(3), 'haproxy.cfg'), 'utf8'));
    }
  }, 120_000);
});

describe('GET /v0.1/listeners/:listener/haproxy', () => {
  it('404: Listener Not Found', async () => {
    const answer = await amphora.client.get(`/v0.1/listeners/${unknown}/haproxy`);
    expect([answer.status, answer.json()]).toEqual([404, notFoundBody]);
  });
});

describe('PUT /v0.1/listeners/:listener/:action', () => {
  it('start: 202 once it serves, with the pid; traffic flows to every member', async () => {
    const port = await uploaded(id(4));
    const answer = await action(id(4), 'start');
    expect(answer.status).toBe(202);
    const { message, details } = answer.json() as { message: string; details: string };
    expect(message).toBe('OK');
    expect(details).toMatch(
      new RegExp(`^Configuration file is valid\nhaproxy daemon for ${id(4)} started \\(pid \\d+\\)$`),
    );
    const names = await Promise.all(Array.from({ length: 10 }, () => fetchText(port)));
    expect(new Set(names)).toEqual(new Set(['one', 'two']));
  });

  it('start of what runs: 202, the same pid', async () => {
    await uploaded(id(4));
    const first = await action(id(4), 'start');
    const again = await action(id(4), 'start');
    expect([again.status, again.json()]).toEqual([202, first.json()]);
  });

  it('reload: 202 once the new worker serves; no request fails meanwhile', async () => {
    const port = await uploaded(id(5));
    await action(id(5), 'start');
    const load = startLoad(port, 2);
    for (let round = 0; round < 5; round += 1) {
      const backends = round % 2 === 0 ? [one] : [one, two];
      expect((await upload(id(5), listenerConfig({ port, backends }))).status).toBe(201);
      const answer = await action(id(5), 'reload');
      expect([answer.status, answer.json()]).toEqual([
        202,
        { message: 'OK', details: `Listener ${id(5)} reloaded` },
      ]);
    }
    const { failures, served } = await load.stop();
    expect(failures).toEqual([]);
    expect(served.get('one')).toBeGreaterThan(0);
    // 202 says that the new configuration serves: the removed member is out at once.
    expect(await Promise.all(Array.from({ length: 6 }, () => fetchText(port)))).toEqual(Array(6).fill('one'));
  });

  it('reload: 202 also when the path of the admin socket was removed', async () => {
    await uploaded(id(5));
    await action(id(5), 'start');
    rmSync(join(amphora.basePath, id(5), 'admin.sock'));
    const port = await uploaded(id(5));
    expect((await action(id(5), 'reload')).status).toBe(202);
    expect((await read(id(5))).json()).toMatchObject({ status: 'ACTIVE', pools: [{ uuid: 'pool-1' }] });
    expect(['one', 'two']).toContain(await fetchText(port));
  });

  it('reload of a listener that is not running starts it', async () => {
    const port = await uploaded(id(6));
    const answer = await action(id(6), 'reload');
    expect(answer.status).toBe(202);
    expect(answer.text).toContain(`haproxy daemon for ${id(6)} started`);
    expect(['one', 'two']).toContain(await fetchText(port));
  });

  it('stop: 202, nothing listens any more; again: 202', async () => {
    const port = await uploaded(id(7));
    await action(id(7), 'start');
    for (let round = 0; round < 2; round += 1) {
      const answer = await action(id(7), 'stop');
      expect([answer.status, answer.json()]).toEqual([
        202,
        { message: 'OK', details: `Listener ${id(7)} stopped` },
      ]);
    }
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    expect((await read(id(7))).json()).toMatchObject({ status: 'STOPPED' });
  });

  it('400: Unknown action', async () => {
    const answer = await action(id(7), 'explode');
    expect([answer.status, answer.json()]).toEqual([
      400,
      { message: 'Invalid Request', details: 'Unknown action: explode' },
    ]);
  });

  it.each(['start', 'stop', 'reload'])('404: %s of an unknown listener', async (verb) => {
    const answer = await action(unknown, verb);
    expect([answer.status, answer.json()]).toEqual([404, notFoundBody]);
  });

  it('500: a start that fails says what haproxy printed, and the listener stays STOPPED', async () => {
    const port = await uploaded(id(7));
    const other = await uploaded(id(8));
    expect(other).not.toBe(port);
    const blocked = await startBackend('in the way');
    await upload(id(8), listenerConfig({ port: blocked.port }));
    const answer = await action(id(8), 'start');
    await blocked.close();
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ message: 'Error starting haproxy' });
    expect((answer.json() as { details: string }).details).toMatch(/cannot bind socket.*127\.0\.0\.1:\d+/);
    expect((await read(id(8))).json()).toMatchObject({ status: 'STOPPED' });
  });

  it('500: a reload that fails says what haproxy printed, and the old worker goes on', async () => {
    const port = await uploaded(id(8));
    await action(id(8), 'start');
    const blocked = await startBackend('in the way');
    const twoBinds = listenerConfig({ port, backends: [one] }).replace(
      'default_backend',
      `bind 127.0.0.1:${blocked.port}\n    default_backend`,
    );
    expect((await upload(id(8), twoBinds)).status).toBe(201);
    const answer = await action(id(8), 'reload');
    await blocked.close();
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ message: 'Error reloading haproxy' });
    expect(answer.text).toMatch(/cannot bind socket/);
    expect(['one', 'two']).toContain(await fetchText(port));
    expect((await read(id(8))).json()).toMatchObject({ status: 'ACTIVE' });
  });

  it('500: a stored configuration that haproxy has come to refuse is not started', async () => {
    const port = await freePort();
    const map = join(amphora.basePath, id(8), 'maps', 'hosts.map');
    mkdirSync(dirname(map), { recursive: true });
    writeFileSync(map, 'a b\n');
    const text = listenerConfig({ port }).replace(
      'default_backend',
      `http-request set-header X-Y %[req.hdr(host),map(${map})]\n    default_backend`,
    );
    await action(id(8), 'stop');
    expect((await upload(id(8), text)).status).toBe(201);
    rmSync(map);
    const answer = await action(id(8), 'start');
    expect([answer.status, (answer.json() as { message: string }).message]).toEqual([
      500,
      'Error starting haproxy',
    ]);
    expect(answer.text).toContain('hosts.map');
  });
});

describe('GET /v0.1/listeners', () => {
  it('200: status, uuid and type of each', async () => {
    await uploaded(id(1), 'tcp');
    await uploaded(id(4));
    await action(id(4), 'start');
    const answer = await amphora.client.get('/v0.1/listeners');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(
      expect.arrayContaining([
        { status: 'STOPPED', uuid: id(1), type: 'TCP' },
        { status: 'ACTIVE', uuid: id(4), type: 'HTTP' },
      ]),
    );
  });
});

describe('GET /v0.1/listeners/:listener', () => {
  it('200: pools and members with what haproxy sees of them: UP, DEGRADED, DOWN', async () => {
    const port = await freePort();
    const [left, right] = await Promise.all([startBackend('left'), startBackend('right')]);
    await upload(id(2), listenerConfig({ port, backends: [left, right] }));
    await action(id(2), 'reload');
    const pool = async () => ((await read(id(2))).json() as { pools: object[] }).pools;
    const of = (status: string, l: string, r: string) => [
      { uuid: 'pool-1', status, members: [{ left: l }, { right: r }] },
    ];
    await eventually(async () => expect(await pool()).toEqual(of('UP', 'UP', 'UP')));
    await right.close();
    await eventually(async () => expect(await pool()).toEqual(of('DEGRADED', 'UP', 'DOWN')));
    await left.close();
    await eventually(async () => expect(await pool()).toEqual(of('DOWN', 'DOWN', 'DOWN')));
  });

  it('ERROR: meant to run, and its haproxy is gone', async () => {
    await uploaded(id(6));
    const started = (await action(id(6), 'reload')).status;
    expect(started).toBe(202);
    const { details } = (await action(id(6), 'start')).json() as { details: string };
    process.kill(Number(/pid (\d+)/.exec(details)?.[1]), 'SIGKILL');
    await eventually(async () =>
      expect((await read(id(6))).json()).toMatchObject({ status: 'ERROR', pools: [] }),
    );
  });

  it('404: Listener Not Found', async () => {
    const answer = await read(unknown);
    expect([answer.status, answer.json()]).toEqual([404, notFoundBody]);
  });

  it.each([
    ['a newline', '%0a'],
    ['a NUL', '%00'],
    ['../ encoded', '..%2f..%2fetc%2fpasswd'],
    ['../ twice encoded', '..%252f..%252fetc'],
    ['too much', 'a'.repeat(500)],
    ['a UUID and a newline', `${id(1)}%0a`],
  ])('400: a name with %s', async (_what, name) => {
    const answer = await read(name);
    expect([answer.status, (answer.json() as { message: string }).message]).toEqual([400, 'Invalid request']);
    expect((answer.json() as { details: string }).details).toMatch(/^listener: expected a UUID, got "/);
  });

  it('400: a path that is not percent-encoded UTF-8', async () => {
    expect((await read('%ff')).json()).toEqual({
      message: 'Invalid request',
      details: 'path: expected percent-encoded UTF-8',
    });
  });

  it('404: a path with ../ in plain', async () => {
    expect((await amphora.client.get('/v0.1/listeners/../../etc/passwd')).status).toBe(404);
  });
});

describe('DELETE /v0.1/listeners/:listener', () => {
  it('200 OK: stops the process and leaves nothing of the listener on the machine', async () => {
    const port = await uploaded(id(5));
    await action(id(5), 'start');
    const answer = await amphora.client.delete(`/v0.1/listeners/${id(5)}`);
    expect([answer.status, answer.json()]).toEqual([200, { message: 'OK' }]);
    await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
    expect(
      readdirSync(amphora.basePath, { recursive: true }).filter((name) => String(name).includes(id(5))),
    ).toEqual([]);
    expect((await read(id(5))).status).toBe(404);
  });

  it('404: Listener Not Found', async () => {
    const answer = await amphora.client.delete(`/v0.1/listeners/${unknown}`);
    expect([answer.status, answer.json()]).toEqual([404, notFoundBody]);
  });
});
