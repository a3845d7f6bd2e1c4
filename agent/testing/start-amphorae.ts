// Many amphorae in one process, over fake haproxies: each with an id, a directory, a port, a certificate and a heartbeat of its
// own; what need not be their own they share. Their heartbeats are spread evenly over the interval, as those of a fleet are.

import { join } from 'node:path';
import { newDirectory, removeDirectory, writeSharedCertificates } from './agent-files';
import type { Amphora, Amphorae, AmphoraeOptions, AmphoraOptions } from './amphora';
import { createHarnessHost } from './harness-host';
import { createHastyFiles } from './hasty-files';
import { openHealthManager } from './health-manager';
import { makePki } from './pki';
import { startAmphoraOn } from './start-amphora';

const defaultIntervalMs = 10_000;
// Beyond that they wait for each other, and each start takes longer for the memory that it holds.
const startsAtOnce = 16;

/** Starts many amphorae over fake haproxies; resolves when all answer. Throws when one of them cannot be started; none is left then. */
export async function startAmphorae({ count, ...given }: AmphoraeOptions): Promise<Amphorae> {
  const real = createHarnessHost(process.env);
  const host = { ...real, files: createHastyFiles(real.files) };
  const healthManager = given.healthManager ?? (await openHealthManager(host));
  const pki = given.pki ?? makePki();
  const directory = newDirectory();
  const certificates = await writeSharedCertificates(host.files, join(directory, 'certs'), pki);
  const options: AmphoraOptions = {
    heartbeatIntervalMs: defaultIntervalMs,
    pki,
    ...given,
    healthManager,
    fakeHaproxy: true,
  };
  const intervalMs = options.heartbeatIntervalMs ?? defaultIntervalMs;
  const beganMs = host.clock.monotonic();
  /** Its place in the interval, counted from the start of the first one. */
  const waitOf = (index: number) => (): number => {
    const gone = host.clock.monotonic() - beganMs;
    const wait = ((index * intervalMs) / count - gone) % intervalMs;
    return wait < 0 ? wait + intervalMs : wait;
  };
  const amphorae: Amphora[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(amphorae.splice(0).map((amphora) => amphora.stop()));
    await removeDirectory(directory);
    if (given.healthManager === undefined) await healthManager.close();
  };
  try {
    await startAll(count, async (index) => {
      amphorae[index] = await startAmphoraOn(
        { ...options, directory: join(directory, String(index)) },
        { host, certificates, heartbeatAfterMs: waitOf(index) },
      );
    });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { amphorae: [...amphorae], healthManager, stop, [Symbol.asyncDispose]: stop };
}

/** Runs `start` for each, some at a time; throws what one of them threw, once none is under way. */
async function startAll(count: number, start: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await start(index);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: startsAtOnce }, work));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
