// The agent plugs real ports: veth pairs whose near end lies in a namespace that stands for the host of the amphora.
// A client's namespace reaches a member's through the VIP. Needs root; no namespace but its own is touched.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { endLeftovers, runToEnd, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';

const run = promisify(execFile);
const tag = `amph-${process.pid}`;
/** The host of the amphora, the amphora's own namespace, a client, a member. */
const [host, amphora, client, member] = ['h', 'a', 'c', 'm'].map((name) => `${tag}-${name}`) as [
  string,
  string,
  string,
  string,
];
const hasNamespaces = process.geteuid?.() === 0 && spawnSync('ip', ['netns', 'add', host]).status === 0;
if (!hasNamespaces) process.stderr.write('skipped: no root, so no namespaces to plug ports into\n');

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const vipMac = '02:00:00:00:00:01';
const memberMac = '02:00:00:00:00:02';
let pki: TestPki;
let directory: string;
let files: { main: string; local: string };
let daemon: Daemon | undefined;
const children: ChildProcess[] = [];

const ip = async (...argv: readonly string[]): Promise<string> => (await run('ip', argv)).stdout;
const inside = (...argv: readonly string[]): Promise<string> => ip('-n', amphora, ...argv);
const lib = (): string => join(directory, 'lib');

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A call from the host's namespace, where the agent listens. */
async function call(
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  const { stdout } = await run('ip', [
    ...['netns', 'exec', host, 'curl', '-sS', '--max-time', '30', '-X', method],
    ...['--cacert', join(directory, 'ca.pem'), '--cert', join(directory, 'client.pem')],
    ...['--key', join(directory, 'client.key'), '-H', `Content-Type: ${type}`, '--data-binary', text],
    ...['-w', '\n%{http_code}', `https://127.0.0.1:${daemon?.ready.port ?? 0}${path}`],
  ]);
  const cut = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) as unknown };
}

async function startAgent(): Promise<void> {
  const through = ['nsenter', `--net=/run/netns/${host}`];
  const given = [
    '--config-file',
    files.main,
    '--local-config',
    files.local,
    '--ready-json',
    '--stop-children',
  ];
  daemon = await startDaemon(['serve', ...given], { through });
}

const stopAgent = async (): Promise<void> => {
  await daemon?.end();
  daemon = undefined;
};

/** As at the boot of another host: the namespace is gone, and the ports with it; they come back as they were made. */
async function reboot(): Promise<void> {
  await stopAgent();
  await ip('netns', 'del', amphora);
  await makePorts();
}

async function makePorts(): Promise<void> {
  await makePort('vip0', vipMac, client, '10.1.0.1/24', '2001:db8:1::1/64');
  await makePort('net0', memberMac, member, '10.2.0.1/24', '2001:db8:2::1/64');
}

async function makePort(
  name: string,
  mac: string,
  far: string,
  ...addresses: readonly string[]
): Promise<void> {
  // The end in a namespace that was removed goes a moment later, and its peer with it.
  await eventually(async () => {
    await ip(
      '-n',
      host,
      'link',
      'add',
      name,
      'address',
      mac,
      'type',
      'veth',
      'peer',
      'name',
      'far',
      'netns',
      far,
    );
  });
  await ip('-n', far, 'link', 'set', 'far', 'up');
  for (const address of addresses) {
    await ip('-n', far, 'addr', 'add', address, 'dev', 'far', ...(address.includes(':') ? ['nodad'] : []));
  }
}

