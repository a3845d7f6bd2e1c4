// Namespaces, veth ports and bridges that stand for the networks around a pair: made here, removed here, named after
// this process. A hypervisor's part is to offer ports outside the amphora's namespace, down. Source: ip-link(8),
// ip-netns(8).
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const bridges = ['front', 'back'];

/** Runs ip(8) and resolves with what it prints. */
export async function ip(...argv) {
  return (await run('ip', argv, { maxBuffer: 16 * 1024 * 1024 })).stdout;
}

/** Tells why no pair can be made here; undefined when one can. */
export function obstacle() {
  if (process.geteuid() !== 0) return 'no root';
  for (const program of ['ip', 'bridge', 'nft', 'nsenter', 'keepalived', 'haproxy']) {
    if (!isThere(program)) return `no ${program}`;
  }
  const probe = `amph-${process.pid}-probe`;
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'delete', probe], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no CAP_NET_ADMIN: no network namespace can be made';
  }
}

/** Makes what surrounds a pair; `clear` takes all of it away. `nodes` names the hosts of the amphorae. */
export async function createNetwork({ tag, plan, nodes }) {
  const name = (part) => `${tag}-${part}`;
  const namespaces = ['switch', 'client', 'member', ...nodes.map((node) => `${node}-host`)].map(name);
  const [middle, client, member] = namespaces;
  const clear = async () => {
    for (const each of namespaces) await ip('netns', 'delete', each).catch(() => undefined);
  };
  try {
    for (const each of namespaces) {
      await ip('netns', 'add', each);
      await ip('-n', each, 'link', 'set', 'lo', 'up');
    }
    for (const bridge of bridges) {
      await ip('-n', middle, 'link', 'add', bridge, 'type', 'bridge');
      await ip('-n', middle, 'link', 'set', bridge, 'up');
    }
    await connect({ middle, bridge: 'front', far: client, address: `${plan.client}/${plan.prefix}` });
    await connect({ middle, bridge: 'back', far: member, address: `${plan.member}/${plan.prefix}` });
  } catch (thrown) {
    await clear();
    throw thrown;
  }
  const near = (node, bridge) => `${nodes[node]}-${bridge}`;
  const eachLink = async (node, act) => {
    for (const bridge of bridges) await act(near(node, bridge));
  };
  return {
    client,
    member,
    host: (node) => name(`${nodes[node]}-host`),
    amphora: (node) => name(nodes[node]),
    /** Offers the ports of a node to its agent. */
    async offerPorts(node) {
      for (const [index, bridge] of bridges.entries()) {
        const [link, mac] = [near(node, bridge), plan.mac(node, index)];
        const peer = ['peer', 'name', `port${index}`, 'address', mac, 'netns', name(`${nodes[node]}-host`)];
        await ip('-n', middle, 'link', 'add', link, 'type', 'veth', ...peer);
        await ip('-n', middle, 'link', 'set', link, 'master', bridge, 'up');
      }
    },
    /** Takes the ports of a node away, as with the machine that they were of. */
    async removePorts(node) {
      await eachLink(node, (link) => ip('-n', middle, 'link', 'delete', link).catch(() => undefined));
    },
    /** Pulls the cables of a node; the node itself sees its links down. */
    cut: (node) => eachLink(node, (link) => ip('-n', middle, 'link', 'set', link, 'down')),
    /** Puts them back. */
    mend: (node) => eachLink(node, (link) => ip('-n', middle, 'link', 'set', link, 'up')),
    /** Lets nothing pass between a node and the others, and leaves its links up. */
    block: (node) => eachLink(node, (link) => setPort(middle, link, 'disabled')),
    unblock: (node) => eachLink(node, (link) => setPort(middle, link, 'forwarding')),
    clear,
  };
}

// Source: bridge(8), `bridge link set … state`.
const portStates = { disabled: '0', forwarding: '3' };

async function setPort(namespace, link, state) {
  await run('bridge', ['-n', namespace, 'link', 'set', 'dev', link, 'state', portStates[state]]);
}

async function connect({ middle, bridge, far, address }) {
  const link = `to-${bridge}`;
  await ip('-n', middle, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far);
  await ip('-n', middle, 'link', 'set', link, 'master', bridge, 'up');
  await ip('-n', far, 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
  await ip('-n', far, 'link', 'set', 'eth0', 'up');
}

function isThere(program) {
  try {
    execFileSync(program, [program === 'nsenter' ? '--version' : '-v'], { stdio: 'ignore' });
    return true;
  } catch (thrown) {
    // Some know no such option, and are there.
    return thrown.code !== 'ENOENT';
  }
}
