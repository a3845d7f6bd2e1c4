// keepalived 2.2 as half of a pair, and the addresses of the machine: it tells its state as our notify script would, puts
// its addresses on as MASTER and takes them off when it is asked to end, but not when it is killed.

import { vrrpPaths } from '../../agent/keepalived/vrrp-paths';
import { readVrrpConfig } from '../../agent/keepalived/vrrp-config';
import type { VrrpState } from '../../agent/model/vrrp';
import type { MemoryFiles } from './memory-files';
import type { FakeProcess, ScriptedRunner } from './scripted-runner';

export interface ScriptedPair {
  /** Those that live, with the text that each has read last. */
  running(): readonly { readonly pid: number; readonly text: string }[];
  /** The state that it tells when it starts or reloads. */
  state: VrrpState;
  /** Addresses as `ip/length`, by interface. */
  readonly addresses: Map<string, string[]>;
  /** What `-t` prints and its exit status. */
  verdict: { code: number; stderr: string };
  /** Ends at its start, as one does that cannot open its socket. */
  dies: boolean;
  /** Has one that lives change its state. */
  become(state: VrrpState): void;
}

const paths = vrrpPaths('/var/lib/octavia');

/** Installs it on a machine of fakes that has 192.168.50.11/24 on eth1. */
export function installPair({
  files,
  runner,
}: {
  readonly files: MemoryFiles;
  readonly runner: ScriptedRunner;
}): ScriptedPair {
  const texts = new Map<number, string>();
  const fake: ScriptedPair = {
    running: () =>
      runner.processes().flatMap(({ pid, state }) => {
        const text = texts.get(pid);
        return text === undefined || state === 'Z' ? [] : [{ pid, text }];
      }),
    state: 'BACKUP',
    addresses: new Map([
      ['lo', ['127.0.0.1/8']],
      ['eth1', ['192.168.50.11/24']],
    ]),
    verdict: { code: 0, stderr: '' },
    dies: false,
    become(state) {
      fake.state = state;
      for (const { pid, text } of fake.running()) tell(pid, text);
    },
  };
  const append = (path: string, line: string): void =>
    files.plant(path, `${files.snapshot()[path] ?? ''}${line}\n`, 0o600);
  const vipsOf = (text: string) => readVrrpConfig(text).instances.flatMap(({ addresses }) => addresses);
  const takeOff = (text: string): void => {
    for (const { ip, interfaceName } of vipsOf(text)) {
      const left = (fake.addresses.get(interfaceName) ?? []).filter(
        (each) => !each.startsWith(`${ip.text}/`),
      );
      fake.addresses.set(interfaceName, left);
    }
  };

  function tell(pid: number, text: string): void {
    takeOff(text);
    for (const { name } of readVrrpConfig(text).instances) {
      append(
        paths.notifyLog,
        JSON.stringify({ uptime: 1, pid, instance: name, state: fake.state, priority: 100 }),
      );
    }
    if (fake.state !== 'MASTER') return;
    for (const { ip, prefixLength, interfaceName } of vipsOf(text)) {
      fake.addresses.get(interfaceName)?.push(`${ip.text}/${prefixLength}`);
    }
  }

  const read = (pid: number): boolean => {
    const text = files.snapshot()[paths.live] ?? '';
    if (fake.dies) {
      append(paths.log, 'bind unicast_src - 99 - Cannot assign requested address');
      return false;
    }
    const before = texts.get(pid);
    if (before !== undefined) takeOff(before);
    texts.set(pid, text);
    for (const path of [paths.pidFile, paths.vrrpPidFile]) files.plant(path, `${pid}\n`);
    tell(pid, text);
    return true;
  };

  const onSignal = (signal: string, process: FakeProcess): void => {
    if (signal === 'SIGHUP') {
      append(paths.log, 'Reloading ...');
      read(process.pid);
      append(paths.log, 'Reload complete');
      return;
    }
    takeOff(texts.get(process.pid) ?? '');
    runner.endProcess(process.pid);
  };

  runner.script({ match: /^keepalived -t/, result: () => fake.verdict });
  runner.script({
    match: /^keepalived -n -l -D -G -P/,
    onSignal,
    result: (argv) => {
      const process = runner.processes().findLast((each) => each.argv === argv);
      return process !== undefined && read(process.pid) ? {} : { code: 1 };
    },
  });
  scriptAddresses(runner, fake.addresses);
  return fake;
}

function scriptAddresses(runner: ScriptedRunner, addresses: Map<string, string[]>): void {
  const linkOf = ([name, all]: readonly [string, readonly string[]]) => ({
    ifname: name,
    addr_info: all.map((each) => {
      const [local = '', length] = each.split('/');
      return { family: local.includes(':') ? 'inet6' : 'inet', local, prefixlen: Number(length) };
    }),
  });
  runner.script({
    match: /^ip -j addr$/,
    result: () => ({ stdout: JSON.stringify([...addresses].map(linkOf)) }),
  });
  runner.script({
    match: /^ip -j addr (?:replace|del) /,
    result: (argv) => {
      const [verb, address = '', , name = ''] = argv.slice(3);
      const left = (addresses.get(name) ?? []).filter((each) => each !== address);
      addresses.set(name, verb === 'replace' ? [...left, address] : left);
      return {};
    },
  });
  runner.script({ match: /^(?:arping|ndptool|sysctl) /, result: {} });
}
