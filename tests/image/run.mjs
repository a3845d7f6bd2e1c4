// Steps with their outcome, what they found out, and what must be ended afterwards.
import { setTimeout as pause } from 'node:timers/promises';

const lookMs = 250;

/** One run of the whole. */
export function createRun() {
  const lines = [];
  const ends = [];
  const explain = [];
  let failures = 0;
  const say = (line) => {
    lines.push(line);
    process.stdout.write(`${line}\n`);
  };
  return {
    say,
    note: (line) => process.stdout.write(`${line}\n`),
    onEnd: (end) => ends.unshift(end),
    onFailure: (tell) => explain.push(tell),
    /** Runs a step; false when it failed, which is told with what the machine says. */
    async step(title, work) {
      try {
        const found = await work();
        say(`ok    ${title}${found === undefined ? '' : `: ${found}`}`);
        return true;
      } catch (error) {
        failures += 1;
        say(`FAIL  ${title}: ${error.message}`);
        for (const tell of explain) process.stdout.write(`${tell()}\n`);
        return false;
      }
    },
    async cleanUp() {
      for (const end of ends.splice(0)) {
        // One that fails must not leave qemu running.
        try {
          await end();
        } catch (error) {
          process.stdout.write(`not cleaned up: ${error.message}\n`);
        }
      }
    },
    failed: () => failures > 0,
    text: () => `${lines.join('\n')}\n`,
  };
}

/** Asks again until it neither throws nor gives undefined; rejects with the last reason. */
export async function eventually(ask, timeoutMs) {
  const lastMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      const found = await ask();
      if (found !== undefined) return found;
      if (Date.now() > lastMs) throw new Error(`not within ${timeoutMs / 1000} s`);
    } catch (error) {
      if (Date.now() > lastMs) throw error;
    }
    await pause(lookMs);
  }
}
