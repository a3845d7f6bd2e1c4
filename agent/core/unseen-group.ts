// A group that a killed agent started and had no time to record. Its master's socket may not answer yet: a large
// configuration is read for seconds before it is bound. Starting a second one beside it would leave an orphan, so
// it is looked for by its command line. Source: DESIGN "Adopt".

import { basename } from 'node:path';
import type { HaproxyPaths } from '../haproxy/paths';
import type { ProcessIdentity, ProcessRunner } from '../host/process';
import type { System } from '../host/system';
import type { ServiceProcess } from '../supervisor/service';

export interface UnseenGroupDeps {
  readonly runner: Pick<ProcessRunner, 'processesOf'>;
  readonly system: Pick<System, 'bootId'>;
  readonly binary: string;
}

/** The master whose command line names this load balancer's pid file; undefined when there is none. Whether it is ours is for the supervisor to say. */
export async function findUnseenMaster(
  { runner, system, binary }: UnseenGroupDeps,
  { pidFile }: HaproxyPaths,
): Promise<ServiceProcess | undefined> {
  const group = (await runner.processesOf(basename(binary))).filter(
    ({ argv, state }) => argv[argv.indexOf('-p') + 1] === pidFile && state !== 'Z' && state !== 'X',
  );
  const [master] = [...group].sort(byAge);
  if (master === undefined) return undefined;
  return { pid: master.pid, startTicks: master.startTicks, bootId: await system.bootId() };
}

// Workers are forked from their master: it is the oldest, also after reloads, in which it keeps its pid.
function byAge(a: ProcessIdentity, b: ProcessIdentity): number {
  return Number(a.startTicks) - Number(b.startTicks) || a.pid - b.pid;
}
