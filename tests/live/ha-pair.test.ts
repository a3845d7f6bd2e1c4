// docs/ha-pair.md, command by command: its blocks of shell are run as they stand, where their name says, on two network
// namespaces that stand for two machines. A block that nobody runs fails, too.

import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory } from '../surfaces/kit/agent';

const pair = `amph-${process.pid}`;
const top = join(__dirname, '..', '..');
const vip = '192.168.50.10';
const servers = ['192.168.50.21', '192.168.50.22'] as const;
const waitMs = 20_000;
const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0;
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const canRun =
  process.geteuid?.() === 0 &&
  ['keepalived', 'curl', 'bash'].every(has) &&
  ip('netns', 'add', `${pair}-try`) &&
  ip('netns', 'delete', `${pair}-try`);
if (!canRun) process.stderr.write('skipped: no root, no keepalived or no namespaces, so no page is tried\n');

type Name = 'a' | 'b';
let root: string;
const blocks = [
  ...readFileSync(join(top, 'docs', 'ha-pair.md'), 'utf8').matchAll(/^```sh ([a-z-]+)\n(.*?)^```$/gms),
].map(([, where = '', text = '']) => ({ where, text }));

/** The next block of the page for this place; each is run once. */
function next(where: string): string {
  const index = blocks.findIndex((block) => block.where === where);
  const [block] = index < 0 ? [] : blocks.splice(index, 1);
  if (block === undefined) throw new Error(`docs/ha-pair.md has no further block "sh ${where}"`);
  return block.text;
}

const settings = next('settings');

async function run(text: string, namespace?: string, node?: Name): Promise<string> {
  const shell = ['bash', '-euo', 'pipefail', '-c', node === undefined ? text : `${settings}${text}`];
  const [program = '', ...args] =
    namespace === undefined ? shell : ['ip', 'netns', 'exec', `${pair}-${namespace}`, ...shell];
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: top,
    timeout: 30_000,
    env: {
      PATH: process.env['PATH'],
      PAIR: pair,
      ROOT: root,
      SECRET: 'KeepAlive123!',
      LOGIN: 'operator:not-admin123',
      ...(node === undefined ? {} : { NODE: node }),
    },
  });
  return stdout;
}

async function onEach(text: string): Promise<readonly string[]> {
  return [await run(text, 'a', 'a'), await run(text, 'b', 'b')];
}

const holders = (): readonly Name[] =>
  (['a', 'b'] as const).filter((name) =>
    spawnSync('ip', ['-n', `${pair}-${name}`, 'address'], { encoding: 'utf8' }).stdout.includes(`${vip}/`),
  );

async function master(): Promise<Name> {
  await eventually(() => {
    expect(holders()).toHaveLength(1);
  }, waitMs);
  const [name] = holders();
  if (name === undefined) throw new Error('nobody has the VIP');
  return name;
}

const peerOf = (name: Name): Name => (name === 'a' ? 'b' : 'a');
const databaseByVip = (): Promise<string> => run(`cat </dev/tcp/${vip}/5432`, 'client');
const pidIn = (file: string): number =>
  Number(/\d+/.exec(readFileSync(join(root, file), 'utf8').replace(/^.*"pid":/, ''))?.[0]);
const pidsOf = (name: string): readonly number[] =>
  spawnSync('ip', ['netns', 'pids', `${pair}-${name}`], { encoding: 'utf8' })
    .stdout.split('\n')
    .map(Number)
    .filter((pid) => pid > 1);

beforeAll(async () => {
  if (!canRun) return;
  root = temporaryDirectory();
  await run(next('stage'));
}, 30_000);