const vipBody = (more: object = {}): object => ({
  subnet_cidr: '10.1.0.0/24',
  gateway: '10.1.0.1',
  mac_address: vipMac,
  vrrp_ip: '10.1.0.9',
  mtu: 1450,
  host_routes: [{ destination: '192.0.2.0/24', nexthop: '10.1.0.1' }],
  additional_vips: [
    { ip_address: '2001:db8:1::5', subnet_cidr: '2001:db8:1::/64', gateway: '2001:db8:1::1' },
  ],
  ...more,
});
const networkBody = {
  mac_address: memberMac,
  fixed_ips: [
    { ip_address: '10.2.0.9', subnet_cidr: '10.2.0.0/24' },
    { ip_address: '2001:db8:2::9', subnet_cidr: '2001:db8:2::/64' },
  ],
};
const config = (): string => `defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 10.1.0.5:80
  bind 2001:db8:1::5:80
  default_backend pool
backend pool
  server four 10.2.0.1:8080
`;

/** What a client gets of the VIP: a status, or why not. */
async function ask(url: string): Promise<string> {
  const argv = ['curl', '-g', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '1', url];
  try {
    return (await run('ip', ['netns', 'exec', client, ...argv])).stdout;
  } catch {
    return 'nothing';
  }
}

async function serveMember(): Promise<void> {
  const script =
    "require('node:http').createServer((_, r) => r.end('here')).listen(8080, '10.2.0.1', () => console.log('up'))";
  const child = spawn('ip', ['netns', 'exec', member, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

async function balance(): Promise<void> {
  const put = await call('PUT', `/1.0/loadbalancer/${amphoraId}/${listener}/haproxy`, config(), 'text/plain');
  expect(put).toEqual({ status: 202, body: { message: 'OK' } });
  expect((await call('PUT', `/1.0/loadbalancer/${listener}/start`)).status).toBe(202);
}

const plugVip = (more?: object): Promise<Answer> => call('POST', '/1.0/plug/vip/10.1.0.5', vipBody(more));
const plugNetwork = (): Promise<Answer> => call('POST', '/1.0/plug/network', networkBody);
const rulesPath = '/1.0/interface/10.1.0.5/rules';

/** All that the amphora's namespace has of its ports. */
async function state(): Promise<string> {
  const parts = [];
  for (const name of ['eth1', 'eth2']) parts.push(await inside('-o', 'addr', 'show', 'dev', name));
  for (const family of ['-4', '-6']) {
    parts.push(await inside(family, 'route', 'show', 'table', 'main'));
    parts.push(await inside(family, 'route', 'show', 'table', '1'));
    parts.push(await inside(family, 'rule', 'show'));
  }
  const { stdout } = await run('ip', ['netns', 'exec', amphora, 'nft', 'list', 'ruleset']);
  // Numbers of links and lifetimes of addresses of the kernel's own say nothing, nor does the order of routes.
  const lines = [...parts.join('\n').split('\n'), ...stdout.split('\n')];
  return lines
    .filter((line) => !/fe80|multicast|^\s*$/.test(line))
    .map((line) => line.replace(/^\d+:\s+/, '').trim())
    .sort()
    .join('\n');
}

const whenRoot = hasNamespaces ? describe : describe.skip;

beforeAll(async () => {
  if (!hasNamespaces) return;
  pki = await makePki();
  await ip('-n', host, 'link', 'set', 'lo', 'up');
});

beforeEach(async () => {
  if (!hasNamespaces) return;
  for (const name of [client, member]) await ip('netns', 'add', name);
  await makePorts();
  directory = temporaryDirectory();
  files = writeAgentFiles(directory, pki, {
    amphoraAgent: `agent_server_network_dir = ${join(directory, 'interfaces')}`,
  });
  writeFileSync(files.local, `[amphorad]\nnetwork_namespace = ${amphora}\nprocess_manager = direct\n`);
  writeFileSync(join(directory, 'client.pem'), pki.client.certificatePem);
  writeFileSync(join(directory, 'client.key'), pki.client.keyPem, { mode: 0o600 });
  mkdirSync(lib());
  await startAgent();
});

afterEach(async () => {
  if (!hasNamespaces) return;
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await stopAgent();
  await endLeftovers();
  for (const name of [amphora, client, member]) {
    if (existsSync(`/run/netns/${name}`)) await ip('netns', 'del', name);
  }
  rmSync(directory, { recursive: true, force: true });
});

afterAll(async () => {
  if (hasNamespaces) await ip('netns', 'del', host);
});

whenRoot('POST /1.0/plug/vip/{ip} and POST /1.0/plug/network', () => {
  it('a client reaches a member through the VIP, by both families', async () => {
    expect(await plugVip()).toEqual({
      status: 202,
      body: {
        message: 'OK',
        details: 'VIPs plugged on interface eth1: 10.1.0.5, 2001:0db8:0001:0000:0000:0000:0000:0005',
      },
    });
    expect(await plugNetwork()).toEqual({
      status: 202,
      body: { message: 'OK', details: 'Plugged on interface eth2' },
    });
    await serveMember();
    await balance();
    expect(await ask('http://10.1.0.5/')).toBe('200');
    expect(await ask('http://[2001:db8:1::5]/')).toBe('200');
    expect((await call('GET', '/1.0/interface/10.1.0.5')).body).toEqual({ message: 'OK', interface: 'eth1' });
    expect((await call('GET', '/v0.1/interface/10.2.0.9')).body).toEqual({
      message: 'OK',
      interface: 'eth2',
    });
  });

  it('what the VIP sends goes by its own table, whatever the main one says', async () => {
    await plugVip();
    await plugNetwork();
    await inside('route', 'replace', 'default', 'via', '10.2.0.1', 'dev', 'eth2');
    expect(await inside('route', 'get', '203.0.113.9', 'from', '10.1.0.5')).toContain(
      'via 10.1.0.1 dev eth1',
    );
    expect(await inside('route', 'get', '203.0.113.9')).toContain('via 10.2.0.1 dev eth2');
    expect(await inside('route', 'get', '192.0.2.9', 'from', '10.1.0.5')).toContain('dev eth1 table 1');
    expect(await inside('-6', 'route', 'get', '2001:db8:9::9', 'from', '2001:db8:1::5')).toContain(
      'dev eth1',
    );
  });

  it('asked twice: 409 for a VIP, an update for a network', async () => {
    await plugVip();
    await plugNetwork();
    const before = await state();
    expect(await plugVip()).toEqual({ status: 409, body: { message: 'Interface already exists' } });
    expect(await plugNetwork()).toEqual({
      status: 202,
      body: { message: 'OK', details: 'Updated existing interface eth2' },
    });
    expect(await state()).toBe(before);
  });

  it('another port for the same VIP: 409, and that port stays where it is', async () => {
    await plugVip();
    const answer = await plugVip({ mac_address: memberMac });
    expect(answer).toMatchObject({ status: 409, body: { message: 'Interface already exists' } });
    expect(await ip('-n', host, 'link', 'show', 'net0')).toContain('state DOWN');
  });

  it('a member subnet on the port of the VIP: that interface is written anew, and the VIP stays', async () => {
    await plugVip();
    const vip_net_info = {
      vip: '10.1.0.5',
      subnet_cidr: '10.1.0.0/24',
      gateway: '10.1.0.1',
      vrrp_ip: '10.1.0.9',
    };
    const fixed_ips = [{ ip_address: '10.7.0.9', subnet_cidr: '10.7.0.0/24' }];
    const answer = await call('POST', '/1.0/plug/network', { mac_address: vipMac, vip_net_info, fixed_ips });
    expect(answer).toEqual({
      status: 202,
      body: { message: 'OK', details: 'Updated existing interface eth1' },
    });
    const addresses = await inside('-o', 'addr', 'show', 'dev', 'eth1');
    for (const address of ['10.1.0.5/32', '10.1.0.9/24', '10.7.0.9/24']) expect(addresses).toContain(address);
    expect(addresses).not.toContain('2001:db8:1::5');
  });

  it('no such port: 404 in the words on which controllers try again', async () => {
    const answer = await plugVip({ mac_address: '02:00:00:00:00:99' });
    expect(answer).toEqual({ status: 404, body: { details: 'No suitable network interface found' } });
  });

  it('an MTU that the port cannot have: 500 with the words of the tool, and the port is back as it was', async () => {
    await ip('-n', host, 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
    const mac_address = '02:00:00:00:00:03';
    await ip('-n', host, 'link', 'set', 'tap0', 'address', mac_address, 'mtu', '1400');
    const tap = async (): Promise<string> =>
      (await ip('-n', host, '-o', 'link', 'show', 'tap0')).replace(/^\d+/, '');
    const before = await tap();
    const answer = await plugVip({ mac_address, mtu: 65_535 });
    expect(answer).toEqual({
      status: 500,
      body: { message: 'Error plugging VIP', details: expect.stringMatching(/mtu/) },
    });
    expect(await tap()).toBe(before);
    await expect(inside('link', 'show', 'eth1')).rejects.toThrow('does not exist');
    expect(existsSync(join(lib(), 'plugged_interfaces'))).toBe(false);
    await ip('-n', host, 'link', 'del', 'tap0');
  });

  it('a record that cannot be written: 500, and the port is back as it was', async () => {
    writeFileSync(join(directory, 'interfaces'), 'in the way');
    const answer = await plugVip();
    expect(answer).toMatchObject({ status: 500, body: { message: 'Error plugging VIP' } });
    expect(await ip('-n', host, '-o', 'link', 'show', 'vip0')).toMatch(/state DOWN/);
    await expect(inside('link', 'show', 'eth1')).rejects.toThrow('does not exist');
    expect(await inside('rule', 'show')).not.toContain('10.1.0.5');
  });
});

whenRoot('POST /v0.1/plug/vip/:ip and POST /v0.1/plug/network', () => {
  it('plugs in the words of v0.1', async () => {
    const vip = { subnet_cidr: '10.1.0.0/24', gateway: '10.1.0.1', mac_address: vipMac };
    expect(await call('POST', '/v0.1/plug/vip/10.1.0.5', vip)).toEqual({
      status: 202,
      body: { message: 'OK', details: 'VIP 10.1.0.5 plugged on interface eth1' },
    });
    expect(await call('POST', '/v0.1/plug/network', networkBody)).toEqual({
      status: 202,
      body: { message: 'OK', details: 'Plugged interface eth2' },
    });
    expect(await call('POST', '/v0.1/plug/network', { mac_address: '02:00:00:00:00:99' })).toEqual({
      status: 404,
      body: { message: 'No suitable network interface found' },
    });
  });
});

whenRoot('PUT /1.0/interface/{ip}/rules', () => {
  it('admits what is listed and nothing else, from the first call on', async () => {
    await plugVip();
    await plugNetwork();
    await serveMember();
    await balance();
    const from = (cidr: string | null, port = 80): object => ({ protocol: 'TCP', cidr, port });
    expect(await call('PUT', rulesPath, [from('10.9.0.0/24')])).toEqual({
      status: 200,
      body: { message: 'OK' },
    });
    expect(await ask('http://10.1.0.5/')).toBe('nothing');
    await call('PUT', rulesPath, [from('10.1.0.1/32')]);
    expect(await ask('http://10.1.0.5/')).toBe('200');
    expect(await ask('http://[2001:db8:1::5]/')).toBe('nothing');
    await call('PUT', rulesPath, [from(null)]);
    expect(await ask('http://[2001:db8:1::5]/')).toBe('200');
    await call('PUT', rulesPath, [from(null, 81)]);
    expect(await ask('http://10.1.0.5/')).toBe('nothing');
    await call('PUT', rulesPath, []);
    expect(await ask('http://10.1.0.5/')).toBe('nothing');
  });

  it('by the address of the amphora itself too; 404 for one that no port has', async () => {
    await plugVip();
    expect((await call('PUT', '/1.0/interface/10.1.0.9/rules', [])).status).toBe(200);
    for (const address of ['127.0.0.1', '10.250.0.1']) {
      expect(await call('PUT', `/1.0/interface/${address}/rules`, [])).toEqual({
        status: 404,
        body: { message: 'Error interface not found for IP address' },
      });
    }
  });

  it('a port of SR-IOV admits nothing until there are rules', async () => {
    await plugVip({ is_sriov: true });
    await plugNetwork();
    await serveMember();
    await balance();
    expect(await ask('http://10.1.0.5/')).toBe('nothing');
    await call('PUT', rulesPath, [{ protocol: 'TCP', cidr: '0.0.0.0/0', port: 80 }]);
    expect(await ask('http://10.1.0.5/')).toBe('200');
  });
});

whenRoot('a restart', () => {
  async function plugAll(): Promise<void> {
    await plugVip();
    await plugNetwork();
    await call('PUT', rulesPath, [{ protocol: 'TCP', cidr: '10.1.0.0/24', port: 80 }]);
    await serveMember();
    await balance();
  }

  it('of the machine: VIP, routes, rules, firewall and listener come back without a controller', async () => {
    await plugAll();
    const before = await state();
    expect(await ask('http://10.1.0.5/')).toBe('200');
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await reboot();
    await serveMember();
    await startAgent();
    expect(await state()).toBe(before);
    expect(await ask('http://10.1.0.5/')).toBe('200');
    expect(await ask('http://[2001:db8:1::5]/')).toBe('nothing');
    expect((await call('GET', '/1.0/interface/10.1.0.5')).body).toEqual({ message: 'OK', interface: 'eth1' });
  });

  it('of the agent: nothing changes', async () => {
    await plugAll();
    const before = await state();
    await stopAgent();
    await startAgent();
    expect(await state()).toBe(before);
  });

  it('with a port that comes late: the agent serves, and has the port once it is there', async () => {
    await plugVip();
    await plugNetwork();
    const before = await state();
    await stopAgent();
    await ip('netns', 'del', amphora);
    await makePort('vip0', vipMac, client, '10.1.0.1/24', '2001:db8:1::1/64');
    await startAgent();
    expect(await inside('-o', 'addr', 'show', 'dev', 'eth1')).toContain('10.1.0.5/32');
    await makePort('net0', memberMac, member, '10.2.0.1/24', '2001:db8:2::1/64');
    await eventually(async () => expect(await state()).toBe(before), 20_000);
  }, 40_000);

  it('amphorad network restore does it without the agent, amphora-interface for one', async () => {
    await plugVip();
    await plugNetwork();
    const before = await state();
    await reboot();
    const given = ['--config-file', files.main, '--local-config', files.local];
    const through = ['nsenter', `--net=/run/netns/${host}`];
    const done = await runToEnd(['network', 'restore', ...given], { through });
    expect(done).toMatchObject({ code: 0, stdout: 'eth1 is as recorded\neth2 is as recorded\n' });
    expect(await state()).toBe(before);
    const byName = (...words: readonly string[]) =>
      runToEnd([...given, ...words], { through, launcher: 'amphora-interface' });
    expect(await byName('down', 'eth2')).toMatchObject({ code: 0, stdout: 'eth2 is down\n' });
    expect(await inside('-o', 'addr', 'show', 'dev', 'eth2')).not.toContain('10.2.0.9');
    expect(await byName('up', 'eth2')).toMatchObject({ code: 0, stdout: 'eth2 is as recorded\n' });
    expect(await state()).toBe(before);
    expect(await byName('up', 'eth7')).toMatchObject({ code: 1, stderr: expect.stringContaining('eth7') });
    expect(readFileSync(join(lib(), 'plugged_interfaces'), 'utf8')).toBe(
      `${vipMac} eth1\n${memberMac} eth2\n`,
    );
    writeFileSync(join(lib(), 'plugged_interfaces'), 'nonsense\n', { flag: 'a' });
    expect(await runToEnd(['network', 'restore', ...given], { through })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nonsense'),
    });
  });
});
