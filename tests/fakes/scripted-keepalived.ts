// keepalived 2.2 for UDP listeners, and the kernel's load balancer as it shows in /proc: what its configuration says is
// in the table while it lives, and stays there when it is killed. Answers as the real one does, bad ones included.

import { readLvsConfig } from '../../agent/keepalived/lvs-config';
import type { LvsConfig } from '../../agent/keepalived/lvs-config';
import type { MemoryFiles } from './memory-files';
import type { FakeProcess, ScriptedRunner } from './scripted-runner';

export interface ScriptedKeepalived {
  /** Those that live, with the text that each has read last. */
  running(): readonly { readonly pid: number; readonly text: string }[];
  /** Whether the kernel has ip_vs: without it keepalived ends. */
  hasIpvs: boolean;
  /** What `-t` prints and its exit status. */
  verdict: { code: number; stderr: string };
  /** What ipvsadm prints for `--stats`; undefined: it fails. */
  statistics: string | undefined;
  /** Ends the next one that reloads, as a checker with a fatal error does. */
  diesAtReload: boolean;
}

const heading = 'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n';

/** Installs it on a machine of fakes. */
export function installKeepalived({
  files,
  runner,
}: {
  readonly files: MemoryFiles;
  readonly runner: ScriptedRunner;
}): ScriptedKeepalived {
  const texts = new Map<number, string>();
  const fake: ScriptedKeepalived = {
    running: () =>
      runner.processes().flatMap(({ pid, state }) => {
        const text = texts.get(pid);
        return text === undefined || state === 'Z' ? [] : [{ pid, text }];
      }),
    hasIpvs: true,
    verdict: { code: 0, stderr: '' },
    statistics: '',
    diesAtReload: false,
  };
  const option = (argv: readonly string[], name: string): string => argv[argv.indexOf(name) + 1] ?? '';
  const print = (path: string, line: string): void =>
    files.plant(path, `${files.snapshot()[path] ?? ''}${line}\n`, 0o600);
  const logOf = (argv: readonly string[]): string => option(argv, '-f').replace(/live$/, 'log');

  const read = (pid: number, argv: readonly string[]): boolean => {
    const text = files.snapshot()[option(argv, '-f')] ?? '';
    const config = readLvsConfig(text);
    const isIdle = config.services.every(({ members }) => members.length === 0);
    if (!fake.hasIpvs && !isIdle) {
      print(logOf(argv), "IPVS: Can't initialize ipvs: No such file or directory");
      return false;
    }
    texts.set(pid, text);
    files.plant(option(argv, '-p'), `${pid}\n`);
    if (fake.hasIpvs) files.plant(`/proc/${pid}/net/ip_vs`, heading + tableOf(config));
    return true;
  };

  const onSignal = (signal: string, process: FakeProcess): void => {
    if (signal === 'SIGHUP') {
      print(logOf(process.argv), 'Reloading ...');
      if (!fake.diesAtReload && read(process.pid, process.argv)) return;
      fake.diesAtReload = false;
    }
    files.unplant(`/proc/${process.pid}/net/ip_vs`);
    runner.endProcess(process.pid);
  };

  runner.script({ match: /^ipvsadm -Ln/, result: () => statisticsOf(fake) });
  runner.script({ match: /^ipvsadm -[Dd]/, result: {} });
  runner.script({ match: /^keepalived -t/, result: () => fake.verdict });
  runner.script({
    match: /^keepalived -n -l -D -C/,
    onSignal,
    result: (argv) => {
      const process = runner.processes().findLast((each) => each.argv === argv);
      return process !== undefined && read(process.pid, argv) ? {} : { code: 1 };
    },
  });
  return fake;
}

function statisticsOf({ statistics }: ScriptedKeepalived) {
  return statistics === undefined
    ? { code: 255, stderr: "Can't initialize ipvs: Protocol not available\n" }
    : { stdout: statistics };
}

function tableOf({ protocol, services }: LvsConfig): string {
  const hex = (ip: string, port: number): string =>
    `${ip
      .split('.')
      .map((byte) => Number(byte).toString(16).padStart(2, '0'))
      .join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
  return services
    .filter(({ members }) => members.length > 0)
    .map(({ ip, port, members }) => {
      const rows = members.map(
        (each) => `  -> ${hex(each.ip.text, each.port)}      Masq    1      2          0\n`,
      );
      return `${protocol}  ${hex(ip.text, port)} wrr\n${rows.join('')}`;
    })
    .join('');
}
