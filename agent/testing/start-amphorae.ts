// Many amphorae in one process, over fake haproxies: each with an id, a directory, a port, a certificate and a heartbeat of its
// own; what need not be their own they share. Their heartbeats are spread evenly over the interval, as those of a fleet are.

import { join } from 'node:path';
import type { AgentHost } from '../boot/wire-host';
import { readAuthorities, type Authority, type ReadAuthorities } from '../core/client-trust';
import { createPackageVersions } from '../core/packages';
import { createRecent } from '../core/recent';
import { newDirectory, removeDirectory, writeSharedCertificates } from './agent-files';
import type { Amphora, Amphorae, AmphoraeOptions, AmphoraOptions } from './amphora';
import { createHarnessHost } from './harness-host';
import { createHastyFiles } from './hasty-files';
import { openHealthManager } from './health-manager';
import { makePki } from './pki';
import { startAmphoraOn } from './start-amphora';

const defaultIntervalMs = 10_000;
const trafficAgeMs = 1_000;
// A start hardly waits for anything: more of them would only hold up, all at once, what else wants its turn.
const startsAtOnce = 4;

/** Starts many amphorae over fake haproxies; resolves when all answer. Throws when one of them cannot be started; none is left then. */
export async function startAmphorae({ count, ...given }: AmphoraeOptions): Promise<Amphorae> {
  const real = createHarnessHost(process.env);
  const host = sharedHost(real);
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
  const shared = {
    host,
    certificates,
    readAuthorities: shareAuthorities(),
    packages: createPackageVersions(host.files),
    issueServer: pki.serversOfOneKey(),
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
      // Nothing in a start need wait for the kernel: those that run already would not get a turn until all are started.
      await host.clock.sleep(0);
      amphorae[index] = await startAmphoraOn(
        { ...options, directory: join(directory, String(index)) },
        { ...shared, heartbeatAfterMs: waitOf(index) },
      );
    });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { amphorae: [...amphorae], healthManager, stop, [Symbol.asyncDispose]: stop };
}

/** What each would read of the machine is read for all of them. */
function sharedHost(real: AgentHost): AgentHost {
  const { system, clock, files } = real;
  const traffic = createRecent(clock, trafficAgeMs, () => system.traffic());
  const bootId = createRecent(clock, Infinity, () => system.bootId());
  return { ...real, files: createHastyFiles(files), system: { ...system, traffic, bootId } };
}

/** Each of them has the same authority, which is read once. */
function shareAuthorities(): ReadAuthorities {
  let last: { readonly pem: string; readonly authorities: readonly Authority[] } | undefined;
  return (pem) => {
    if (last?.pem !== pem) last = { pem, authorities: readAuthorities(pem) };
    return last.authorities;
  };
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
