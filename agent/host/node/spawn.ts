// Starts a program and tells "could not be started" from everything later. Node throws some failures of
// execve and emits others (Node manual, child_process: 'spawn' and 'error').

import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { cannotStart, programOf } from './process-errors';

/** Starts `argv` without a shell and resolves once it runs. Throws `unavailable` when it cannot be started. */
export async function spawnProgram(argv: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  const program = programOf(argv);
  try {
    const child = spawn(program, argv.slice(1), { ...options, shell: false });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      // Kept for the child's life: Node also emits `error` for a signal that could not be sent, and an `error`
      // that nobody hears would end the agent.
      child.on('error', reject);
    });
    return child;
  } catch (thrown) {
    throw cannotStart(program, thrown);
  }
}
