// One amphora of a pair: its machine (a namespace with ports), its agent as production starts it, and what an onlooker
// of the machine sees of it: processes, addresses, what keepalived has told.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from '../../scripts/demo/api.mjs';
import { startChild } from '../../scripts/demo/child.mjs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { haproxiesOf } from '../chaos/processes.mjs';
import { ip } from './network.mjs';

const launcher = new URL('../../dist/amphorad', import.meta.url).pathname;
const relay = new URL('relay.mjs', import.meta.url).pathname;
const readyMs = 30_000;
// The agent has its machine's loopback to itself.
const agentPort = 9443;

/** Makes one; nothing runs yet. `node` is its number, `network` and `plan` are those of the pair. */
export function createAmphora({ node, name, directory, certs, amphoraId, network, plan, signal }) {
  const basePath = join(directory, 'lib');
  const [host, namespace] = [network.host(node), network.amphora(node)];
  const inHost = ['nsenter', `--net=/run/netns/${host}`];
  const files = writeConfiguration({ directory, certs, amphoraId, namespace, basePath });
  const socket = join(directory, 'api');
  const vrrp = (file) => join(basePath, 'vrrp', file);
  let agent;
  let carrier;
  let api;

  async function startAgent() {
    let isReady = false;
    const argv = [...inHost, launcher, 'serve', '--config-file', files.main];
    agent = startChild([...argv, '--local-config', files.local, '--ready-json'], files.log, (text) => {
      isReady ||= text.includes('"ready":true');
    });
    const done = await waitUntil(() => isReady || agent.ended() !== undefined, readyMs, signal);
    if (done === undefined || !isReady) {
      throw new Error(`agent ${name} is not ready: ${agent.ended() ?? 'it runs'}\n${agent.lastWords()}`);
    }
    api?.close();
    api = createApi({ socketPath: socket, certs });
  }

  async function endAgent(how) {
    if (agent === undefined || agent.ended() !== undefined) return;
    if (how === 'SIGKILL') kill([agent.pid], how);
    else await agent.end(10_000);
    await waitUntil(() => agent.ended() !== undefined, readyMs);
  }

  const amphora = {
    name,
    node,
    basePath,
    namespace,
    own: plan.own(node),
    vrrp,
    startAgent,
    endAgent,
    /** Connects the machine's loopback with this run, and starts the agent. */
    async start() {
      let isUp = false;
      const argv = [...inHost, process.execPath, relay, socket, String(agentPort)];
      carrier = startChild(argv, join(directory, 'relay.log'), () => (isUp = true));
      await waitUntil(() => isUp, readyMs, signal);
      await startAgent();
    },
    /** Makes a call of the API; an answer with another status is an error. */
    async call(method, path, body, status) {
      const isText = typeof body === 'string' || body === undefined;
      const sent = isText ? { body } : { body: JSON.stringify(body), type: 'application/json' };
      const answer = await api.call(method, path, sent);
      if (status === undefined || answer.status === status) return answer;
      throw new Error(`${name}: ${method} ${path}: ${answer.status} instead of ${status}: ${answer.text}`);
    },
    /** Runs a command of the agent's program on the machine. */
    run(...words) {
      const given = ['--config-file', files.main, '--local-config', files.local];
      execFileSync(inHost[0], [...inHost.slice(1), launcher, ...words, ...given], { stdio: 'pipe' });
    },
    /** The state that keepalived has told last; undefined when what runs has told none. */
    state() {
      const pid = readPid(vrrp('octavia-keepalived.vrrp.pid'));
      const told = readLines(vrrp('notify.jsonl')).filter((line) => line.pid === pid);
      return pid === undefined || !existsSync(`/proc/${pid}`) ? undefined : told.at(-1)?.state;
    },
    /** Tells whether the VIP is on an interface of this amphora. */
    async holdsVip() {
      const argv = ['-json', '-n', namespace, 'address', 'show'];
      const links = JSON.parse((await ip(...argv).catch(() => '')) || '[]');
      return links.some(({ addr_info: all = [] }) => all.some(({ local }) => local === plan.vip));
    },
    /** keepalived's pids by the agent's records: parent and child. */
    keepalived: () =>
      ['octavia-keepalived.pid', 'octavia-keepalived.vrrp.pid']
        .map((file) => readPid(vrrp(file)))
        .filter((pid) => pid !== undefined),
    /** The pids of every haproxy of this amphora. */
    haproxies: () => haproxiesOf(basePath).map(({ pid }) => pid),
    /** Ends everything that runs on the machine, at once and without a word. */
    async die() {
      await endAgent('SIGKILL');
      kill(pidsIn(namespace), 'SIGKILL');
      await waitUntil(() => pidsIn(namespace).length === 0, readyMs);
    },
    /** As after a power cut: nothing runs, the namespace is gone, the ports come back as a hypervisor offers them, after the agent's start when they are late. */
    async boot({ isLate = false } = {}) {
      await ip('netns', 'delete', namespace).catch(() => undefined);
      await network.removePorts(node);
      if (isLate) await startAgent();
      await network.offerPorts(node);
      if (!isLate) await startAgent();
    },
    async clear() {
      api?.close();
      await endAgent('SIGTERM');
      kill(pidsIn(namespace), 'SIGKILL');
      await carrier?.end(1_000);
      await ip('netns', 'delete', namespace).catch(() => undefined);
      rmSync(socket, { force: true });
    },
  };
  return amphora;
}

/** Signals processes; those that are gone are passed over. */
export function kill(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (thrown) {
      if (thrown.code !== 'ESRCH') throw thrown;
    }
  }
}

function writeConfiguration({ directory, certs, amphoraId, namespace, basePath }) {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const [main, local] = [join(directory, 'agent.conf'), join(directory, 'local.conf')];
  const text = `[haproxy_amphora]
base_path = ${basePath}
bind_host = 127.0.0.1
bind_port = ${agentPort}
[amphora_agent]
amphora_id = ${amphoraId}
agent_server_cert = ${join(certs, 'server.pem')}
agent_server_ca = ${join(certs, 'ca.pem')}
agent_server_network_dir = ${join(directory, 'interfaces')}
`;
  writeFileSync(main, text, { mode: 0o600 });
  writeFileSync(local, `[amphorad]\nnetwork_namespace = ${namespace}\nprocess_manager = direct\n`, {
    mode: 0o600,
  });
  return { main, local, log: join(directory, 'agent.log') };
}

/** The processes in a namespace that the run's agents have made. */
function pidsIn(namespace) {
  try {
    const text = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8', stdio: 'pipe' });
    return text.split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function readPid(path) {
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, 'utf8').trim());
  return pid > 1 ? pid : undefined;
}

// The last line may still be on its way.
function readLines(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line));
}
