// A child process of ours: started with its stderr in a file, ended by TERM and, past a deadline, by KILL.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

const shownLogBytes = 2_000;

/** Starts a program in a session of its own, so that Ctrl-C reaches us alone and we can clean up before it goes. `onOutput` gets what it writes to stdout. */
export function startChild(argv, logPath, onOutput) {
  // Appended to, so that whoever reads the log may empty it.
  const log = openSync(logPath, 'a', 0o600);
  const output = onOutput === undefined ? 'ignore' : 'pipe';
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', output, log], detached: true });
  closeSync(log);
  child.stdout?.setEncoding('utf8').on('data', onOutput);
  const state = { ended: undefined };
  const exited = new Promise((resolve) => {
    child.on('error', (error) => resolve((state.ended = `it cannot be started: ${error.message}`)));
    child.on('exit', (code, signal) => resolve((state.ended = `it ended with ${signal ?? code}`)));
  });
  return {
    pid: child.pid,
    /** How it ended, in words; undefined while it runs. */
    ended: () => state.ended,
    /** The end of what it wrote to stderr. */
    lastWords: () => readFileSync(logPath, 'utf8').slice(-shownLogBytes).trim(),
    /** Ends it and resolves once it is gone; KILL follows TERM after `graceMs`. */
    async end(graceMs) {
      if (state.ended !== undefined) return;
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(killer);
    },
  };
}
