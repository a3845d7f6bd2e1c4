// Octavia's own driver and health manager against the booted amphora: the cases of tests/live/octavia, with the members
// and the users on the network that was plugged.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { python, whyNot } from '../live/octavia/targets.mjs';
import { additionalVip, members, namespace, nobody, user, vip, vrrpIp } from './neighbours.mjs';
import { eventually } from './run.mjs';
import { listener, loadBalancer, udpListener } from './traffic-steps.mjs';

const drive = join(import.meta.dirname, '../live/octavia/drive.py');
const guestPort = 9443;
const backMs = 120_000;
// One after the other: they share the VIP.
const lanes = ['usual', 'health'];
const pem = ({ keyPem, certificatePem }) => `${certificatePem}${keyPem}`;

/** Pairs of a title and what is done. */
export const octaviaSteps = [
  [
    'load balancers deleted: nothing of them is left',
    async ({ controller, machine }) => {
      for (const id of [udpListener, loadBalancer]) await controller.call('DELETE', `/1.0/listeners/${id}`);
      const { text } = await controller.call('GET', '/1.0/listeners');
      if (text.includes(listener)) throw new Error(text);
      const units = await machine.shell.run("systemctl list-units --plain --no-legend 'amphorad-*.service'");
      if (units !== '') throw new Error(units);
    },
  ],
  [
    "Octavia's own driver and health manager",
    async (stage) => {
      const reason = whyNot();
      if (reason !== undefined) return `not tried: ${reason}`;
      const server = stage.pki.issueServer(stage.amphoraId);
      const file = writeTarget(stage, server);
      await bringFiles(stage, file, server);
      const cases = [];
      for (const lane of lanes) cases.push(...(await driven({ stage, lane, file })));
      const of = (outcome) => cases.filter((each) => each.outcome === outcome);
      for (const { title, why, trace } of [...of('failed'), ...of('skipped')])
        stage.run.note(`  ${title}: ${why}\n${trace ?? ''}`);
      const told = `${of('passed').length} cases passed, ${of('skipped').length} skipped`;
      if (of('failed').length > 0 || of('passed').length === 0)
        throw new Error(`${told}, ${of('failed').length} failed`);
      return told;
    },
  ],
];

/** Writes what the cases must know of the amphora, and the certificates of its controller. */
function writeTarget({ scratch, amphoraId, pki, controller, healthManager }, server) {
  const directory = join(scratch, 'octavia');
  const certs = join(directory, 'certs');
  mkdirSync(certs, { recursive: true });
  const texts = {
    ca: pki.ca.certificatePem,
    client: pem(pki.client),
    server: pem(server),
    server2: pem(pki.issueServer(amphoraId)),
  };
  for (const [name, text] of Object.entries(texts))
    writeFileSync(join(certs, `${name}.pem`), text, { mode: 0o600 });
  const target = {
    name: 'ours',
    amphora_id: amphoraId,
    hostname: `amphora-${amphoraId}`,
    host: '127.0.0.1',
    port: controller.port,
    listens: { bind_host: '::', bind_port: guestPort },
    // Nobody else hears it any more: the test's own health manager has ended.
    controller: '10.0.2.2',
    udp_port: Number(healthManager.target.split(':')[1]),
    heartbeat_key: healthManager.key,
    heartbeat_interval: 2,
    certs,
    scratch: directory,
    base_path: '/var/lib/octavia',
    base_cert_dir: '/var/lib/octavia/certs',
    agent_server_cert: '/etc/octavia/certs/server.pem',
    agent_server_ca: '/etc/octavia/certs/client_ca.pem',
    namespace,
    has_ip_vs: true,
    addresses: {
      member: members[0],
      other_member: members[1],
      vip,
      additional_vip: additionalVip,
      user,
      vrrp: vrrpIp,
      other_vrrp: nobody,
    },
  };
  const file = join(directory, 'target.json');
  writeFileSync(file, JSON.stringify(target));
  return file;
}

/** Gives the amphora its certificate and the agent.conf that Octavia renders. */
async function bringFiles({ controller, healthManager }, file, server) {
  const rendering = spawn(python, ['-B', drive, '--conf', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  rendering.stdout.on('data', (chunk) => (text += chunk));
  const [status] = await once(rendering, 'close');
  if (status !== 0) throw new Error(`drive.py --conf: ${status}`);
  await controller.call('PUT', '/1.0/config', text);
  await controller.call('PUT', '/1.0/certificate', pem(server));
  await eventually(() => controller.info(), backMs);
  await healthManager.close();
}

async function driven({ stage, lane, file }) {
  const child = spawn(python, ['-B', drive], { stdio: ['pipe', 'pipe', 'inherit'] });
  stage.run.onEnd(() => child.kill('SIGTERM'));
  child.stdin.end(`${lane} ${file}\n`);
  const cases = [];
  for await (const line of createInterface({ input: child.stdout })) cases.push(JSON.parse(line));
  return cases;
}
