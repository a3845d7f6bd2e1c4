// The agent that the demo drives: the one that runs in a state directory, else one of the demo's own, in a
// temporary directory whose name is short because haproxy's socket paths hold 107 bytes.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createApi } from './api.mjs';
import { startChild } from './child.mjs';
import { waitUntil } from './loopback.mjs';

/** The command that starts the agent. */
export const launcher = join(import.meta.dirname, '..', '..', 'dist', 'amphorad');
const startDeadlineMs = 20_000;
// The agent ends in 2 s, plus what its haproxy processes may take.
const endGraceMs = 20_000;

/** Finds the agent that `amphorad dev` announces in a state directory; undefined when none answers there. */
export async function findAgent(state, signal) {
  const ready = readReady(state);
  if (ready === undefined) return undefined;
  const api = createApi(ready);
  if (await answers(api, ready, signal)) {
    return { ...agentOf(ready, api, state), own: false, end: async () => {} };
  }
  api.close();
  return undefined;
}

/** Starts an agent for this demo alone. Throws with its last words when it does not answer within 20 s. */
export async function startAgent(signal) {
  const state = mkdtempSync(join(tmpdir(), 'ampd-'));
  const child = startChild(
    [launcher, 'dev', '--state', state, '--port', '0', '--ready-json'],
    join(state, 'log'),
  );
  const end = async () => {
    await child.end(endGraceMs);
    rmSync(state, { recursive: true, force: true });
  };
  try {
    const found = await waitUntil(
      async () => child.ended() ?? (await findAgent(state, signal)),
      startDeadlineMs,
      signal,
    );
    if (found === undefined || typeof found === 'string') {
      const why = found ?? `it does not answer within ${startDeadlineMs / 1000} s`;
      throw new Error(`the agent does not start: ${why}\n${child.lastWords()}`);
    }
    return { ...found, own: true, end };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

function agentOf(ready, api, state) {
  const { pid, address, port, amphora_id: amphoraId } = ready;
  // base_cert_dir as `amphorad dev` chooses it: what a configuration has to name.
  const certificateDirectory = resolve(state, 'lib', 'certs');
  return { api, pid, address, port, amphoraId, certificateDirectory };
}

function readReady(state) {
  try {
    return JSON.parse(readFileSync(join(state, 'ready.json'), 'utf8'));
  } catch (thrown) {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

// A file left behind may name a port that is another's by now.
async function answers(api, ready, signal) {
  try {
    const info = await api.call('GET', '/info', { signal });
    return info.status === 200 && info.body?.uuid === ready.amphora_id;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return false;
  }
}