afterAll(async () => {
  if (!canRun) return;
  // First the agents: they would bring back what is ended here. All of these namespaces' processes are this test's.
  for (const name of ['a', 'b']) process.kill(pidIn(`amphora-${name}/ready.json`), 'SIGKILL');
  await eventually(() => {
    for (const name of ['a', 'b', 'client']) for (const pid of pidsOf(name)) process.kill(pid, 'SIGKILL');
    expect(['a', 'b', 'client'].flatMap(pidsOf)).toEqual([]);
  });
  await run('docs/examples/ha-pair/network.sh down');
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}, 30_000);

(canRun ? describe : describe.skip)('docs/ha-pair.md gives', () => {
  it('two nodes that are configured right', async () => {
    for (const printed of await onEach(next('each'))) {
      expect(printed).toMatch(/^vrrp_services = 5432, 2377, 8404/m);
    }
  }, 60_000);

  it('a pair, with exactly one master, that answers at the VIP', async () => {
    for (const printed of await onEach(next('each'))) {
      expect(printed.match(/\{"message":"OK"/g)).toHaveLength(3);
    }
    const name = await master();
    const [onMaster, onPeer] = await onEach(next('each')).then((both) =>
      name === 'a' ? both : [both[1], both[0]],
    );
    expect(onMaster).toMatch(/"role":"ACTIVE"[^]*inet 192\.168\.50\.10\/24[^]*\n0 errors, /);
    expect(onPeer).toMatch(/"role":"STANDBY"[^]*\n0 errors, /);
    expect(await run(next('client'), 'client')).toBe(`200\n${servers[0]} primary\n`);
  }, 60_000);

  it('an address that leads to the primary alone', async () => {
    await run(`curl -sS http://${servers[1]}:8008/promote`, 'client');
    await eventually(async () => {
      expect(await databaseByVip()).toBe(`${servers[1]} primary\n`);
    }, waitMs);
    const asked = [await databaseByVip(), await databaseByVip(), await databaseByVip()];
    expect(asked).toEqual(asked.map(() => `${servers[1]} primary\n`));
  }, 60_000);

  it('a planned failover without a return', async () => {
    const before = await master();
    await run(next('master'), before, before);
    expect(await master()).toBe(peerOf(before));
    await eventually(async () => {
      expect(await databaseByVip()).toBe(`${servers[1]} primary\n`);
    }, waitMs);
    expect(await master()).toBe(peerOf(before));
  }, 60_000);

  it('maintenance that moves nothing', async () => {
    const before = await master();
    expect(await run(next('master'), before, before)).toContain('started (pid ');
    expect(await master()).toBe(before);
  }, 60_000);

  it('a VIP that stays while all databases and managers are down', async () => {
    const before = await master();
    process.kill(pidIn('stand-ins.pid'), 'SIGKILL');
    const isDown = `curl -sS -u operator:not-admin123 'http://${vip}:8404/;csv' | grep '^postgres-primary,BACKEND.*,DOWN,'`;
    await eventually(async () => {
      expect(await run(isDown, 'client')).not.toBe('');
    }, waitMs);
    // What keepalived asks: a failure would be the script's status, and an error here.
    await run('$DIR/lib/vrrp/check_script.sh', before, before);
    expect(holders()).toEqual([before]);
  }, 60_000);

  it('what keepalived would be given, and what is wrong with the guide', async () => {
    const printed = await run(next('node'), 'a', 'a');
    expect(printed).toMatch(/^# ACTIVE: [^]*\n {4}nopreempt\n[^]*^# STANDBY: /m);
    expect(printed).toContain('wants in LISTEN: 5432, 2377, 8404');
    expect(printed).toContain(
      'with weight -2 a failed check_haproxy leaves the priority 98, and the peer has 90',
    );
    expect(printed).toContain('the password of VI_1 has');
  }, 60_000);

  it('an end that leaves the VIP with the master', async () => {
    const name = await master();
    const text = next('standby-then-master');
    await run(text, peerOf(name), peerOf(name));
    await run(text, name, name);
    expect(holders()).toEqual([name]);
  }, 60_000);

  it('no command that was not run', () => {
    expect(blocks).toEqual([]);
  });
});
