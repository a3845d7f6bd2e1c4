// The parent's side of the process for pure functions: asks for cases, and ends and replaces it when it hangs or dies.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { caseName } from './random.mjs';

const graceMs = 20_000;
const heapMb = 512;

/** Makes the process; `directory` holds the bundle. */
export function createPure({ directory, seed }) {
  let child;
  const start = () =>
    fork(join(import.meta.dirname, 'pure-child.mjs'), [directory, String(seed)], {
      execArgv: [`--max-old-space-size=${heapMb}`],
      serialization: 'advanced',
    });
  return {
    /** Runs up to `count` cases from number `from` on for a time; resolves with the next number, outcomes and failures. */
    run(name, { from, count, sliceMs }) {
      child ??= start();
      const process = child;
      return new Promise((resolve) => {
        const finish = (result) => {
          clearTimeout(timer);
          process.off('message', finish).off('exit', died);
          resolve(result);
        };
        const lost = (fault) => {
          child = undefined;
          const n = readFileSync(join(directory, 'at')).readDoubleLE();
          finish({
            next: n + 1,
            tally: { lost: 1 },
            failures: [{ name: caseName(seed, name, n), fault, dump: [] }],
          });
        };
        const died = (code, signal) => lost(`the process ended with ${signal ?? code}`);
        const timer = setTimeout(() => {
          process.off('exit', died);
          process.kill('SIGKILL');
          lost(`not done within ${graceMs / 1_000} s`);
        }, sliceMs + graceMs);
        process.once('message', finish).once('exit', died);
        process.send({ name, from, count, sliceMs });
      });
    },
    end: () => child?.kill('SIGKILL'),
  };
}
