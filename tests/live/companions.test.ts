// The companions with the real haproxy, in a network namespace of the test's own: the ports of the prometheus proxy
// are fixed, and what may ping is a matter of the namespace. Needs root; Octavia's own proxy is held beside ours
// where python3-octavia is installed.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from '../surfaces/kit/agent';
import { createClient, type Client } from '../surfaces/kit/client';
import { endLeftovers, startDaemon, type Daemon } from '../surfaces/kit/daemon';
import { amphoraId, makePki, type TestPki } from '../surfaces/kit/pki';

const run = promisify(execFile);
const dist = join(__dirname, '..', '..', 'dist');
const namespace = `amph-companions-${process.pid}`;
const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const python = '/usr/bin/python3';
const isRoot = process.geteuid?.() === 0;
const hasNamespace = isRoot && spawnSync('ip', ['netns', 'add', namespace]).status === 0;
if (!hasNamespace) process.stderr.write('skipped: no root, so no network namespace for companions\n');
const isOctaviaThere =
  hasNamespace && spawnSync(python, ['-c', 'import octavia.cmd.prometheus_proxy']).status === 0;
if (hasNamespace && !isOctaviaThere) {
  process.stderr.write("skipped: no python3-octavia to hold our metrics beside Octavia's\n");
}
const canPing = existsSync('/bin/ping') || existsSync('/usr/bin/ping');
if (hasNamespace && !canPing) process.stderr.write('skipped: no ping (iputils-ping) for PING monitors\n');

let pki: TestPki;
let directory: string;
let files: { main: string; local: string };
let daemon: Daemon;
let client: Client;
const children: ChildProcess[] = [];

const within = (...argv: readonly string[]): readonly string[] => ['netns', 'exec', namespace, ...argv];
const base = (): string => join(directory, 'lib');
const curl = async (url: string): Promise<string> =>
  (await run('ip', within('curl', '-sS', '--max-time', '5', url))).stdout;

async function startAgent(): Promise<void> {
  daemon = await startDaemon([
    'serve',
    ...['--config-file', files.main, '--local-config', files.local, '--ready-json'],
  ]);
  client = createClient({ port: daemon.ready.port, ca: pki.ca.certificatePem, identity: pki.client });
}

async function endAgent(): Promise<void> {
  client.close();
  await daemon.end();
}

async function upload(text: string, action: 'start' | 'reload' = 'start'): Promise<void> {
  const put = await client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
  expect([put.status, put.text]).toEqual([expect.any(Number), expect.not.stringContaining('details')]);
  const answer = await client.put(`/v0.1/listeners/${listener}/${action}`);
  expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
}

const defaults = `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
`;

/** As the controller's templates render a PROMETHEUS listener beside another one. */
const withPrometheus = (): string => `global
  stats socket ${base()}/${listener}.sock mode 0666 level user
${defaults}frontend prometheus-exporter-internal-endpoint
  bind 127.0.0.1:9101
  no log
  http-request use-service prometheus-exporter if { path /metrics }
  http-request reject
  timeout http-request 5s
  timeout client 5s
backend prometheus-exporter-internal
  no log
  balance first
  timeout connect 5s
  timeout server 5s
  server prometheus-internal 127.0.0.1:9102
frontend shown
  bind 127.0.0.1:8088
  default_backend prometheus-exporter-internal
frontend web
  bind 127.0.0.1:8080
  default_backend pool:web
backend pool:web
  server one 127.0.0.1:8081 weight 3
  server two 127.0.0.1:9 check inter 1s
frontend member
  bind 127.0.0.1:8081
  http-request return status 200
`;

const withPing = (): string => `global
  external-check
  insecure-fork-wanted
${defaults}backend pool
  option external-check
  external-check command ${base()}/ping-wrapper.sh
  server four 127.0.0.1:80 check inter 200ms fall 1 rise 1
  server six [::1]:80 check inter 200ms fall 1 rise 1
  server nobody 192.0.2.1:80 check inter 200ms fall 1 rise 1
frontend web
  bind 127.0.0.1:8080
  default_backend pool
`;

