// Namespaces for the live tests of the room network/: `outside` stands for the agent's own, `inside` is the amphora's, a
// client is on the VIP network, a member behind a second port. Each test file makes and removes its own.

import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createNodeProcessRunner } from '../../../agent/host/node/process';
import type { ProcessRunner } from '../../../agent/host/process';
import { parseCidr, type Cidr } from '../../../agent/model/cidr';
import { parseIp, type Ip } from '../../../agent/model/ip';
import { parseMac, type Mac, type WantedInterface } from '../../../agent/model/network';
import type { Network } from '../../../agent/network/network';
import { createNetwork } from '../../../agent/network/plug';
import { createRecordedLog } from '../../fakes/recorded-log';

export const vipMac = mac('02:00:00:00:a0:01');
export const portMac = mac('02:00:00:00:a0:02');

export interface Stage {
  readonly names: Readonly<Record<'outside' | 'inside' | 'client' | 'member', string>>;
  /** Runs programs as the agent would, if it lived in the namespace `outside`. */
  readonly runner: ProcessRunner;
  /** What the agent ran, one line each. */
  readonly commands: string[];
  readonly network: Network;
  /** A process that lives in `outside`. */
  readonly ownPid: number;
  /** Is called before each command of the agent. */
  onCommand(listener: (line: string) => void): void;
  /** Starts a program in a namespace, ended with the stage. */
  start(namespace: string, ...argv: readonly string[]): ChildProcess;
  /** Makes an interface in `outside` whose far end is one of another namespace. */
  makePort(name: string, address: string, far: string, farName: string): void;
  end(): Promise<void>;
}

/** What this machine can do of it; each thing that it cannot is told on stderr, once. */
export interface Abilities {
  readonly canWork: boolean;
  readonly canAnnounce: boolean;
  readonly canFilter: boolean;
  readonly canTranslate: boolean;
}

