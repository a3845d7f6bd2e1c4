// One amphora of a pair in a network namespace of its own: the real keepalived by the agent's own driver, a real
// haproxy, and what a neighbour would see. Whoever uses it has root.

import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createNodeHost } from '../../../agent/boot/wire-host';
import { createInstalledCompanions } from '../../../agent/core/installed-companions';
import { createKeepalivedCheck } from '../../../agent/keepalived/check';
import { renderVrrpConfig } from '../../../agent/keepalived/render';
import { createVrrpAddresses } from '../../../agent/keepalived/vrrp-addresses';
import { writeCheckList } from '../../../agent/keepalived/vrrp-check-list';
import { vrrpPaths, type VrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createVrrpProcess, type VrrpProcess } from '../../../agent/keepalived/vrrp-process';
import { createVrrpStates } from '../../../agent/keepalived/vrrp-states';
import { parseIp, type Ip } from '../../../agent/model/ip';
import { defaultCheckTiming, vrrpPriority, type VrrpInstance } from '../../../agent/model/vrrp';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createRecordedLog } from '../../fakes/recorded-log';

const run = promisify(execFile);

export interface Node {
  readonly namespace: string;
  readonly paths: VrrpPaths;
  /** A driver that has just been made, as a restarted agent has it. */
  driver(): VrrpProcess;
  /** The text that the topology call would make, changed. */
  text(changes?: Partial<VrrpInstance>): string;
  /** Addresses on eth1. */
  addresses(): Promise<readonly string[]>;
  /** Has the check look at haproxies that run, and ports. */
  list(options: {
    readonly haproxies: boolean;
    readonly ports?: readonly number[];
    readonly whenNone?: 'success' | 'failure';
  }): Promise<void>;
  startHaproxy(): ChildProcess;
  /** Runs the check as keepalived does, in its namespace. */
  check(): Promise<{ readonly code: number; readonly stderr: string }>;
  ip(...args: readonly string[]): Promise<string>;
  end(): Promise<void>;
}

/** Tells whether namespaces, keepalived and haproxy are here; prints what is missing. */
export function canRunPairs(): boolean {
  const has = (program: string): boolean => spawnSync(program, ['-v']).error === undefined;
  const name = `amph-${process.pid}-try`;
  const missing = [
    process.geteuid?.() !== 0 && 'root',
    !has('keepalived') && 'keepalived',
    !has('haproxy') && 'haproxy',
  ].filter((each) => each !== false);
  const canName = missing.length === 0 && spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (canName) spawnSync('ip', ['netns', 'del', name]);
  else process.stderr.write(`skipped: no ${missing[0] ?? 'CAP_NET_ADMIN'}, so no pair runs\n`);
  return canName;
}

/** The two ends and the bridge between them; `end` removes all of it. */
export async function createWire(names: readonly string[]): Promise<{ readonly end: () => Promise<void> }> {
  const bridge = `amph-${process.pid}-br`;
  const inBridge = (...args: readonly string[]): Promise<unknown> => run('ip', ['-n', bridge, ...args]);
  await run('ip', ['netns', 'add', bridge]);
  await inBridge('link', 'add', 'br0', 'type', 'bridge');
  await inBridge('link', 'set', 'br0', 'up');
  for (const [index, name] of names.entries()) {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    await inBridge('link', 'add', `port${index}`, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', name);
    await inBridge('link', 'set', `port${index}`, 'master', 'br0', 'up');
    await run('ip', ['-n', name, 'link', 'set', 'eth1', 'up']);
    await run('ip', ['-n', name, 'addr', 'add', `10.0.0.${11 + index}/24`, 'dev', 'eth1']);
    await run('ip', ['-n', name, 'addr', 'add', `2001:db8::${11 + index}/64`, 'dev', 'eth1', 'nodad']);
  }
  return {
    end: async () => {
      for (const name of [bridge, ...names]) await run('ip', ['netns', 'del', name]);
    },
  };
}

export const ipOf = (text: string): Ip => {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`${text} is no address`);
  return ip;
};

