// Programs on a machine with a fake haproxy: haproxy and ss(8) are answered here, whatever else is asked for is not
// installed. Processes below the fakes' pids are the real machine's, and are looked at only.

import { basename } from 'node:path';
import type { Files } from '../../host/files';
import { cannotStart } from '../../host/node/process-errors';
import type { ProcessRunner, RunResult } from '../../host/process';
import { readBinds } from '../../haproxy/binds';
import { alert, valuesOf, type FakeGroup } from './group';
import { judgeConfig } from './judge';
import { listeningRow, localOf } from './listening';
import { isFakePid, type ProcessTable } from './process-table';
import { fakeVersion } from './tables';

export interface FakeRunnerDeps {
  readonly real: ProcessRunner;
  readonly table: ProcessTable;
  readonly files: Files;
  readonly groups: () => readonly FakeGroup[];
  readonly start: (argv: readonly string[], logPath: string) => Promise<FakeGroup>;
  /** The words with which the check of a load balancer is scripted to fail; undefined: it is not. */
  readonly checkFault: (configPaths: readonly string[]) => string | undefined;
}

const success: RunResult = {
  code: 0,
  signal: null,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
};

/** Makes the runner. */
export function createFakeRunner(deps: FakeRunnerDeps): ProcessRunner {
  const { real, table } = deps;
  return {
    ...real,
    async run(given) {
      const argv = inNamespace(given);
      if (isHaproxy(argv)) return runHaproxy(argv, deps);
      if (basename(argv[0] ?? '') === 'ss') return { ...success, stdout: listening(deps.groups()) };
      throw notInstalled(argv);
    },
    async startDetached(given, { logPath }) {
      const argv = inNamespace(given);
      if (!isHaproxy(argv)) throw notInstalled(argv);
      const { master } = await deps.start(argv, logPath);
      return { pid: master.pid, exited: master.exited };
    },
    signal: (pid, signal, startTicks) => isFakePid(pid) && table.signal(pid, signal, startTicks),
    signalGroup: (pid, signal, startTicks) => isFakePid(pid) && table.signal(pid, signal, startTicks),
    identify: (pid) => (isFakePid(pid) ? Promise.resolve(table.identify(pid)) : real.identify(pid)),
    glance(pid) {
      if (!isFakePid(pid)) return real.glance(pid);
      const process = table.of(pid);
      return process && { startTicks: process.startTicks, state: process.state };
    },
    processesOf: (program) => Promise.resolve(table.processesOf(program)),
  };
}

// `ip netns exec` replaces itself by the program.
function inNamespace(argv: readonly string[]): readonly string[] {
  return argv[0] === 'ip' && argv[1] === 'netns' && argv[2] === 'exec' ? argv.slice(4) : argv;
}

function isHaproxy([program = '']: readonly string[]): boolean {
  return basename(program).startsWith('haproxy');
}

function notInstalled([program = '']: readonly string[]): Error {
  return cannotStart(program, { code: 'ENOENT' });
}

async function runHaproxy(argv: readonly string[], deps: FakeRunnerDeps): Promise<RunResult> {
  const version = `HAProxy version ${fakeVersion} (fake) - nothing is balanced\n`;
  if (argv.includes('-v')) return { ...success, stdout: version };
  if (argv.includes('-vv'))
    return { ...success, stdout: `${version}\nBuild options :\n  none: nothing was built\n` };
  if (!argv.includes('-c'))
    return { ...success, code: 1, stderr: `${alert('only -v, -vv, -c and -Ws are known')}\n` };
  const paths = valuesOf(argv, '-f');
  const refusal = deps.checkFault(paths) ?? (await judgeFiles(paths, deps.files));
  if (refusal !== undefined) return { ...success, code: 1, stderr: `${refusal}\n` };
  return { ...success, stdout: 'Configuration file is valid\n' };
}

/** What haproxy prints on finding configuration files wrong; undefined when they are right. */
export async function judgeFiles(paths: readonly string[], files: Files): Promise<string | undefined> {
  const configs = await Promise.all(paths.map(async (path) => ({ path, text: await files.readText(path) })));
  return judgeConfig(configs, files);
}

function listening(groups: readonly FakeGroup[]): string {
  const rows = groups.flatMap((group) => {
    const worker = group.worker();
    if (worker === undefined) return [];
    const peer = valuesOf(group.master.argv, '-L')[0] ?? '';
    return readBinds(worker.texts.join('\n'), peer)
      .filter(({ transport }) => transport === 'tcp')
      .map((bind) => listeningRow(localOf(bind), 'haproxy', worker.process.pid));
  });
  return [...rows, ''].join('\n');
}
