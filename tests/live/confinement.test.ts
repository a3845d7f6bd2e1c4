// What balances, inside the confinement of its units, over a real systemd: everything that it is made for still works.

import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../agent/boot/built-in-templates';
import { haproxyPaths } from '../../agent/haproxy/paths';
import { createHaproxyProcess } from '../../agent/haproxy/process';
import { createNodeClock } from '../../agent/host/node/clock';
import { createNodeFiles } from '../../agent/host/node/files';
import { createNodeSystem } from '../../agent/host/node/system';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { createKeepalivedCheck } from '../../agent/keepalived/check';
import { renderVrrpConfig } from '../../agent/keepalived/render';
import { createVrrpAddresses } from '../../agent/keepalived/vrrp-addresses';
import { writeCheckList } from '../../agent/keepalived/vrrp-check-list';
import { vrrpPaths } from '../../agent/keepalived/vrrp-paths';
import { createVrrpProcess } from '../../agent/keepalived/vrrp-process';
import { createVrrpStates } from '../../agent/keepalived/vrrp-states';
import { parseLoadBalancerId } from '../../agent/model/ids';
import { parseIp } from '../../agent/model/ip';
import { defaultCheckTiming } from '../../agent/model/vrrp';
import { createInstalledCompanions } from '../../agent/core/installed-companions';
import { createSystemdSupervisor } from '../../agent/supervisor/systemd';
import { eventually } from '../fakes/eventually';
import { createRecordedLog } from '../fakes/recorded-log';
import { missing, startManager, type Manager } from './systemd/manager';

const haproxy = '/usr/sbin/haproxy';
const keepalived = '/usr/sbin/keepalived';
const lacking = missing ?? (existsSync(haproxy) ? undefined : 'haproxy');
if (lacking !== undefined) process.stderr.write(`skipped: no ${lacking}, so nothing to confine\n`);

const namespace = 'amph-confined';
const id = parseLoadBalancerId('00000001-aaaa-4bbb-8ccc-dddddddddddd');
let manager: Manager;

const host = () => ({
  runner: manager.runner,
  clock: createNodeClock(),
  system: createNodeSystem(),
  files: createNodeFiles(),
  log: createRecordedLog(),
  namespace,
});
const inNamespace = (...argv: readonly string[]) => manager.inside('ip', 'netns', 'exec', namespace, ...argv);

beforeAll(async () => {
  if (lacking === undefined) manager = await startManager(namespace);
});
afterAll(async () => {
  if (lacking === undefined) await manager.end();
});

const config = (paths: ReturnType<typeof haproxyPaths>, helper: string): string => `global
    user nobody
    group nogroup
    stats socket ${paths.statsSocket} mode 0666 level user user nobody group nogroup
    external-check
    insecure-fork-wanted
    log /dev/log local0
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client 2s
    timeout server 2s
frontend low
    bind 127.0.0.1:80
    http-request return status 200 content-type text/plain string matched if { path -m reg ^/x[0-9]+$ }
    default_backend members
backend members
    option external-check
    external-check command ${helper}
    server one 127.0.0.1:8080 check inter 200ms fall 1 rise 1
`;

const address = (text: string) => {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(text);
  return ip;
};
const instance = {
  name: 'amphora',
  routerId: 'confined',
  interfaceName: 'eth1',
  virtualRouterId: 50,
  priority: 100,
  advertMs: 1_000,
  source: address('10.0.0.11'),
  peers: [address('10.0.0.12')],
  vips: [{ ip: address('10.0.0.5'), prefixLength: 24, network: '10.0.0.0/24', gateway: address('10.0.0.1') }],
  authPass: '0a1b2c3d',
  check: defaultCheckTiming,
};

const makeHaproxy = async () => {
  const basePath = join(manager.folder, 'octavia');
  const paths = haproxyPaths({ basePath, certDir: join(basePath, 'certs'), runtimeDir: basePath }, id);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  await createInstalledCompanions({ ...host(), basePath }).install();
  for (const path of [manager.folder, basePath]) await chmod(path, 0o755);
  await writeFile(paths.live, config(paths, join(basePath, 'ping-wrapper.sh')));
  const admin = `stats socket ${paths.adminSocket} mode 600 level admin expose-fd listeners`;
  await writeFile(paths.overlay, `global\n    ${admin}\n`);
  const driver = createHaproxyProcess({
    ...host(),
    supervisor: createSystemdSupervisor(host()),
    sockets: createNodeUnixSockets(),
    binary: haproxy,
    through: [],
  });
  return { driver, job: { paths, peer: 'peer' }, paths, basePath };
};

