// Boots the image under qemu, as a cloud would, and drives it as a controller does. Writes docs/results/image.txt when all
// steps passed.
// usage: npm run test:image [-- --image FILE] [-- --upgrade FILE] [-- --check]
//   --image: amphora.qcow2, otherwise it is built; --upgrade: a package to install in it; --check: writes nothing
// Exit 0: all steps passed; 77: this machine cannot, it says why. It takes some minutes: everything is emulated.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makePki, startHealthManager } from '../../dist/testing.cjs';
import { createController } from './controller.mjs';
import { startMachine } from './machine.mjs';
import { createRun } from './run.mjs';
import { agentConf, writeSeed } from './seed.mjs';
import { steps } from './steps.mjs';

const cannotRun = 77;
const repository = join(import.meta.dirname, '..', '..');
const report = join(repository, 'docs/results/image.txt');
const tools = ['qemu-system-x86_64', 'genisoimage', 'ip'];
const hardEndMs = 20 * 60_000;

async function main() {
  const { values } = parseArgs({
    options: { image: { type: 'string' }, upgrade: { type: 'string' }, check: { type: 'boolean' } },
  });
  const absent = tools.find((name) => spawnSync(name, ['-V']).error);
  const obstacle =
    process.getuid() === 0 ? absent && `${absent} is not installed` : 'only root makes a tap device';
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
    const image = values.image === undefined ? builtImage(scratch) : resolve(values.image);
    const stage = await boot({ run, scratch, image, upgrade: values.upgrade && resolve(values.upgrade) });
    for (const [title, step] of steps) if (!(await run.step(title, () => step(stage)))) break;
  } finally {
    clearTimeout(timer);
    await run.cleanUp();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (!values.check && !run.failed()) writeFileSync(report, run.text());
  return run.failed() ? 1 : 0;
}

function builtImage(scratch) {
  execFileSync(process.execPath, [join(repository, 'scripts/image.mjs'), '--out', scratch], {
    stdio: 'inherit',
  });
  return join(scratch, 'amphora.qcow2');
}

async function boot({ run, scratch, image, upgrade }) {
  const amphoraId = randomUUID();
  const pki = makePki();
  const server = pki.issueServer(amphoraId);
  const healthManager = await startHealthManager();
  run.onEnd(() => healthManager.close());
  // The machine's loopback, as qemu's user network shows it to the guest.
  const target = healthManager.target.replace('127.0.0.1', '10.0.2.2');
  const seed = writeSeed({
    directory: scratch,
    instanceId: amphoraId,
    files: {
      '/etc/octavia/amphora-agent.conf': agentConf({
        amphoraId,
        healthManager: target,
        heartbeatKey: healthManager.key,
      }),
      '/etc/octavia/certs/server.pem': `${server.keyPem}${server.certificatePem}`,
      '/etc/octavia/certs/client_ca.pem': pki.ca.certificatePem,
    },
  });
  const port = await freePort();
  const startedMs = Date.now();
  const machine = await startMachine({ directory: scratch, image, seed, port });
  run.onEnd(() => machine.stop());
  run.onFailure(() => machine.console().slice(-3000));
  const controller = createController({ port, amphoraId, pki });
  return { run, scratch, upgrade, amphoraId, pki, healthManager, machine, controller, startedMs, shared: {} };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

process.exitCode = await main();
