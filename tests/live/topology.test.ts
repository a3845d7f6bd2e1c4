// A pair of amphorae as its controller makes it: two agents, each with a network namespace of its own on one bridge, the
// real keepalived and haproxy, and a client that connects to the VIP every 50 ms. Whatever happens to an agent, the VIP
// stays where it is.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { createClient, type Client } from '../surfaces/kit/client';
import { endLeftovers, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';

const own = (name: string): string => `amph-${process.pid}-${name}`;
const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0;
const canRun =
  process.geteuid?.() === 0 &&
  spawnSync('keepalived', ['-v']).status === 0 &&
  ip('netns', 'add', own('client'));
if (!canRun) process.stderr.write('skipped: no root, no keepalived or no namespaces, so no pair\n');

const vip = '192.168.50.10';
const secret = 'KeepAlive123!';
const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const waitMs = 20_000;

interface Node {
  readonly name: string;
  readonly address: string;
  readonly namespace: string;
  readonly directory: string;
  readonly files: { readonly main: string; readonly local: string };
  daemon: Daemon;
  client: Client;
}

let pki: TestPki;
let nodes: readonly [Node, Node];

function makeNetwork(): void {
  const client = own('client');
  const steps = [
    ['-n', client, 'link', 'add', 'br0', 'type', 'bridge'],
    ['-n', client, 'addr', 'add', '192.168.50.1/24', 'dev', 'br0'],
    ['-n', client, 'link', 'set', 'br0', 'up'],
    ['-n', client, 'link', 'set', 'lo', 'up'],
  ];
  for (const [index, name] of ['a', 'b'].entries()) {
    const namespace = own(name);
    steps.push(
      ['netns', 'add', namespace],
      ['-n', client, 'link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', namespace],
      ['-n', client, 'link', 'set', `to-${name}`, 'master', 'br0', 'up'],
      ['-n', namespace, 'addr', 'add', `192.168.50.${11 + index}/24`, 'dev', 'eth1'],
      ['-n', namespace, 'link', 'set', 'eth1', 'up'],
      ['-n', namespace, 'link', 'set', 'lo', 'up'],
    );
  }
  for (const step of steps) if (!ip(...step)) throw new Error(`ip ${step.join(' ')}`);
}

async function startAgent(node: Pick<Node, 'files'>): Promise<Pick<Node, 'daemon' | 'client'>> {
  const { main, local } = node.files;
  const daemon = await startDaemon(['serve', '--config-file', main, '--local-config', local, '--ready-json']);
  const client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
  return { daemon, client };
}

async function makeNode(name: string, address: string): Promise<Node> {
  const namespace = own(name);
  const directory = temporaryDirectory();
  const files = writeAgentFiles(directory, pki, { amphorad: `network_namespace = ${namespace}` });
  mkdirSync(join(directory, 'lib'));
  const node = { name, address, namespace, directory, files, ...(await startAgent({ files })) };
  const config = `frontend f\n    mode http\n    bind *:8080\n    http-request return status 200 content-type text/plain string ${name}\n`;
  expect((await node.client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, config)).text).toBe(
    '{"message":"OK"}',
  );
  expect((await node.client.put(`/v0.1/listeners/${listener}/start`)).status).toBe(202);
  return node;
}

async function again(node: Node): Promise<void> {
  node.client.close();
  Object.assign(node, await startAgent(node));
}

const holders = (): readonly string[] =>
  nodes
    .filter(({ namespace }) =>
      spawnSync('ip', ['-n', namespace, 'addr', 'show'], { encoding: 'utf8' }).stdout.includes(`${vip}/`),
    )
    .map(({ name }) => name);
const topologyOf = async ({ client }: Node) => (await client.get('/v0.1/topology')).json();
const detailsOf = async ({ client }: Node) => (await client.get('/v0.1/details')).json();
const keepalivedOf = ({ directory }: Node): number =>
  Number(readFileSync(join(directory, 'lib', 'vrrp', 'octavia-keepalived.pid'), 'utf8'));

