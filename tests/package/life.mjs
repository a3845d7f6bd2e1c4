// The life of the packages in a clean Debian root, with an agent that has a load balancer under load: installed, upgraded,
// one in place of the other, removed, purged. There is no systemd in it: the test restarts the agent, as a unit would.
import { existsSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createApi } from '../../scripts/demo/api.mjs';
import { startBackend } from '../../scripts/demo/backends.mjs';
import { freePort } from '../../scripts/demo/loopback.mjs';
import { startLoad } from '../../scripts/demo/traffic.mjs';
import { needsOf, nodeStandIn, otherVersion } from './debs.mjs';
import { makeRoot } from './root.mjs';
import { must } from './run.mjs';

const amphoraId = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
const localConf = '/etc/amphorad/local.conf';
const kept = '# an operator wrote this\n';
const units = ['amphora-agent.service', 'amphora-setup.service', 'var-lib-octavia-certs.mount'];
const wants = '/etc/systemd/system/multi-user.target.wants';

/** Lives it. */
export async function lifeSteps({ run, scratch, built }) {
  const [plain, bundled] = built.packages;
  const before = otherVersion(bundled.path, '0.0.9', scratch);
  const needs = [...new Set([...needsOf(plain.path), ...needsOf(bundled.path)])];
  const root = await run.step('a clean Debian root is made', () => makeRoot(tmpdir(), needs));
  if (root === undefined) return;
  run.afterwards(root.remove);
  const life = { run, root, untouched: root.list(), backend: await startBackend('one') };
  run.afterwards(life.backend.close);
  await run.step('a version before installs where there is no Node, and enables its units', async () => {
    await install(root, before);
    for (const unit of units) must(existsLink(root, `${wants}/${unit}`), `${unit} is not enabled`);
    must(!existsSync(root.at('/usr/bin/node')), 'there is a Node of Debian');
    const { mode } = statSync(root.at('/etc/octavia'));
    must((mode & 0o077) === 0, 'what a controller injects with 0644 can be read by everybody');
  });
  const started = await run.step('its agent answers /info over mTLS and balances', () => begin(life));
  if (started === undefined) return;
  await run.step('an upgrade keeps what an operator wrote, and brings what has changed', () =>
    upgrade(life, bundled),
  );
  await run.step('agent and haproxy have gone on; the new agent takes haproxy over', () => restart(life));
  const node = nodeStandIn('20.19.0', scratch);
  await run.step(
    'the plain package takes the place of the bundled one (nodejs is a stand-in of the tests)',
    async () => {
      await install(root, node);
      await install(root, plain.path);
      must(!existsSync(root.at('/usr/lib/amphorad/node')), 'the bundled Node is still there');
      await restart(life);
    },
  );
  await run.step('purging what is left of the bundled package takes nothing from the plain one', async () => {
    await root.run('dpkg', '--purge', 'amphorad-bundled');
    must(existsSync(root.at(`/var/lib/octavia/${listener}/haproxy.cfg`)), 'the state is gone');
    for (const unit of units) must(existsLink(root, `${wants}/${unit}`), `${unit} is no more enabled`);
    await restart(life);
  });
  await run.step('not one request failed in all that', () => endLoad(life));
  await run.step('the plain package does not install over a Node that is too old', () =>
    tooOld(life, plain, scratch),
  );
  await leaving(life);
}

async function leaving({ run, root, untouched }) {
  await run.step('removal keeps state and configuration', async () => {
    await root.run('dpkg', '--remove', 'amphorad');
    must(!existsSync(root.at('/usr/bin/amphorad')), 'the program is still there');
    for (const path of [
      localConf,
      `/var/lib/octavia/${listener}/haproxy.cfg`,
      '/etc/octavia/certs/server.pem',
    ])
      must(existsSync(root.at(path)), `${path} is gone`);
  });
  await run.step('purging leaves nothing but an operator’s templates', async () => {
    writeFileSync(root.at('/etc/amphorad/templates/firewall.nft.hbs'), 'own');
    await root.run('dpkg', '--purge', 'amphorad', 'nodejs');
    const known = new Set(untouched);
    const left = root.list().filter((path) => !known.has(path));
    const own = ['/etc/amphorad', '/etc/amphorad/templates', '/etc/amphorad/templates/firewall.nft.hbs'];
    must(left.join(' ') === own.join(' '), `left: ${left.join(' ')}`);
    const all = new Set(root.list());
    // Their own services stay disabled, as the first installation left them.
    const gone = untouched.filter((path) => !all.has(path) && !/\/(haproxy|keepalived)\.service$/.test(path));
    must(gone.length === 0, `gone: ${gone.join(' ')}`);
  });
}

