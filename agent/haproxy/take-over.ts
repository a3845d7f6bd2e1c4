// How a group of ours takes the place of one that Octavia's agent has started, without one lost connection: the old
// group is reloaded once with a socket that hands over its listening sockets, ours is started on those (-x), and only
// when ours is proven the old one is asked to finish its sessions (SIGUSR1) and end. Measured with 2.6.12; sources:
// HAProxy 2.6 management guide, 3 ("-x") and 9.3 ("expose-fd listeners").
//
// INVARIANTS:
// - until `finish` the old group serves, and a failure leaves it as it was;
// - the account file is shared by all such groups: one hand-over at a time changes it, and puts it back.

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { ProcessRunner } from '../host/process';
import type { UnixSockets } from '../host/sockets';
import { AgentError } from '../model/errors';
import { createLimiter } from '../model/limiter';
import type { ServiceProcess, Supervisor } from '../supervisor/service';
import { accountFileOf } from './inherited';
import type { HaproxyPaths } from './paths';
import { createRuntimeClient, ifAnswered } from './runtime/client';
import { showInfo } from './runtime/show-info';

/** Has an old group offer its listening sockets at the admin socket. Throws `reload-failed`; it then serves as before. */
export type ExposeListeners = (paths: HaproxyPaths, old: ServiceProcess) => Promise<void>;

export interface ExposeDeps {
  readonly supervisor: Pick<Supervisor, 'reload' | 'isAlive'>;
  readonly runner: Pick<ProcessRunner, 'identify'>;
  readonly files: Files;
  readonly clock: Clock;
  /** As they are. */
  readonly sockets: UnixSockets;
  /** Of haproxy's account. */
  readonly group: string;
}

const pollMs = 10;
// It reads a text that was just checked; one that does not come up keeps its old worker.
const deadlineMs = 20_000;
const mark = '# of amphorad, for a moment';

/** Makes the first half of a hand-over. */
export function createExposeListeners(deps: ExposeDeps): ExposeListeners {
  const oneAtATime = createLimiter(1);
  return (paths, old) => oneAtATime(() => expose(deps, paths, old));
}

/** Takes out of an account file what a killed agent may have left in it. Pure. */
export function withoutExposure(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.endsWith(mark))
    .join('\n');
}

async function expose(deps: ExposeDeps, paths: HaproxyPaths, old: ServiceProcess): Promise<void> {
  const { files, runner, supervisor } = deps;
  const argv = (await runner.identify(old.pid))?.argv ?? [];
  const account = accountFileOf(argv, paths);
  if (account === undefined) throw failure('its command line names no file of its account');
  const text = await files.readHostText(account);
  const former = withoutExposure(text ?? `global\n    group ${deps.group}\n`);
  const socket = `stats socket ${paths.adminSocket} mode 600 level admin expose-fd listeners`;
  const mode = (await files.stat(account))?.mode ?? 0o644;
  await files.remove(paths.adminSocket);
  await files.writeAtomic(account, `${former.trimEnd()}\nglobal ${mark}\n    ${socket} ${mark}\n`, mode);
  try {
    if (!(await supervisor.reload(old)) || !(await answers(deps, paths, old))) {
      throw failure(`process ${old.pid} did not serve anew within ${deadlineMs / 1_000} s`);
    }
  } finally {
    // Debian's package of that agent takes its file along when it is removed.
    await (text === undefined ? files.remove(account) : files.writeAtomic(account, former, mode));
  }
}

async function answers(
  { supervisor, sockets, clock }: ExposeDeps,
  paths: HaproxyPaths,
  old: ServiceProcess,
): Promise<boolean> {
  const client = createRuntimeClient(sockets, paths.adminSocket);
  const deadline = clock.monotonic() + deadlineMs;
  while (clock.monotonic() < deadline && (await supervisor.isAlive(old))) {
    if ((await ifAnswered(() => showInfo(client)))?.has('Pid') === true) return true;
    await clock.sleep(pollMs);
  }
  return false;
}

function failure(detail: string): AgentError {
  return new AgentError('reload-failed', 'Error reloading haproxy', {
    detail: `the haproxy of the former agent does not hand over its ports: ${detail}`,
  });
}