/** Makes the amphora of a namespace; the first of a pair is ACTIVE. */
export async function createNode(namespace: string, index: 0 | 1, directory: string): Promise<Node> {
  const host = createNodeHost({ PATH: process.env['PATH'] });
  const base = join(directory, namespace);
  mkdirSync(base, { recursive: true, mode: 0o755 });
  const paths = vrrpPaths(base);
  await createInstalledCompanions({ ...host, log: createRecordedLog(), basePath: base }).install();
  const through = ['ip', 'netns', 'exec', namespace];
  const ip = async (...args: readonly string[]): Promise<string> =>
    (await run('ip', ['-n', namespace, ...args])).stdout;
  const addresses = async (): Promise<readonly string[]> => {
    const links = JSON.parse(await ip('-j', 'addr', 'show', 'dev', 'eth1')) as readonly {
      readonly addr_info: readonly { readonly local: string }[];
    }[];
    return links.flatMap(({ addr_info }) => addr_info.map(({ local }) => local));
  };
  const children: ChildProcess[] = [];
  const pidFile = join(base, 'haproxy.pid');
  const statsSocket = join(base, 'haproxy.sock');
  const driver = (): VrrpProcess =>
    createVrrpProcess({
      ...host,
      supervisor: createDirectSupervisor(host),
      check: createKeepalivedCheck(host.runner, [...through, 'keepalived']),
      states: createVrrpStates({ ...host, paths }),
      addresses: createVrrpAddresses({
        ...host,
        presentAddresses: async (wanted) => {
          const there = new Set(await addresses());
          return wanted.filter((each) => there.has(each.ip.text));
        },
        removeAddresses: async (wanted) => {
          for (const each of wanted)
            await ip('addr', 'del', `${each.ip.text}/${each.prefixLength}`, 'dev', each.interfaceName);
        },
      }),
      paths,
      binary: 'keepalived',
      through,
    });
  return {
    namespace,
    paths,
    driver,
    addresses,
    ip,
    text: (changes = {}) =>
      renderVrrpConfig(
        builtInTemplates['keepalived-vrrp.conf'],
        {
          name: 'amphora',
          routerId: namespace,
          interfaceName: 'eth1',
          virtualRouterId: 50,
          priority: vrrpPriority(index === 0 ? 'ACTIVE' : 'STANDBY', changes.advertMs),
          advertMs: 1_000,
          source: ipOf(`10.0.0.${11 + index}`),
          peers: [ipOf(`10.0.0.${12 - index}`)],
          vips: [
            { ip: ipOf('10.0.0.5'), prefixLength: 24, network: '10.0.0.0/24', gateway: ipOf('10.0.0.1') },
          ],
          authPass: '0a1b2c3d',
          check: defaultCheckTiming,
          ...changes,
        },
        paths,
      ),
    list: ({ haproxies, ports = [], whenNone = 'success' }) =>
      writeCheckList(host.files, paths.checkList, {
        program: 'haproxy',
        loadBalancers: haproxies ? [{ pidFile, statsSocket }] : [],
        servicePorts: ports,
        whenNone,
      }),
    startHaproxy: () => {
      const config = join(base, 'haproxy.cfg');
      writeFileSync(
        config,
        `global\n  stats socket ${statsSocket} mode 600 level user\ndefaults\n  mode http\n  timeout client 5s\n  timeout connect 1s\n  timeout server 5s\nfrontend f\n  bind :8404\n  bind :::8405\n  http-request return status 200\n`,
      );
      const child = spawn('ip', ['netns', 'exec', namespace, 'haproxy', '-db', '-f', config], {
        stdio: 'ignore',
      });
      children.push(child);
      writeFileSync(pidFile, `${child.pid ?? 0}\n`);
      return child;
    },
    check: () => {
      const { status, stderr } = spawnSync('ip', ['netns', 'exec', namespace, paths.checkScript], {
        encoding: 'utf8',
      });
      return Promise.resolve({ code: status ?? -1, stderr });
    },
    end: async () => {
      for (const child of children) child.kill('SIGKILL');
      const found = await driver().adopt(undefined);
      if (found !== undefined) await driver().stop(found);
    },
  };
}

/** The pids of both keepalived processes. */
export function pidsOf({ paths }: Node): readonly number[] {
  return [paths.pidFile, paths.vrrpPidFile].map((path) => Number(readFileSync(path, 'utf8')));
}
