// A program run to its end within a time: what it said and how it ended.
import { spawn } from 'node:child_process';

/** Runs `argv`; `status` is the exit status, a signal's name, or `late` when it had to be killed after `deadlineMs`. */
export function runProgram(argv, { deadlineMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    let stdout = '';
    let stderr = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ status: isLate ? 'late' : (code ?? signal), stdout, stderr });
    });
  });
}
