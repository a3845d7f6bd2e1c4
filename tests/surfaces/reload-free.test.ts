// What a reload call does without a reload, on a real haproxy: the worker stays, traffic follows, and whatever is not
// eligible or not certain is a reload. Each state has its words in docs/reload-free.md.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { eventually } from '../fakes/eventually';
import { startTestAgent, temporaryDirectory, writeAgentFiles, type TestAgent } from './kit/agent';
import { createClient, type Client } from './kit/client';
import { endLeftovers, startDaemon } from './kit/daemon';
import { amphoraId, makeServer } from './kit/pki';
import { fetchText, freePort, startBackend, startLoad, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-ddddddddddd1`;
const sockets = createNodeUnixSockets();
const applied = 'x-amphora-applied';
let amphora: TestAgent;
let one: Backend;
let two: Backend;
let three: Backend;

const upload = async (listener: string, text: string, client: Client = amphora.client): Promise<void> => {
  const answer = await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
};
const act = async (listener: string, verb: string, client: Client = amphora.client) => {
  const answer = await client.put(`/v0.1/listeners/${listener}/${verb}`);
  expect([answer.status, answer.text]).toEqual([202, expect.anything()]);
  return answer.headers[applied];
};
const follow = async (listener: string, text: string, client: Client = amphora.client) => {
  await upload(listener, text, client);
  return act(listener, 'reload', client);
};
const tell = (listener: string, command: string, basePath = amphora.basePath): Promise<string> =>
  sockets.request(join(basePath, listener, 'master.sock'), command, { timeoutMs: 5_000 });
const workerOf = async (listener: string, basePath = amphora.basePath): Promise<string> =>
  /(\d+)\s+worker/.exec(await tell(listener, 'show proc', basePath))?.[1] ?? '';

/** Address, admin state and weight of each server. */
async function servers(
  listener: string,
  basePath = amphora.basePath,
): Promise<Readonly<Record<string, string>>> {
  const rows = (await tell(listener, '@1 show servers state', basePath)).trim().split('\n').slice(2);
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split(' ');
      return [cells[3] ?? '', `${cells[18]} ${cells[6]} ${cells[7]}`];
    }),
  );
}

const member = ({ name, port }: Pick<Backend, 'name' | 'port'>, words = '', called = name): string =>
  `server ${called} 127.0.0.1:${port} ${words}`.trim();

interface Shape {
  readonly port: number;
  readonly members: readonly string[];
  readonly global?: string;
  readonly pool?: string;
  readonly bind?: string;
}

const config = ({
  port,
  members,
  global = '',
  pool = 'balance roundrobin',
  bind = '',
}: Shape): string => `global
    maxconn 500
    ${global}
defaults
    mode http
    option idle-close-on-response
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend front
    bind 127.0.0.1:${port} ${bind}
    default_backend pool-1
backend pool-1
    ${pool}
${members.map((line) => `    ${line}`).join('\n')}
`;

/** Starts a listener; `change` uploads another text, reloads, and tells how it was applied and whether the worker stayed. */
async function serving(listener: string, shape: Omit<Shape, 'port'>) {
  const port = await freePort();
  await upload(listener, config({ port, ...shape }));
  expect(await act(listener, 'start')).toBeUndefined();
  const change = async (other: Partial<Shape>) => {
    const before = await workerOf(listener);
    const how = await follow(listener, config({ port, ...shape, ...other }));
    return { how, stays: (await workerOf(listener)) === before };
  };
  const answers = async (): Promise<readonly string[]> => {
    const all = await Promise.all(Array.from({ length: 12 }, () => fetchText(port)));
    return [...new Set(all)].sort();
  };
  return { port, change, answers };
}

const atRunTime = { how: 'runtime', stays: true };
const byReload = { how: 'reload', stays: false };
const reasonOf = (listener: string) =>
  amphora.log.entries.findLast(
    ({ message, fields }) => message === 'haproxy reloaded' && fields['loadBalancer'] === listener,
  )?.fields['reason'];

beforeAll(async () => {
  [amphora, one, two, three] = await Promise.all([
    startTestAgent(),
    startBackend('one'),
    startBackend('two'),
    startBackend('three'),
  ]);
});
afterAll(async () => {
  await amphora.stop();
  await Promise.all([one, two, three].map((backend) => backend.close()));
  await endLeftovers();
});

describe('without a new worker', () => {
  it('weight, drain, address, admin state, members that come and go: traffic follows, no request fails', async () => {
    const { port, change, answers } = await serving(id(1), { members: [member(one), member(two)] });
    const load = startLoad(port, 3);
    try {
      expect(await change({ members: [member(one, 'weight 0'), member(two)] })).toEqual(atRunTime);
      expect(await answers()).toEqual(['two']);
      expect(await change({ members: [member(one, 'weight 9'), member(three, '', 'two')] })).toEqual(
        atRunTime,
      );
      expect(await answers()).toEqual(['one', 'three']);
      expect(await change({ members: [member(one, 'disabled'), member(three, '', 'two')] })).toEqual(
        atRunTime,
      );
      expect(await answers()).toEqual(['three']);
      expect(await change({ members: [member(one), member(three, '', 'two')] })).toEqual(atRunTime);
      expect(await answers()).toEqual(['one', 'three']);
      expect(
        await change({
          members: [member(one), member(three, '', 'two'), member(two, 'check inter 100ms', 'new')],
        }),
      ).toEqual(atRunTime);
      expect(await answers()).toEqual(['one', 'three', 'two']);
      // Also those to which haproxy keeps idle connections.
      expect(await change({ members: [member(one), member(two, 'check inter 100ms', 'new')] })).toEqual(
        atRunTime,
      );
    } finally {
      expect((await load.stop()).failures).toEqual([]);
    }
    expect(await answers()).toEqual(['one', 'two']);
    expect(Object.keys(await servers(id(1)))).toEqual(['one', 'new']);
  });

  it('a certificate under an unchanged configuration is served to the next client', async () => {
    const certificates = join(amphora.basePath, 'certs', id(2));
    const put = (pem: string) => amphora.client.put(`/v0.1/listeners/${id(2)}/certificates/a.pem`, pem);
    const renewed = await makeServer(amphora.pki.ca);
    await put(amphora.pki.server.bundlePem);
    const bind = `ssl crt ${join(certificates, 'a.pem')}`;
    const { port, change } = await serving(id(2), { members: [member(one)], bind });
    const before = await serialAt(port);
    await put(renewed.bundlePem);
    expect(await change({})).toEqual(atRunTime);
    expect(await serialAt(port)).not.toBe(before);
    expect(await change({})).toEqual({ how: 'none', stays: true });
  });

  it('is recorded: GET has the upload, running.cfg too, and the same again changes nothing', async () => {
    const { port, change } = await serving(id(3), { members: [member(one), member(two)] });
    const members = [member(one, 'weight 3'), member(two)];
    expect(await change({ members })).toEqual(atRunTime);
    const text = config({ port, members });
    expect((await amphora.client.get(`/v0.1/listeners/${id(3)}/haproxy`)).text).toBe(text);
    expect(readFileSync(join(amphora.basePath, id(3), 'running.cfg'), 'utf8')).toBe(text);
    expect(await change({ members })).toEqual({ how: 'none', stays: true });
    expect(amphora.log.entries).toContainEqual(
      expect.objectContaining({
        message: 'haproxy follows without a reload',
        fields: expect.objectContaining({ loadBalancer: id(3), changes: 1 }),
      }),
    );
    const { text: page } = await amphora.client.get('/metrics');
    expect(page).toMatch(
      /amphorad_activations_total\{program="haproxy",action="reload",result="done",outcome="runtime"\} \d/,
    );
    expect(page).toMatch(/outcome="none"\} \d/);
  });
});

describe('by a reload', () => {
  it.each([
    ['a check that changes', { members: () => [member(one, 'check'), member(two)] }, 4],
    ['a line of defaults or global', { global: 'maxpipes 10', members: () => [member(one), member(two)] }, 5],
    ['a pool’s algorithm', { pool: 'balance leastconn', members: () => [member(one), member(two)] }, 6],
  ])('%s, with its reason in the log', async (_what, { members, ...shape }, n) => {
    const { change, answers } = await serving(id(n), { members: [member(one), member(two)] });
    expect(await change({ ...shape, members: members() })).toEqual(byReload);
    expect(await answers()).toEqual(['one', 'two']);
    expect(reasonOf(id(n))).toEqual(expect.stringMatching(/./));
  });

  it('what somebody has added over the socket is not known: a reload', async () => {
    const { change } = await serving(id(7), { members: [member(one), member(two)] });
    await tell(id(7), `@1 add server pool-1/mine 127.0.0.1:${three.port}`);
    expect(await change({ members: [member(one, 'weight 3'), member(two)] })).toEqual(byReload);
    expect(reasonOf(id(7))).toBe(
      'haproxy has other servers than its configuration: server pool-1/mine is there',
    );
    expect(Object.keys(await servers(id(7)))).toEqual(['one', 'two']);
  });

  it('a removed member with a request that goes on: it finishes in the old worker', async () => {
    const slow = await startHeldBackend();
    const held = { name: 'slow', port: slow.port };
    const { port, change } = await serving(id(8), { members: [member(held), member(two, 'backup')] });
    const answer = fetchText(port);
    await slow.asked;
    expect(await change({ members: [member(two, 'backup')] })).toEqual(byReload);
    slow.release();
    expect(await answer).toBe('slow');
    expect(await fetchText(port)).toBe('two');
    await slow.close();
  });
});

describe('what an operator has set', () => {
  const members = () => [member(one), member(two), member(three)];

  it('stays on a member that does not change, and goes with one that does', async () => {
    const { change, answers } = await serving(id(9), { members: members() });
    await tell(id(9), '@1 set server pool-1/one state drain');
    await tell(id(9), '@1 set server pool-1/two state drain');
    expect(await change({ members: [member(one), member(two, 'weight 5'), member(three)] })).toEqual(
      atRunTime,
    );
    expect(await servers(id(9))).toEqual({
      one: `${one.port} 8 1`,
      two: `${two.port} 0 5`,
      three: `${three.port} 0 1`,
    });
    expect(await answers()).toEqual(['three', 'two']);
  });

  it('is not what a configuration has set: a reload afterwards follows the next configuration', async () => {
    const listener = '0000000a-aaaa-4bbb-8ccc-ddddddddddd1';
    const state = join(amphora.basePath, listener, 'servers-state');
    const global = `server-state-file ${state}`;
    const pool = 'load-server-state-from-file global\n    balance roundrobin';
    const shape = {
      global,
      pool,
      members: [member(one, 'disabled'), member(two), member(three, 'weight 3')],
    };
    const { change } = await serving(listener, shape);
    await tell(listener, '@1 set server pool-1/two weight 7');
    const other = [member(one), member(two), member(three, 'weight 5 disabled')];
    expect(await change({ members: other })).toEqual(atRunTime);
    // Back to the weight that the worker began with; and `disabled` is gone again.
    const last = [member(one), member(two), member(three, 'weight 3')];
    expect(await change({ members: last, global: `${global}\n    maxpipes 10` })).toEqual(byReload);
    expect(await servers(listener)).toEqual({
      one: `${one.port} 0 1`,
      two: `${two.port} 0 7`,
      three: `${three.port} 0 3`,
    });
  });

  it('a member that the configuration enables is shown as ready', async () => {
    const listener = '0000000b-aaaa-4bbb-8ccc-ddddddddddd1';
    const { change } = await serving(listener, { members: [member(one, 'disabled'), member(two)] });
    expect(await change({ members: [member(one), member(two)] })).toEqual(atRunTime);
    const { text } = await amphora.client.get(`/runtime/v1/instances/${listener}/backends/pool-1/servers`);
    expect(text).not.toContain('maint');
  });
});

describe('the agent', () => {
  it('that is configured to reload always does', async () => {
    const other = await startTestAgent({ amphorad: 'apply = reload' });
    const port = await freePort();
    await upload(id(1), config({ port, members: [member(one)] }), other.client);
    await act(id(1), 'start', other.client);
    expect(await follow(id(1), config({ port, members: [member(two)] }), other.client)).toBe('reload');
    await other.stop();
  });

  it('killed with -9 among changes: the next one adopts, and the file is the truth', async () => {
    const directory = temporaryDirectory();
    const { main, local } = writeAgentFiles(directory, amphora.pki);
    const argv = ['serve', '--config-file', main, '--local-config', local, '--ready-json', '--stop-children'];
    const basePath = join(directory, 'lib');
    const connectTo = async () => {
      const daemon = await startDaemon(argv);
      const { certificatePem: ca } = amphora.pki.ca;
      const client = createClient({ port: daemon.ready.port, ca, identity: amphora.pki.client });
      return { daemon, client };
    };
    let { daemon, client } = await connectTo();
    const port = await freePort();
    const text = (weight: number) =>
      config({ port, members: [member(one, `weight ${weight}`), member(two)] });
    await upload(id(1), text(100), client);
    await act(id(1), 'start', client);
    expect(await follow(id(1), text(101), client)).toBe('runtime');
    const worker = await workerOf(id(1), basePath);
    for (let round = 1; round <= 6; round += 1) {
      await upload(id(1), text(round), client);
      const answer = client.put(`/v0.1/listeners/${id(1)}/reload`).catch(() => undefined);
      if (round % 2 === 0)
        await eventually(async () => {
          const { one: now } = await servers(id(1), basePath);
          if (now !== `${one.port} 0 ${round}`) throw new Error('not yet');
        });
      await daemon.end('SIGKILL');
      await answer;
      client.close();
      ({ daemon, client } = await connectTo());
      if (round === 1) expect(await workerOf(id(1), basePath)).toBe(worker);
      await act(id(1), 'reload', client);
      expect((await servers(id(1), basePath))['one']).toBe(`${one.port} 0 ${round}`);
      expect(await act(id(1), 'reload', client)).toBe('none');
    }
    await client.delete(`/v0.1/listeners/${id(1)}`);
    client.close();
    await daemon.end();
  });
});

/** A backend that answers when it is told to. */
async function startHeldBackend() {
  let release: () => void = () => undefined;
  let asked: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const server = createServer((_request, response) => {
    asked();
    void released.then(() => response.end('slow'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked: isAsked,
    release,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serialAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
