// The pair's keepalived for real, in network namespaces that this test makes: what Octavia's template renders, one
// amphora through everything that its agent may do, and two that hand the address to each other.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refuseKeepalivedFaults } from '../../agent/keepalived/policy';
import { vrrpGrammar } from '../../agent/keepalived/vrrp-grammar';
import { isAgentError } from '../../agent/model/errors';
import { eventually } from '../fakes/eventually';
import { canRunPairs, createNode, createWire, ipOf, pidsOf, type Node } from './vrrp/node';

const canRun = canRunPairs();
const python = '/usr/bin/python3';
const canRender =
  canRun &&
  spawnSync(python, ['-c', 'import octavia.amphorae.drivers.keepalived.jinja.jinja_cfg']).status === 0;
if (canRun && !canRender) process.stderr.write('skipped: no python3-octavia, so nothing renders pairs\n');

const vip = '10.0.0.5';
const names = ['a', 'b'].map((end) => `amph-${process.pid}-${end}`);
let wire: { readonly end: () => Promise<void> } | undefined;
let directory: string;
let first: Node;
let second: Node;

const detailOf = (thrown: unknown): string => (isAgentError(thrown) ? (thrown.detail ?? '') : String(thrown));
const holds = async (node: Node, address = vip): Promise<boolean> =>
  (await node.addresses()).includes(address);
const holders = async (): Promise<readonly boolean[]> => [await holds(first), await holds(second)];

beforeAll(async () => {
  if (canRun) wire = await createWire(names);
});

afterAll(async () => {
  await wire?.end();
});

beforeEach(async () => {
  if (!canRun) return;
  directory = mkdtempSync('/tmp/av-');
  spawnSync('chmod', ['755', directory]);
  first = await createNode(names[0] ?? '', 0, directory);
  second = await createNode(names[1] ?? '', 1, directory);
  for (const node of [first, second]) await node.list({ haproxies: false });
});

afterEach(async () => {
  if (!canRun) return;
  for (const node of [first, second]) await node.end();
  rmSync(directory, { recursive: true, force: true });
});

(canRender ? describe : describe.skip)("what Octavia's template renders for a pair", () => {
  it('is accepted, all of it', async () => {
    const { paths } = first;
    const script = join(__dirname, 'octavia', 'render_vrrp.py');
    const base = join(paths.directory, '..');
    const { stdout, stderr, status } = spawnSync(python, [script, base, 'eth1'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const rendered = Object.entries(JSON.parse(stdout) as Readonly<Record<string, string>>);
    expect(rendered.length).toBeGreaterThanOrEqual(96);
    const grammar = vrrpGrammar({ namespaces: ['amphora-haproxy'], ...paths });
    const refused: string[] = [];
    for (const [name, text] of rendered) {
      try {
        refuseKeepalivedFaults(text, grammar);
        await first.driver().check(text);
      } catch (thrown) {
        refused.push(`${name}: ${detailOf(thrown)}`);
      }
    }
    expect(refused).toEqual([]);
  }, 120_000);
});

(canRun ? describe : describe.skip)('one amphora', () => {
  it('becomes master, is adopted, reads again without a gap, and gives everything back', async () => {
    const process = await first.driver().start(first.text());
    expect(await first.driver().observe(process)).toMatch(/^(?:BACKUP|FAULT)$/);
    await eventually(async () => expect(await first.driver().observe(process)).toBe('MASTER'), 10_000);
    expect(await holds(first)).toBe(true);
    expect(await first.ip('rule')).toContain('from 10.0.0.5 lookup 1');
    expect(await first.ip('route', 'show', 'table', '1')).toContain('default via 10.0.0.1 dev eth1');

    const restarted = first.driver();
    expect(await restarted.adopt(undefined)).toEqual(process);
    expect(await restarted.adopt(process)).toEqual(process);

    const samples: boolean[] = [];
    const next = first.text({ check: { intervalS: 1, timeoutS: 1, fall: 2, rise: 3 } });
    const reloading = { isDone: false };
    const reload = restarted.reload(next, process).finally(() => {
      reloading.isDone = true;
    });
    while (!reloading.isDone) samples.push(await holds(first));
    await reload;
    expect(samples).not.toContain(false);
    expect(await restarted.observe(process)).toBe('MASTER');
    // The account of scripts is still there: the check goes on.
    await first.list({ haproxies: true });
    await eventually(async () => expect(await restarted.observe(process)).toBe('FAULT'));
    expect(await holds(first)).toBe(false);
    await first.list({ haproxies: false });
    await eventually(async () => expect(await holds(first)).toBe(true), 15_000);

    await restarted.stop(process);
    expect(await holds(first)).toBe(false);
    expect(await first.ip('rule')).not.toContain(vip);
    expect(await restarted.adopt(process)).toBeUndefined();
    expect(await restarted.observe(process)).toBeUndefined();
  }, 60_000);

  it('keeps the address over a file that keepalived refuses, and names its line', async () => {
    const driver = first.driver();
    const process = await driver.start(first.text());
    await eventually(async () => expect(await holds(first)).toBe(true));
    const text = first.text();
    const broken = text.replace('dev eth1 src', 'dev no-such src');
    const line = broken.split('\n').findIndex((each) => each.includes('no-such')) + 1;
    await expect(driver.reload(broken, process)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringContaining(`Line ${line})`),
    });
    expect(await holds(first)).toBe(true);
    expect(await driver.observe(process)).toBe('MASTER');
    expect(readFileSync(first.paths.live, 'utf8')).not.toContain('no-such');
  }, 30_000);

  it('starts over the pid file of a process that has nothing to do with it', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    writeFileSync(first.paths.pidFile, `${stranger.pid ?? 0}\n`);
    writeFileSync(first.paths.vrrpPidFile, `${stranger.pid ?? 0}\n`);
    const driver = first.driver();
    expect(await driver.adopt(undefined)).toBeUndefined();
    const process = await driver.start(first.text());
    expect(await driver.observe(process)).toBeDefined();
    expect(stranger.exitCode).toBeNull();
    stranger.kill('SIGKILL');
  }, 30_000);

  it('leaves no address behind once it was killed and the agent has looked', async () => {
    const driver = first.driver();
    const started = await driver.start(first.text());
    await eventually(async () => expect(await holds(first)).toBe(true));
    for (const pid of pidsOf(first)) process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await driver.observe(started)).toBeUndefined());
    expect(await holds(first)).toBe(true);
    await first.driver().cleanUp();
    expect(await holds(first)).toBe(false);
    const again = await driver.start(first.text());
    await eventually(async () => expect(await driver.observe(again)).toBe('MASTER'));
  }, 30_000);

  it('says why it cannot start, and leaves nothing running', async () => {
    const driver = first.driver();
    await expect(driver.start(first.text({ interfaceName: 'eth9' }))).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringMatching(/eth9/),
    });
    expect(await driver.adopt(undefined)).toBeUndefined();
  });

  it('comes up in FAULT while its interface is down', async () => {
    await first.ip('link', 'set', 'eth1', 'down');
    const driver = first.driver();
    const process = await driver.start(first.text());
    expect(await driver.observe(process)).toBe('FAULT');
    await first.ip('link', 'set', 'eth1', 'up');
    await first.ip('addr', 'replace', '2001:db8::11/64', 'dev', 'eth1', 'nodad');
    await eventually(async () => expect(await driver.observe(process)).toBe('MASTER'));
  }, 30_000);

  it('carries IPv6 with IPv4 beside it', async () => {
    const text = first.text({
      source: ipOf('2001:db8::11'),
      peers: [ipOf('2001:db8::12')],
      vips: [
        { ip: ipOf('2001:db8::5'), prefixLength: 64, network: '2001:db8::/64', gateway: ipOf('2001:db8::1') },
        {
          ip: ipOf(vip),
          prefixLength: 24,
          network: '10.0.0.0/24',
          hostRoutes: [{ destination: '192.168.7.0/24', nexthop: ipOf('10.0.0.9') }],
        },
      ],
    });
    const driver = first.driver();
    await driver.start(text);
    await eventually(async () => expect(await holds(first, '2001:db8::5')).toBe(true));
    await eventually(async () => expect(await holds(first)).toBe(true));
    expect(await first.ip('-6', 'route', 'show', 'table', '1')).toContain('default via 2001:db8::1');
    expect(await first.ip('route', 'show', 'table', '1')).toContain('192.168.7.0/24 via 10.0.0.9');
    expect(await first.ip('-6', 'rule')).toContain('from 2001:db8::5 lookup 1');
  }, 30_000);
});

