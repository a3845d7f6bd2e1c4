// Other programs by node:child_process and kill(2). The environment is given, never read here: boot alone
// looks at ours.

import type { ProcessRunner, Signal } from '../process';
import { childEnvironment, detachedEnvironment } from './child-env';
import type { Environment } from './child-env';
import { startDetached } from './detached';
import { hasErrno } from './errno';
import { refuseSignal, signalError } from './process-errors';
import { glanceAtProcess, identifyProcess } from './process-identity';
import { listProcesses } from './process-list';
import { runProgram } from './run';

export interface ProcessRunnerSetting {
  /** The agent's own environment, from which that of its children is made. */
  readonly env: Environment;
  /** Bytes kept of each of stdout and stderr of a run. Default 1 MiB. */
  readonly maxOutputBytes?: number;
}

/** Makes the real runner of programs. */
export function createNodeProcessRunner({
  env,
  maxOutputBytes = 1024 * 1024,
}: ProcessRunnerSetting): ProcessRunner {
  const running = { env: childEnvironment(env), maxOutputBytes };
  const detached = detachedEnvironment(env);
  return {
    run: (argv, options = {}) => runProgram(argv, options, running),
    startDetached: (argv, options) => startDetached(argv, options, detached),
    signal: (pid, signal, startTicks) => send(pid, pid, signal, startTicks),
    // A detached process leads the group of its own number.
    signalGroup: (pid, signal, startTicks) => send(pid, -pid, signal, startTicks),
    identify: identifyProcess,
    glance: glanceAtProcess,
    processesOf: listProcesses,
  };
}

function send(pid: number, target: number, signal: Signal, startTicks: string | undefined): boolean {
  refuseSignal(pid);
  if (startTicks !== undefined && glanceAtProcess(pid)?.startTicks !== startTicks) return false;
  try {
    return process.kill(target, signal);
  } catch (thrown) {
    if (hasErrno(thrown, 'ESRCH')) return false;
    throw signalError(pid, thrown);
  }
}
