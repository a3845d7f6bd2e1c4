// Process groups as transient systemd units, each with its own cgroup and limits, in amphorad.slice. Nothing ties
// them to the agent's own unit: they go on when it stops. A unit is how a service is started; known and signalled it
// is like any other process, by its proven identity (./proven-process). Source: systemd-run(1), systemctl(1).

import type { Files } from '../host/files';
import type { RunResult } from '../host/process';
import { AgentError } from '../model/errors';
import { createProvenProcesses, type ProvenProcessDeps } from './proven-process';
import type { Supervisor } from './service';
import { startUnit, unitName } from './unit';

export interface SystemdDeps extends ProvenProcessDeps {
  readonly files: Files;
  /** The network namespace of all services; '' for the host's own. */
  readonly namespace: string;
}

const startTimeoutMs = 50_000;
const askTimeoutMs = 10_000;
/** How long the remains of a former unit may have its name. */
const clearingMs = 5_000;
const clearingPollMs = 100;

/** Makes the process manager for machines where systemd is PID 1. */
export function createSystemdSupervisor(deps: SystemdDeps): Supervisor {
  const { files, namespace, ...host } = deps;
  const proven = createProvenProcesses(host);
  return {
    ...proven,
    async start(spec) {
      const before = await prepareLog(files, spec.logPath);
      const printed = async (): Promise<boolean> => ((await files.stat(spec.logPath))?.size ?? 0) > before;
      const isUp = await runUnit(host, { name: unitName(spec), start: startUnit(spec, namespace) }, printed);
      // 0, nobody's pid, for one that has ended already.
      const process = await proven.record(isUp ? await mainPid(host, unitName(spec)) : 0);
      return { process, exited: new Promise(() => undefined) };
    },
  };
}

/** Gives its size. systemd would make it with another mode, and follow a link to it. */
async function prepareLog(files: Files, path: string): Promise<number> {
  const found = await files.stat(path);
  if (found === undefined) await files.writeAtomic(path, '', 0o600);
  else if (found.kind !== 'file') {
    throw new AgentError('precondition', 'Not a regular file', { detail: path });
  }
  return found?.size ?? 0;
}

/** False for a program that ended before systemd had noted its start. */
async function runUnit(
  host: ProvenProcessDeps,
  { name: unit, start }: { readonly name: string; readonly start: readonly string[] },
  printed: () => Promise<boolean>,
): Promise<boolean> {
  const { runner, clock } = host;
  const deadline = clock.monotonic() + clearingMs;
  for (;;) {
    const result = await runner.run(start, { timeoutMs: startTimeoutMs });
    if (result.code === 0) return true;
    // It ran, then: what it printed says more than systemd does, and is its caller's to tell.
    if (isJobFailure(result) && (await printed())) return false;
    if (!isNameTaken(result) || clock.monotonic() >= deadline) throw startFailure(unit, result);
    const pid = await mainPid(host, unit);
    if (pid !== 0) {
      throw new AgentError('unavailable', `${unit} runs already`, {
        detail: `process ${pid} is not the one that this agent knows: end it with "systemctl stop ${unit}"`,
      });
    }
    // Its processes are just ending, or it failed and waits to be forgotten. Its success is seen at the next try.
    await runner.run(['systemctl', '--no-ask-password', 'reset-failed', unit], { timeoutMs: askTimeoutMs });
    await clock.sleep(clearingPollMs);
  }
}

// "Unit x.service already exists." of systemd 254 on, "… was already loaded or has a fragment file." before.
function isNameTaken({ stderr }: RunResult): boolean {
  return /already exists|already loaded|has a fragment file/.test(stderr);
}

// "Job for x.service failed.", on some ways with a reason behind it.
function isJobFailure({ stderr }: RunResult): boolean {
  return /^Job for \S+ failed/m.test(stderr);
}

function startFailure(unit: string, { stderr, timedOut }: RunResult): AgentError {
  return timedOut
    ? new AgentError('timeout', `systemd did not start ${unit} within ${startTimeoutMs / 1_000} s`)
    : new AgentError('unavailable', `systemd does not start ${unit}`, { detail: stderr.trim() });
}

/** The pid of a unit's main process; 0 when it has none. Throws `unavailable` when systemd does not tell. */
async function mainPid({ runner }: ProvenProcessDeps, unit: string): Promise<number> {
  const argv = ['systemctl', '--no-ask-password', 'show', '--property=MainPID', '--value', unit];
  const { code, stdout, stderr } = await runner.run(argv, { timeoutMs: askTimeoutMs });
  if (code !== 0 || !/^\d+\n?$/.test(stdout)) {
    throw new AgentError('unavailable', `systemd does not tell the process of ${unit}`, {
      detail: (stderr === '' ? stdout : stderr).trim(),
    });
  }
  return Number(stdout);
}