async function install(root, path) {
  const name = `/root/${basename(path)}`;
  copyFileSync(path, root.at(name));
  await root.run('dpkg', '--force-confdef', '--force-confold', '--install', name);
  rmSync(root.at(name));
}

/** Configuration and certificates as a controller injects them, an agent, a load balancer, a load. */
async function begin(life) {
  const { root, run, backend } = life;
  await root.run(
    'amphorad',
    'certs',
    '--directory',
    '/root/pki',
    '--amphora-id',
    amphoraId,
    '--name',
    'localhost',
  );
  mkdirSync(root.at('/etc/octavia/certs'), { recursive: true });
  copyFileSync(root.at('/root/pki/server.pem'), root.at('/etc/octavia/certs/server.pem'));
  copyFileSync(root.at('/root/pki/ca.pem'), root.at('/etc/octavia/certs/client_ca.pem'));
  writeFileSync(root.at('/etc/octavia/amphora-agent.conf'), agentConf(), { mode: 0o600 });
  const text = readFileSync(root.at(localConf), 'utf8');
  must(/^process_manager = systemd$/m.test(text), 'the packaged default is not systemd');
  const own = text.replace(/^process_manager = .*$/m, 'process_manager = direct\nnetwork_namespace =');
  writeFileSync(root.at(localConf), own + kept);
  await root.run('amphorad', 'check');
  await startOn(life);
  const info = await life.api.call('GET', '/info');
  must(info.status === 200 && info.body.api_version !== undefined, `/info: ${info.status} ${info.text}`);
  run.tell(`/info: ${info.text.trim()}`);
  life.port = await freePort();
  const config = haproxyConf(life.port, backend.port);
  const put = await life.api.call('PUT', `/v0.1/listeners/${amphoraId}/${listener}/haproxy`, {
    body: config,
  });
  must(put.status === 201, `upload: ${put.status} ${put.text}`);
  const start = await life.api.call('PUT', `/v0.1/listeners/${listener}/start`);
  must(start.status === 202, `start: ${start.status} ${start.text}`);
  life.haproxies = root.pidsOf('haproxy');
  must(life.haproxies.length > 0, 'no haproxy runs');
  life.load = startLoad(life.port, { keptAlive: 2, fresh: 2, pauseMs: 20 }, new AbortController().signal);
  return true;
}

async function startOn(life) {
  life.agent = await life.root.startAgent();
  const where = { address: '127.0.0.1', port: life.agent.port, certs: life.root.at('/root/pki') };
  life.api?.close();
  life.api = createApi(where);
}

async function upgrade({ root, agent, haproxies }, { path }) {
  await install(root, path);
  must(agent.isRunning(), 'the agent has ended');
  must(root.pidsOf('haproxy').join() === haproxies.join(), 'haproxy is another');
  must(readFileSync(root.at(localConf), 'utf8').endsWith(kept), 'the line of the operator is gone');
  const logrotate = readFileSync(root.at('/etc/logrotate.d/amphorad'), 'utf8');
  must(!logrotate.includes('version 0.0.9'), 'a conffile that nobody touched is still the one before');
}

/** Ends the agent and starts what is installed now: the same haproxy serves, and is its. */
async function restart(life) {
  const { root, haproxies, load } = life;
  const status = await life.agent.end();
  must(status === 0, `the agent ended with ${status}`);
  await startOn(life);
  must(root.pidsOf('haproxy').join() === haproxies.join(), 'haproxy is another');
  const { body } = await life.api.call('GET', `/v0.1/listeners/${listener}`);
  must(body?.status === 'ACTIVE', `the listener is ${body?.status}`);
  must(load.failed() === 0, `${load.failed()} requests have failed`);
}

async function endLoad({ load, api, agent, root, run }) {
  const { answered, failures } = await load.stop();
  run.tell(`${answered} requests answered, ${failures.length} failed`);
  must(failures.length === 0, failures[0]);
  must(answered > 100, `only ${answered} requests`);
  api.close();
  await agent.end();
  root.end('haproxy');
}

async function tooOld({ root }, plain, scratch) {
  await root.run('dpkg', '--remove', 'amphorad');
  await install(root, nodeStandIn('18.20.4', join(scratch)));
  let words = '';
  try {
    await install(root, plain.path);
  } catch (thrown) {
    words = thrown.message;
  }
  must(/depends on nodejs \(>= 20\.19\)/.test(words), `dpkg said: ${words}`);
}

function existsLink(root, path) {
  return root.list().includes(path);
}

function agentConf() {
  return `[haproxy_amphora]
bind_host = 127.0.0.1
bind_port = 0
[amphora_agent]
amphora_id = ${amphoraId}
`;
}

function haproxyConf(port, backendPort) {
  return `global
    daemon
    maxconn 500
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:${port}
    default_backend pool
backend pool
    server one 127.0.0.1:${backendPort}
`;
}