const statusOf = (pid: number | undefined, key: string): string => {
  const text = readFileSync(`/proc/${pid ?? 0}/status`, 'utf8');
  return new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
};

(lacking === undefined ? describe : describe.skip)('in its unit', () => {
  it('haproxy serves on a low port, matches expressions, pings members, gives up its rights, reloads and ends', async () => {
    await inNamespace('sysctl', '-qw', 'net.ipv4.ping_group_range=0 2147483647');
    const { driver, job, paths } = await makeHaproxy();
    const group = await driver.start(job);
    try {
      const get = async () => (await inNamespace('curl', '-s', 'http://127.0.0.1:80/x12')).stdout;
      expect(await get()).toBe('matched');
      const [master, worker] = await driver.pids(paths);
      expect(statusOf(master, 'Uid')).toMatch(/^0\b/);
      expect(statusOf(worker, 'Uid')).toMatch(/^65534\b/);
      expect(statusOf(worker, 'CapEff')).toBe('0000000000000000');
      expect([statusOf(worker, 'NoNewPrivs'), statusOf(worker, 'Seccomp')]).toEqual(['1', '2']);
      await eventually(async () => {
        const stat = await createNodeUnixSockets().request(paths.adminSocket, 'show stat', {
          timeoutMs: 2_000,
        });
        // It answered: a check that fails to run says so.
        expect(stat).toMatch(/^members,one,.*,UP,.*,PROCOK,/m);
      }, 10_000);
      await driver.reload(job, group);
      expect(await get()).toBe('matched');
      expect(await driver.adopt(job, undefined)).toEqual(group);
    } finally {
      await driver.stop(job, group);
    }
  });

  const hasKeepalived = existsSync(keepalived);
  (hasKeepalived ? it : it.skip)(
    'keepalived carries the VIP of its pair, and sees that haproxy lives',
    async () => {
      await manager.inside(
        'ip',
        '-n',
        namespace,
        'link',
        'add',
        'eth1',
        'type',
        'veth',
        'peer',
        'name',
        'far',
      );
      await manager.inside('ip', '-n', namespace, 'addr', 'add', '10.0.0.11/24', 'dev', 'eth1');
      for (const end of ['far', 'eth1'])
        await manager.inside('ip', '-n', namespace, 'link', 'set', end, 'up');
      const { driver, job, basePath, paths } = await makeHaproxy();
      const vrrp = vrrpPaths(basePath);
      const pair = createVrrpProcess({
        ...host(),
        supervisor: createSystemdSupervisor(host()),
        check: createKeepalivedCheck(manager.runner, ['ip', 'netns', 'exec', namespace, keepalived]),
        states: createVrrpStates({ ...host(), paths: vrrp }),
        addresses: createVrrpAddresses({
          ...host(),
          presentAddresses: () => Promise.resolve([]),
          removeAddresses: () => Promise.resolve(),
        }),
        paths: vrrp,
        binary: keepalived,
        through: [],
      });
      await writeCheckList(host().files, vrrp.checkList, {
        program: 'haproxy',
        loadBalancers: [paths],
        servicePorts: [],
        whenNone: 'failure',
      });
      const group = await driver.start(job);
      const process = await pair.start(
        renderVrrpConfig(builtInTemplates['keepalived-vrrp.conf'], instance, vrrp),
      );
      try {
        await eventually(async () => {
          expect(await pair.observe(process)).toBe('MASTER');
        }, 15_000);
        const shown = await manager.inside('ip', '-n', namespace, 'addr', 'show', 'dev', 'eth1');
        expect(shown.stdout).toContain('inet 10.0.0.5/');
        expect(await readFile(vrrp.log, 'utf8')).not.toMatch(/permitted|denied|Read-only/i);
        expect(await pair.adopt(undefined)).toEqual(process);
      } finally {
        await pair.stop(process);
        await driver.stop(job, group);
      }
    },
  );
});
