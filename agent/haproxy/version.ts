// The version of the haproxy binary, asked once per binary: `haproxy -v` begins "HAProxy version 2.6.12-1+deb12u4".

import type { ProcessRunner } from '../host/process';

/** Makes a reader of the binary's version that keeps its first good answer; '' when the binary does not say. */
export function createBinaryVersion(runner: ProcessRunner, binary: string): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    known ??= await readVersion(runner, binary);
    return known ?? '';
  };
}

async function readVersion(runner: ProcessRunner, binary: string): Promise<string | undefined> {
  const result = await runner.run([binary, '-v'], { timeoutMs: 5_000 });
  return /^HA-?Proxy version (\S+)/m.exec(result.stdout)?.[1];
}