/** Tries out what the tests of `tag` need, in a namespace of its own. */
export function tryAbilities(tag: string): Abilities {
  const name = `amph-${process.pid}-${tag}-try`;
  const canWork = process.geteuid?.() === 0 && spawnSync('ip', ['netns', 'add', name]).status === 0;
  const tryNft = (text: string): boolean =>
    spawnSync('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { input: text }).status === 0;
  const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  const canFilter =
    canWork && tryNft('add table inet t\nadd chain inet t c { type filter hook input priority 0; }\n');
  const nat =
    'add table ip n\nadd chain ip n c { type nat hook postrouting priority 100; }\nadd rule ip n c masquerade\n';
  const canTranslate = canFilter && tryNft(nat);
  const canAnnounce = canWork && has('arping') && has('ndptool');
  if (canWork) spawnSync('ip', ['netns', 'del', name]);
  const skip = (reason: string): boolean => process.stderr.write(`skipped: ${reason}\n`);
  if (!canWork) skip('no root, so no network namespaces for plugging');
  else if (!canFilter) skip('no nft, or a kernel without it, for firewall and masquerading');
  else if (!canTranslate) skip('a kernel without NAT by nft, for masquerading');
  if (canWork && !canAnnounce) skip('no arping (iputils-arping) or ndptool (libndp-tools) for announcements');
  return { canWork, canAnnounce, canFilter, canTranslate };
}

/** Makes the namespaces of `tag` and joins them. */
export function makeStage(tag: string): Stage {
  const named = (role: string): string => `amph-${process.pid}-${tag}-${role}`;
  const names = { outside: named('o'), inside: named('i'), client: named('c'), member: named('m') };
  const children: ChildProcess[] = [];
  const commands: string[] = [];
  let listener: (line: string) => void = () => undefined;

  const real = createNodeProcessRunner({ env: process.env });
  const runner: ProcessRunner = {
    ...real,
    run: (argv, options) => {
      const line = argv.join(' ');
      listener(line);
      commands.push(line);
      return real.run(['nsenter', `--net=/run/netns/${names.outside}`, ...argv], options);
    },
  };
  const start: Stage['start'] = (namespace, ...argv) => {
    const child = spawn('ip', ['netns', 'exec', namespace, ...argv], { stdio: 'ignore' });
    children.push(child);
    return child;
  };
  const makePort: Stage['makePort'] = (name, address, far, farName) => {
    ipIn(names.outside, `link add ${name} type veth peer name ${farName} netns ${far}`);
    ipIn(names.outside, `link set dev ${name} address ${address}`);
  };

  for (const name of [names.outside, names.client, names.member]) {
    spawnSync('ip', ['netns', 'add', name]);
    ipIn(name, 'link set dev lo up');
  }
  makePort('vipport', vipMac, names.client, 'c0');
  makePort('netport', portMac, names.member, 'm0');
  for (const last of ['1', '2', '99']) {
    ipIn(names.client, `addr add 10.31.0.${last}/24 dev c0`);
    ipIn(names.client, `addr add 2001:db8:31::${last}/64 dev c0 nodad`);
  }
  ipIn(names.client, 'link set dev c0 up');
  ipIn(names.member, 'addr add 10.32.0.9/24 dev m0');
  ipIn(names.member, 'link set dev m0 up');
  const ownPid = start(names.outside, 'sleep', '1000').pid ?? 0;
  const log = createRecordedLog();
  return {
    names,
    runner,
    commands,
    ownPid,
    network: createNetwork({ runner, log, namespace: names.inside, ownPid, templates: builtInTemplates }),
    onCommand: (next) => {
      listener = next;
    },
    start,
    makePort,
    end: async () => {
      await Promise.all(children.map(endChild));
      for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name]);
    },
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Parses what a test writes. */
export function mac(text: string): Mac {
  return known(text, parseMac(text));
}

/** Parses what a test writes. */
export function ip(text: string): Ip {
  return known(text, parseIp(text));
}

/** Parses what a test writes. */
export function net(text: string): Cidr {
  return known(text, parseCidr(text));
}

function known<T>(text: string, parsed: T | undefined): T {
  if (parsed === undefined) throw new Error(`not understood: ${text}`);
  return parsed;
}

/** Runs in a namespace and gives all that was printed; the exit code does not matter. */
export function within(namespace: string, ...argv: readonly string[]): string {
  const { stdout, stderr } = spawnSync('ip', ['netns', 'exec', namespace, ...argv], { encoding: 'utf8' });
  return stdout + stderr;
}

/** Runs `ip` on a namespace. Throws what it said when it fails. */
export function ipIn(namespace: string, line: string): string {
  const { status, stdout, stderr } = spawnSync('ip', ['-n', namespace, ...line.split(' ')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ip -n ${namespace} ${line}: ${stderr}`);
  return stdout;
}

/** The argv of a TCP server on ports 80 and 81 that tells every client its address. */
export function tcpServer(host: string): readonly string[] {
  const each = `n.createServer((s)=>s.end(s.remoteAddress)).listen({port:p,host:'${host}',ipv6Only:true})`;
  return [process.execPath, '-e', `const n=require('net');for(const p of [80,81])${each}`];
}

/** What a TCP connection from a namespace gets: the address that the server saw, an errno, or `silence`. */
export function reach(namespace: string, host: string, port = 80, from?: string): string {
  const local = from === undefined ? '' : `,localAddress:'${from}'`;
  const code =
    `const s=require('net').connect({host:'${host}',port:${port}${local}});s.on('data',(d)=>console.log(String(d)));` +
    `s.on('error',(e)=>console.log(e.code));s.setTimeout(900,()=>{console.log('silence');s.destroy()})`;
  return within(namespace, process.execPath, '-e', code).trim();
}

/** A VIP port with both families, two gateways and a host route. */
export function vipWanted(masquerade: WantedInterface['masquerade']): WantedInterface {
  const gateway = (text: string) => ({ gateway: ip(text), isOnLink: true });
  return {
    name: 'eth1',
    mtu: 1450,
    addresses: [
      { ip: ip('10.31.0.4'), prefix: 24 },
      { ip: ip('10.31.0.10'), prefix: 32 },
      { ip: ip('2001:db8:31::4'), prefix: 64 },
      { ip: ip('2001:db8:31::10'), prefix: 128 },
    ],
    movingAddresses: [],
    routes: [
      { destination: net('0.0.0.0/0'), ...gateway('10.31.0.1'), table: 'main' },
      { destination: net('10.31.0.0/24'), table: 'main' },
      { destination: net('198.51.100.0/24'), ...gateway('203.0.113.1'), table: 'main', isOptional: true },
      { destination: net('0.0.0.0/0'), ...gateway('10.31.0.2'), table: 1 },
      { destination: net('10.31.0.0/24'), source: ip('10.31.0.10'), table: 1 },
      { destination: net('::/0'), ...gateway('2001:db8:31::1'), table: 'main' },
      { destination: net('2001:db8:31::/64'), table: 'main' },
      { destination: net('::/0'), ...gateway('2001:db8:31::2'), table: 1 },
      { destination: net('2001:db8:31::/64'), source: ip('2001:db8:31::10'), table: 1 },
    ],
    rules: [{ from: ip('10.31.0.10') }, { from: ip('2001:db8:31::10') }],
    masquerade,
  };
}

/** A port on the member network. */
export function portWanted(masquerade: WantedInterface['masquerade']): WantedInterface {
  const addresses = [{ ip: ip('10.32.0.4'), prefix: 24 }];
  return { name: 'eth2', addresses, movingAddresses: [], routes: [], rules: [], masquerade };
}