/** Who listens on the proxy's port in the namespace: pids. */
async function proxies(): Promise<readonly number[]> {
  const { stdout } = await run('ip', within('ss', '-ltnpH', 'sport = :9102'));
  return [...stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
}

/** Waits until a scrape through the listener is whole, and gives it. */
async function scrapeListener(): Promise<string> {
  let text = '';
  await eventually(async () => {
    text = await curl('http://127.0.0.1:8088/metrics');
    expect(text).toContain('octavia_loadbalancer_cpu ');
  });
  return text;
}

beforeAll(async () => {
  if (!hasNamespace) return;
  pki = await makePki();
  await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
});
afterAll(() => {
  if (hasNamespace) spawnSync('ip', ['netns', 'del', namespace]);
});

beforeEach(async () => {
  if (!hasNamespace) return;
  directory = temporaryDirectory();
  // haproxy's checks run as nobody.
  mkdirSync(base(), { mode: 0o755 });
  spawnSync('chmod', ['755', directory]);
  files = writeAgentFiles(directory, pki);
  writeFileSync(files.local, `[amphorad]\nnetwork_namespace = ${namespace}\nprocess_manager = direct\n`);
  await startAgent();
});

afterEach(async () => {
  if (!hasNamespace) return;
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await client.delete(`/v0.1/listeners/${listener}`);
  await eventually(async () => expect(await proxies()).toEqual([]));
  await endAgent();
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

(hasNamespace ? describe : describe.skip)('a PROMETHEUS listener', () => {
  it("gives Octavia's metrics, from haproxy's namespace, only while it runs", async () => {
    expect(await proxies()).toEqual([]);
    await upload(withPrometheus());
    expect(await scrapeListener()).toMatch(/^octavia_listener_status\{listener="web",state="UP"\} 1$/m);
    expect(await proxies()).toHaveLength(1);
    await upload(`${defaults}frontend web\n  bind 127.0.0.1:8080\n`, 'reload');
    await eventually(async () => expect(await proxies()).toEqual([]));
  });

  it('goes on without the agent, and the next agent keeps the same proxy', async () => {
    await upload(withPrometheus());
    await scrapeListener();
    const before = await proxies();
    await daemon.end('SIGKILL');
    client.close();
    await scrapeListener();
    await startAgent();
    await scrapeListener();
    expect(await proxies()).toEqual(before);
  });

  it('comes back when its proxy is killed', async () => {
    await upload(withPrometheus());
    await scrapeListener();
    const [pid = 0] = await proxies();
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const now = await proxies();
      expect(now).toHaveLength(1);
      expect(now).not.toContain(pid);
    });
    await scrapeListener();
  });
});

// What the scrapes themselves, the clock and other work on this machine move.
const moving = /^octavia_(loadbalancer|memory_pool)_|listener="shown"|^octavia_\w+_seconds(_total)?\{/;

/** Lines of help, of type, and of values that stand still. */
const still = (scrape: string): readonly string[] =>
  scrape.split('\n').map((line) => (moving.test(line) ? line.replace(/ \S+$/, ' moves') : line));

(isOctaviaThere ? it : it.skip)("gives what Octavia's own proxy gives for the same haproxy", async () => {
  await upload(withPrometheus());
  await scrapeListener();
  const script = [
    'from http.server import ThreadingHTTPServer',
    'import octavia.cmd.prometheus_proxy as p',
    "ThreadingHTTPServer(('127.0.0.1', 9103), p.PrometheusProxy).serve_forever()",
  ].join('\n');
  children.push(spawn('ip', within(python, '-c', script), { stdio: 'ignore' }));
  await eventually(async () => expect(await curl('http://127.0.0.1:9103/')).not.toBe(''), 20_000);
  await curl('http://127.0.0.1:8080/');
  // The second member has been found DOWN.
  await eventually(async () =>
    expect(await scrapeListener()).toMatch(
      /octavia_member_status\{pool="pool:web",member="two",state="DOWN"\} 1/,
    ),
  );
  const theirs = await curl('http://127.0.0.1:9103/metrics');
  const ours = await curl('http://127.0.0.1:9102/metrics');
  expect(still(ours)).toEqual(still(theirs));
  expect(theirs.split('\n').filter((line) => line.startsWith('# TYPE')).length).toBeGreaterThan(100);
  const values = still(ours).filter((line) => /^octavia_.* [\d.]+$/.test(line));
  expect(values.length).toBeGreaterThan(150);
});

(canPing && hasNamespace ? it : it.skip)(
  'a PING monitor tells who answers, over IPv4 and IPv6, in a namespace where nobody may ping',
  async () => {
    await run('ip', within('sh', '-c', 'echo "1 0" > /proc/sys/net/ipv4/ping_group_range'));
    await upload(withPing());
    const members = async (): Promise<unknown> => {
      const { pools } = (await client.get(`/v0.1/listeners/${listener}`)).json() as {
        pools: readonly { members: readonly Record<string, string>[] }[];
      };
      return pools.flatMap((pool) => pool.members).map((member) => Object.values(member).at(-1));
    };
    await eventually(async () => expect(await members()).toEqual(['UP', 'UP', 'DOWN']), 20_000);
    expect(readFileSync(join(base(), 'ping-wrapper.sh'), 'utf8')).toMatch(/^#!\/bin\/sh\n/);
  },
);

(hasNamespace ? describe : describe.skip)('haproxy-vrrp-check', () => {
  const check = (): number | null =>
    spawnSync(join(dist, 'haproxy-vrrp-check'), [join(base(), `${listener}.sock`)], { stdio: 'ignore' })
      .status;

  it('is content with a haproxy that answers, not with one that hangs, or is gone', async () => {
    await upload(withPrometheus());
    expect(check()).toBe(0);
    const { stdout } = await run('ip', within('ss', '-ltnpH', 'sport = :8080'));
    const pid = Number(/pid=(\d+)/.exec(stdout)?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      expect(check()).toBe(1);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(check()).toBe(0);
    expect((await client.put(`/v0.1/listeners/${listener}/stop`)).status).toBe(202);
    expect(check()).toBe(1);
  });
});

(hasNamespace ? describe : describe.skip)('amphora-health-checker sctp', () => {
  /** An SCTP endpoint of one answer, by a raw socket: this kernel's own SCTP may be missing. */
  const endpoint = `use Socket; my ($family, $type) = @ARGV; $| = 1; alarm 20;
    socket(my $s, $family, SOCK_RAW, 132) or die; print "ready\\n";
    while (my $peer = recv($s, my $d, 1500, 0)) {
      my ($from, $to, undef, undef, $chunk) = unpack("n n N N C", $d = substr($d, $family == 2 ? (ord($d) & 15) * 4 : 0));
      print "chunk $chunk\\n" if $to == 7777;
      send($s, pack("n n N V C C n N N n n N", $to, $from, unpack("N", substr($d, 16)), 0, $type, 0, 20, 9, 1000, 1, 1, 5), 0, $peer)
        if $chunk == 1 && $to == 7777;
    }`;
  const probe = (address: string): { status: number | null; said: string } => {
    const argv = within(join(dist, 'amphora-health-checker'), 'sctp', '-t', '2', address, '7777');
    const { status, stdout, stderr } = spawnSync('ip', argv, { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it.each([
    ['serves', '127.0.0.1', 2, 0, 'INIT ACK', true],
    ['serves over IPv6', '::1', 2, 0, 'INIT ACK', true],
    ['refuses', '127.0.0.1', 6, 1, 'ABORT', false],
    ['answers something else', '127.0.0.1', 9, 3, 'type 9', true],
  ])('finds a member that %s', async (_, address, type, status, words, isAborted) => {
    const family = address.includes(':') ? '10' : '2';
    const child = spawn('ip', within('perl', '-e', endpoint, family, String(type)));
    children.push(child);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await eventually(() => expect(printed).toContain('ready\n'));
    expect(probe(address)).toEqual({ status, said: expect.stringContaining(words) });
    // The member is not left with half an association.
    await eventually(() => expect(printed.includes('chunk 6\n')).toBe(isAborted));
  });

  it('says 2 of a member that is silent', () => {
    expect(probe('192.0.2.1').status).not.toBe(0);
    expect(probe('127.0.0.1')).toEqual({ status: 2, said: expect.stringContaining('no answer within 2 s') });
  });
});
