// Tries the packages: built twice they are the same, they hold what they say, lintian has no errors; in a clean Debian
// root they install, upgrade under load, take each other's place, are removed and purged.
// usage: npm run test:package [-- --quick] [-- --packages DIR]
//   --quick: without a root, and the bundled package not at all; --packages: those built already, not once more
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildHere, buildSteps } from './build.mjs';
import { contentSteps } from './contents.mjs';
import { elementSteps } from './element.mjs';
import { launcherSteps } from './launchers.mjs';
import { lifeSteps } from './life.mjs';
import { lintSteps } from './lint.mjs';
import { createRun } from './run.mjs';
import { scriptSteps } from './scripts.mjs';

// As automake's tests say that they were skipped.
const cannotRun = 77;
const privately = '--mounts-are-private';
const repository = join(import.meta.dirname, '..', '..');

/** What a run needs and does not find. */
function missing(quick) {
  if (spawnSync('dpkg-deb', ['--version']).error) return 'this is no Debian: dpkg-deb is not installed';
  if (quick) return undefined;
  if (process.getuid() !== 0) return 'only root can make a Debian root and change into it';
  const absent = ['mmdebstrap', 'unshare', 'chroot'].find((name) => spawnSync(name, ['--help']).error);
  return absent && `${absent} is not installed`;
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, packages: { type: 'string' } },
    allowPositionals: true,
    args: process.argv.slice(2).filter((word) => word !== privately),
  });
  if (positionals.length > 0) throw new Error(`unexpected argument "${positionals[0]}"`);
  const { quick } = values;
  const obstacle = missing(quick);
  if (obstacle !== undefined) {
    process.stdout.write(`test:package cannot run here: ${obstacle}\n`);
    return cannotRun;
  }
  if (!quick && !process.argv.includes(privately)) return inMountsOfItsOwn();
  const scratch = mkdtempSync(join(tmpdir(), 'amphorad package-'));
  const run = createRun();
  try {
    const names = quick ? ['amphorad'] : ['amphorad', 'amphorad-bundled'];
    const built = await buildHere({ run, repository, scratch, names, given: values.packages });
    const stage = { run, repository, scratch, built };
    const parts = [
      ...(values.packages === undefined ? [buildSteps] : []),
      contentSteps,
      elementSteps,
      launcherSteps,
      lintSteps,
      scriptSteps,
      ...(quick ? [] : [lifeSteps]),
    ];
    for (const part of parts) await part(stage);
  } finally {
    run.cleanUp();
    rmSync(scratch, { recursive: true, force: true });
  }
  return run.finish();
}

/** Whatever is mounted below goes with the process. */
function inMountsOfItsOwn() {
  const words = [
    '--mount',
    '--propagation',
    'private',
    process.execPath,
    ...process.argv.slice(1),
    privately,
  ];
  return spawnSync('unshare', words, { stdio: 'inherit' }).status ?? 1;
}

process.exitCode = await main();