(canRun ? describe : describe.skip)('two amphorae', () => {
  const moved = async (from: Node, to: Node): Promise<void> => {
    expect(await holds(to)).toBe(true);
    expect(await holds(from)).toBe(false);
  };

  it('without load balancers have one master, the ACTIVE one', async () => {
    // By multicast: nobody has named the peers.
    await Promise.all([second, first].map((node) => node.driver().start(node.text({ peers: [] }))));
    await eventually(async () => expect(await holders()).toEqual([true, false]), 15_000);
  }, 40_000);

  it('hand the address over when haproxy is killed, and when it hangs', async () => {
    const [one, other] = [first.startHaproxy(), second.startHaproxy()];
    for (const node of [first, second]) {
      await node.list({ haproxies: true, ports: [8404, 8405] });
      await eventually(async () => expect(await node.check()).toMatchObject({ code: 0 }));
      await node.driver().start(node.text());
    }
    await eventually(async () => expect(await holders()).toEqual([true, false]), 20_000);
    one.kill('SIGKILL');
    await eventually(() => moved(first, second));
    first.startHaproxy();
    await eventually(async () => expect(await first.check()).toMatchObject({ code: 0 }));
    other.kill('SIGSTOP');
    await eventually(() => moved(second, first), 20_000);
  }, 80_000);

  it('move it on request, and it does not come back by itself', async () => {
    const driver = first.driver();
    const process = await driver.start(first.text());
    await second.driver().start(second.text());
    await eventually(async () => expect(await holders()).toEqual([true, false]), 15_000);
    writeFileSync(first.paths.forceFail, '');
    await eventually(() => moved(first, second));
    rmSync(first.paths.forceFail);
    await eventually(async () => expect(await driver.observe(process)).toBe('BACKUP'));
    await moved(first, second);
  }, 60_000);

  it('elect the ACTIVE one with advertisements every 0.3 s, too', async () => {
    await Promise.all(
      [second, first].map((node) => node.driver().start(node.text({ advertMs: 300, authPass: undefined }))),
    );
    await eventually(async () => expect(await holders()).toEqual([true, false]), 15_000);
  }, 40_000);
});