/** Connects to the VIP every 50 ms, as long as the job takes, and gives what was answered. */
async function whileAsking(job: () => Promise<void>): Promise<readonly string[]> {
  const script = `const ask = () => fetch('http://${vip}:8080/', { signal: AbortSignal.timeout(1000), headers: { connection: 'close' } })
    .then((answer) => answer.text(), () => 'nothing').then((text) => process.stdout.write(text + '\\n'));
  setInterval(ask, 50);`;
  const child: ChildProcess = spawn('ip', ['netns', 'exec', own('client'), process.execPath, '-e', script]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await eventually(() => {
      expect(said).not.toBe('');
    });
    await job();
    const before = said.length;
    await eventually(() => {
      expect(said.length).toBeGreaterThan(before + 10);
    });
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return [...new Set(said.trim().split('\n'))];
}

beforeAll(async () => {
  if (!canRun) return;
  makeNetwork();
  pki = await makePki();
  nodes = [await makeNode('a', '192.168.50.11'), await makeNode('b', '192.168.50.12')];
}, 60_000);

afterAll(async () => {
  if (!canRun) return;
  // First the agents: they would bring back what is ended here.
  await endLeftovers();
  for (const { client, namespace, directory } of nodes) {
    client.close();
    const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout.split('\n');
    for (const pid of pids.map(Number).filter((each) => each > 1)) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  for (const name of ['a', 'b', 'client']) ip('netns', 'delete', own(name));
}, 30_000);

(canRun ? describe : describe.skip)('a pair', () => {
  it('has exactly one MASTER, and its VIP answers, once both were told', async () => {
    const [a, b] = nodes;
    const post = (node: Node, role: string, peer: string) =>
      node.client.post(
        '/v0.1/topology',
        JSON.stringify({ topology: 'ACTIVE-STANDBY', role, ha_ip: ` ${vip}`, secret, peers: [peer] }),
      );
    const told = async (...words: Parameters<typeof post>): Promise<void> => {
      const { status, text } = await post(...words);
      expect([status, text]).toEqual([202, '{"message":"OK"}']);
    };
    await told(a, 'ACTIVE', b.address);
    // Without preemption whoever comes up first stays MASTER, on a busy machine the later one may.
    await eventually(() => {
      expect(holders()).toEqual(['a']);
    });
    await told(b, 'STANDBY', a.address);
    await eventually(async () => {
      expect([await topologyOf(a), await topologyOf(b)]).toMatchObject([
        { topology: 'ACTIVE-STANDBY', role: 'ACTIVE', ha_ip: vip },
        { topology: 'ACTIVE-STANDBY', role: 'STANDBY', ha_ip: vip },
      ]);
      expect([await detailsOf(a), await detailsOf(b)]).toMatchObject([
        { active: true, topology_status: 'OK' },
        { active: false, topology_status: 'OK' },
      ]);
      expect(holders()).toEqual(['a']);
    }, waitMs);
    expect(await whileAsking(() => Promise.resolve())).toEqual(['a']);
    expect((await post(a, 'ACTIVE', b.address)).status).toBe(200);
  }, 60_000);

  it('keeps the secret to itself', async () => {
    const [a] = nodes;
    const file = join(a.directory, 'lib', 'vrrp', 'topology.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(secret);
    const said = [JSON.stringify([await topologyOf(a), await detailsOf(a)]), a.daemon.stderr()];
    expect(said.join('')).not.toContain(secret);
  });

  it('does not move its VIP when an agent is killed and started again, nor when one is restarted', async () => {
    const [a, b] = nodes;
    const pids = nodes.map(keepalivedOf);
    const answered = await whileAsking(async () => {
      for (const node of [a, b]) {
        await node.daemon.end('SIGKILL');
        await again(node);
        await node.daemon.end('SIGTERM');
        await again(node);
      }
    });
    expect([answered, holders(), nodes.map(keepalivedOf)]).toEqual([['a'], ['a'], pids]);
    expect([await topologyOf(a), await topologyOf(b)]).toMatchObject([
      { role: 'ACTIVE' },
      { role: 'STANDBY' },
    ]);
  }, 60_000);

  it('does not move its VIP when a broken configuration is uploaded', async () => {
    const [a] = nodes;
    const text = readFileSync(join(a.directory, 'lib', 'vrrp', 'octavia-keepalived.conf'), 'utf8');
    const answered = await whileAsking(async () => {
      for (const broken of [text.replace('virtual_router_id', 'virtual_router'), `${text}}\n`, '\n']) {
        const answer = await a.client.put('/v0.1/vrrp/upload', broken);
        expect([answer.status, answer.json()]).toMatchObject([
          400,
          { message: 'Failed to upload keepalived configuration.' },
        ]);
        expect((await a.client.put('/1.0/vrrp/upload', broken)).status).toBe(400);
      }
      expect((await a.client.put('/1.0/vrrp/RELOAD')).text).toContain('keepalived reloaded');
    });
    expect([answered, holders()]).toEqual([['a'], ['a']]);
  }, 60_000);

  it('moves its VIP when haproxy is killed, and its agent tells', async () => {
    const [a, b] = nodes;
    const answer = await a.client.put(`/v0.1/listeners/${listener}/reload`);
    expect(answer.status).toBe(202);
    const pidFile = join(a.directory, 'lib', listener, `${listener}.pid`);
    await a.daemon.end('SIGKILL');
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    await eventually(async () => {
      expect(holders()).toEqual(['b']);
      expect(await topologyOf(b)).toMatchObject({ role: 'ACTIVE' });
    }, waitMs);
    await again(a);
    await eventually(async () => {
      expect(await topologyOf(a)).toMatchObject({ role: 'STANDBY' });
    }, waitMs);
  }, 60_000);

  it('whose keepalived is killed has no address twice, and is whole again', async () => {
    const [, b] = nodes;
    const pid = keepalivedOf(b);
    process.kill(-pid, 'SIGKILL');
    await eventually(() => {
      expect(keepalivedOf(b)).not.toBe(pid);
      expect(holders()).toHaveLength(1);
    }, waitMs);
  }, 60_000);

  it('is ended by SINGLE: who had the VIP keeps it, who stood by does not take it', async () => {
    await eventually(() => {
      expect(holders()).toHaveLength(1);
    }, waitMs);
    const [holder] = holders();
    const standby = nodes.filter(({ name }) => name !== holder);
    for (const node of [...standby, ...nodes.filter(({ name }) => name === holder)]) {
      expect((await node.client.post('/v0.1/topology', '{"topology":"SINGLE"}')).status).toBe(202);
      await eventually(async () => {
        expect(await detailsOf(node)).toMatchObject({
          active: true,
          topology: 'SINGLE',
          topology_status: 'OK',
        });
      }, waitMs);
    }
    expect(holders()).toEqual([holder]);
    expect(await whileAsking(() => Promise.resolve())).toEqual([holder]);
    for (const node of nodes) expect(await topologyOf(node)).toMatchObject({ topology: 'SINGLE', ha_ip: '' });
  }, 60_000);
});
