// What a run has: an amphora under qemu with its seed, its controller and its health manager.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makePki, startHealthManager } from '../../dist/testing.cjs';
import { createController } from './controller.mjs';
import { startMachine } from './machine.mjs';
import { agentConf, writeConfigDrive, writeSeed } from './seed.mjs';

/** Boots an amphora by BIOS with a complete NoCloud seed. */
export function bootWhole({ run, scratch, image, upgrade }) {
  return boot({ run, scratch, image, upgrade, name: 'whole', seed: writeSeed });
}

/** Boots one by UEFI with a config drive whose agent.conf is not readable, and which brings no certificate. */
export function bootLacking({ run, scratch, image }) {
  const lacking = ({ files, ...rest }) =>
    writeConfigDrive({
      ...rest,
      files: {
        '/etc/octavia/amphora-agent.conf': '[haproxy_amphora\nthis was cut',
        '/etc/octavia/certs/client_ca.pem': files['/etc/octavia/certs/client_ca.pem'],
      },
    });
  return boot({ run, scratch, image, name: 'lacking', seed: lacking, isUefi: true });
}

async function boot({ run, scratch: whole, image, upgrade, name, seed, isUefi }) {
  const scratch = join(whole, name);
  mkdirSync(scratch);
  const amphoraId = randomUUID();
  const pki = makePki();
  const server = pki.issueServer(amphoraId);
  const healthManager = await startHealthManager();
  run.onEnd(() => healthManager.close());
  // The machine's loopback, as qemu's user network shows it to the guest.
  const target = healthManager.target.replace('127.0.0.1', '10.0.2.2');
  const files = {
    '/etc/octavia/amphora-agent.conf': agentConf({
      amphoraId,
      healthManager: target,
      heartbeatKey: healthManager.key,
    }),
    '/etc/octavia/certs/server.pem': `${server.keyPem}${server.certificatePem}`,
    '/etc/octavia/certs/client_ca.pem': pki.ca.certificatePem,
  };
  const port = await freePort();
  const startedMs = Date.now();
  const disk = seed({ directory: scratch, instanceId: amphoraId, files });
  const machine = await startMachine({ directory: scratch, image, seed: disk, port, isUefi });
  run.onEnd(() => machine.stop());
  run.onFailure(() => machine.console().slice(-3000));
  const controller = createController({ port, amphoraId, pki });
  return {
    run,
    scratch,
    upgrade,
    files,
    amphoraId,
    pki,
    healthManager,
    machine,
    controller,
    startedMs,
    shared: {},
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
