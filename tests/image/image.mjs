// Boots the image under qemu, as a cloud would, and drives it as a controller does. Writes docs/results/image.txt when all
// steps passed.
// usage: npm run test:image [-- --image FILE] [-- --package FILE] [-- --upgrade FILE] [-- --check]
//   --image: amphora.qcow2, otherwise it is built; --package: amphorad-bundled, otherwise it is built; --upgrade: a later
//   version of it, otherwise the same is given a later number; --check: writes nothing
// Exit 0: all steps passed; 77: this machine cannot, it says why. It takes some minutes: everything is emulated.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { otherVersion } from '../package/debs.mjs';
import { firstBootSteps } from './first-boot-steps.mjs';
import { uefi } from './machine.mjs';
import { createRun } from './run.mjs';
import { bootLacking, bootWhole } from './stage.mjs';
import { steps } from './steps.mjs';

const cannotRun = 77;
const repository = join(import.meta.dirname, '..', '..');
const report = join(repository, 'docs/results/image.txt');
const tools = ['qemu-system-x86_64', 'genisoimage', 'ip'];
const hardEndMs = 30 * 60_000;
const laterVersion = '99.0.0';

/** What a run needs and does not find. */
function missing() {
  if (process.getuid() !== 0) return 'only root makes a tap device';
  const absent = tools.find((name) => spawnSync(name, ['-V']).error);
  if (absent !== undefined) return `${absent} is not installed`;
  return existsSync(uefi) ? undefined : `there is no ${uefi}`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      image: { type: 'string' },
      package: { type: 'string' },
      upgrade: { type: 'string' },
      check: { type: 'boolean' },
    },
  });
  const obstacle = missing();
  if (obstacle !== undefined) {
    process.stdout.write(`test:image cannot run here: ${obstacle}\n`);
    return cannotRun;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'amphora-boot-'));
  const run = createRun();
  const endAtOnce = (reason) => {
    run.note(`ended: ${reason}`);
    run.cleanUp().finally(() => {
      rmSync(scratch, { recursive: true, force: true });
      process.exit(1);
    });
  };
  const timer = setTimeout(endAtOnce, hardEndMs, 'the whole took too long');
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, endAtOnce);
  try {
    const given = (name) => values[name] && resolve(values[name]);
    const packagePath = given('package') ?? builtPackage(scratch);
    const image = given('image') ?? builtImage(scratch, packagePath);
    const upgrade = given('upgrade') ?? otherVersion(packagePath, laterVersion, scratch);
    await play({ run, steps, stage: () => bootWhole({ run, scratch, image, upgrade }) });
    if (!run.failed())
      await play({ run, steps: firstBootSteps, stage: () => bootLacking({ run, scratch, image }) });
  } finally {
    clearTimeout(timer);
    await run.cleanUp();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (!values.check && !run.failed()) writeFileSync(report, run.text());
  return run.failed() ? 1 : 0;
}

/** One machine, and its steps until one fails. */
async function play({ run, steps: pairs, stage: boot }) {
  const stage = await boot();
  for (const [title, step] of pairs) if (!(await run.step(title, () => step(stage)))) break;
  await run.cleanUp();
}

function builtPackage(scratch) {
  const words = ['scripts/package.mjs', '--only', 'amphorad-bundled', '--out', scratch];
  const told = execFileSync(process.execPath, words, { cwd: repository, encoding: 'utf8' });
  return join(scratch, told.trim().split(/\s+/)[1]);
}

function builtImage(scratch, packagePath) {
  const words = ['scripts/image.mjs', '--out', scratch, '--package', packagePath];
  execFileSync(process.execPath, words, { cwd: repository, stdio: 'inherit' });
  return join(scratch, 'amphora.qcow2');
}

process.exitCode = await main();
