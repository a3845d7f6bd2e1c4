// One case, drawn from its name and run: what both the runner and the process for pure functions do.
import { caseName, createRandom } from './random.mjs';

const mostDumpBytes = 512;

/** Runs a case; resolves with its outcome and its failures, which carry its name and the beginning of its input. */
export async function runCase(generator, n, world) {
  const name = caseName(world.seed, generator.name, n);
  const made = generator.make(createRandom(name), { ...world, n });
  const faults = [];
  let outcome = 'failed';
  try {
    const result = await generator.run(made, { ...world, n });
    outcome = String(result.outcome);
    faults.push(...result.faults);
  } catch (thrown) {
    faults.push(`threw ${thrown.stack ?? thrown}`);
  }
  return {
    outcome,
    input: made.input,
    failures: faults.map((fault) => ({ name, fault, dump: dumpOf(made.input) })),
  };
}

/** Shows bytes as hex and text, 16 a line, the first 512. */
export function dumpOf(bytes) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, mostDumpBytes); at += 16) {
    const row = bytes.subarray(at, Math.min(at + 16, mostDumpBytes));
    const text = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(
      `${at.toString(16).padStart(6, '0')}  ${row.toString('hex').replace(/../g, '$& ').padEnd(48)} ${text}`,
    );
  }
  if (bytes.length > mostDumpBytes) lines.push(`… ${bytes.length} bytes in all`);
  return lines;
}
