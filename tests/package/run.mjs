// One run: steps with a name, each passed, failed or skipped with a reason; what was measured; what is undone at the end.

/** Makes a run. */
export function createRun() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const undo = [];
  const print = (line) => process.stdout.write(`${line}\n`);
  return {
    /** Runs a step, which throws what is wrong; the run goes on. Resolves with what it gives, undefined when it failed. */
    async step(name, job) {
      try {
        const result = await job();
        counts.passed += 1;
        print(`ok       ${name}`);
        return result;
      } catch (thrown) {
        counts.failed += 1;
        print(`FAILED   ${name}: ${thrown.message}`);
        return undefined;
      }
    },
    skip(name, reason) {
      counts.skipped += 1;
      print(`skipped  ${name}: ${reason}`);
    },
    /** A figure for the report. */
    tell: (what) => print(`         ${what}`),
    /** What is to be done at the end, the last first. */
    afterwards: (job) => undo.unshift(job),
    cleanUp() {
      for (const job of undo.splice(0)) job();
    },
    finish() {
      const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
      print(`packages: ${counts.passed} passed, ${counts.failed} failed${skipped}`);
      return counts.failed === 0 ? 0 : 1;
    },
  };
}

/** Throws with `what` unless it holds. */
export function must(holds, what) {
  if (!holds) throw new Error(what);
}
