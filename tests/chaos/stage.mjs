// What a run has in hand: a directory, certificates, the small disk, the server behind all listeners, the agent.
import { X509Certificate, createHash, randomUUID } from 'node:crypto';
import { copyFileSync, cpSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issuePki, prepareAmphorad, prepareDirectory } from '../../bench/servers.mjs';
import { freePort, waitUntil } from '../../scripts/demo/loopback.mjs';
import { createAgent } from './agent.mjs';
import { startEcho } from './configuration.mjs';
import { createDisk } from './disk.mjs';
import { createListener } from './listener.mjs';
import { haproxiesOf, isAlive } from './processes.mjs';

const bundleCount = 3;
const configurationLimit = 256 * 1024;
const endDeadlineMs = 10_000;

/** Sets the stage; `clear` takes it down and resolves with where the remains are kept, when they are. */
export async function createStage({ report, signal, onReady }) {
  const prepared = prepareDirectory();
  const { directory, certs, amphoraId } = prepared;
  const undo = [() => prepared.remove()];
  let agent;
  let disk;
  const clear = async ({ keep }) => {
    await agent?.clear();
    if (disk !== undefined) await endHaproxies(join(disk.path, 'lib'));
    if (keep && disk !== undefined) copyRemains(disk.path, join(directory, 'remains'));
    for (const step of undo.toReversed().slice(0, keep ? -1 : undefined)) step();
    return keep ? directory : undefined;
  };
  try {
    const pki = issueBundles(directory, certs, amphoraId);
    disk = createDisk(join(directory, 'disk'));
    undo.push(() => disk.clear());
    const echo = await startEcho();
    undo.push(() => echo.close());
    const server = await prepareAmphorad(
      { directory: disk.path, certs, amphoraId },
      { words: ['--ready-json'], local: `max_config_bytes = ${configurationLimit}\n` },
    );
    agent = createAgent({ server, directory, certs: pki.clientCerts, report, signal, onReady });
    const basePath = join(disk.path, 'lib');
    const certificateDirectory = join(basePath, 'certs');
    return {
      ...pki,
      amphoraId,
      basePath,
      certificateDirectory,
      port: server.port,
      report,
      agent,
      disk,
      /** The agent's own certificate: where it lies, and which bundles may lie there. */
      server: { path: join(certs, 'server.pem'), possible: new Set([0]) },
      hugeText: `# ${'x'.repeat(configurationLimit)}\n`,
      clear,
      /** Makes a listener with ports of its own. */
      async newListener(name, dialect, hasTls) {
        const ports = [await freePort(), await freePort()];
        const tlsPort = hasTls ? await freePort() : null;
        const id = randomUUID();
        return createListener({
          name,
          dialect,
          id,
          frontend: dialect === 'v0.1' ? id : randomUUID(),
          ports,
          tlsPort,
          memberPort: echo.port,
          certificateDirectory,
          isSteady: () => agent.phase === 'ready' && !disk.isFull,
        });
      },
    };
  } catch (thrown) {
    await clear({ keep: false });
    throw thrown;
  }
}

/** Makes several bundles of key and certificate, each of an authority of its own, and a client that knows them all. */
function issueBundles(directory, certs, amphoraId) {
  const directories = [certs];
  for (let count = 1; count < bundleCount; count += 1) {
    directories.push(join(directory, `certs-${count}`));
    issuePki(directories[count], amphoraId);
  }
  const bundles = directories.map((one) => {
    const pem = readFileSync(join(one, 'server.pem'), 'utf8');
    const md5 = createHash('md5').update(pem).digest('hex');
    return { pem, md5, fingerprint: new X509Certificate(pem).fingerprint256 };
  });
  const key = /-----BEGIN[^-]*PRIVATE KEY-----[^]*?-----END[^-]*PRIVATE KEY-----\n?/;
  bundles.mismatch = bundles[0].pem.replace(key, key.exec(bundles[1].pem)[0]);
  const authorities = directories.map((one) => readFileSync(join(one, 'ca.pem'), 'utf8')).join('');
  const clientCerts = join(directory, 'client');
  mkdirSync(clientCerts);
  copyFileSync(join(certs, 'client.pem'), join(clientCerts, 'client.pem'));
  writeFileSync(join(clientCerts, 'ca.pem'), authorities);
  const client = readFileSync(join(certs, 'client.pem'));
  return { bundles, authorities, clientCerts, client: { key: client, cert: client } };
}

/** Kills what is left of the haproxies of our base_path, by pid. */
async function endHaproxies(basePath) {
  const left = haproxiesOf(basePath);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      if (thrown.code !== 'ESRCH') throw thrown;
    }
  }
  await waitUntil(() => !left.some((one) => isAlive(one, basePath)), endDeadlineMs);
}

function copyRemains(from, to) {
  const isKept = (path) =>
    lstatSync(path).isDirectory() || (lstatSync(path).isFile() && !path.endsWith('/ballast'));
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, filter: isKept });
}
