// A pair as its controller makes it, by the API alone: ports plugged, rules, a listener with a member, the topology. And
// a client that never stops asking.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareDirectory } from '../../bench/servers.mjs';
import { startChild } from '../../scripts/demo/child.mjs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { createAmphora } from './amphora.mjs';
import { startClient } from './client.mjs';
import { createNetwork } from './network.mjs';
import { createPlan, memberPort, servicePort } from './plan.mjs';

const settleMs = 60_000;
// Looking costs two processes: more often it would disturb what is measured.
const pollMs = 50;
const names = ['a', 'b'];
const member = new URL('member.mjs', import.meta.url).pathname;
const secret = 'a secret of the pair';
const roles = ['ACTIVE', 'STANDBY'];

/** Sets one up; `tag` is in the name of every namespace. `clear` takes it down, and resolves with where the remains are when they are kept. */
export async function createPair({ family, tag, signal }) {
  const prepared = prepareDirectory();
  const { directory } = prepared;
  const plan = createPlan(family);
  const undo = [];
  const clear = async ({ keep }) => {
    for (const step of undo.splice(0).toReversed()) await step();
    if (keep) return directory;
    prepared.remove();
    return undefined;
  };
  try {
    const network = await createNetwork({ tag, plan, nodes: names });
    undo.push(() => network.clear());
    undo.push(await startMember({ network, plan, directory, signal }));
    const of = (name, node) =>
      createAmphora({ ...prepared, node, name, directory: join(directory, name), network, plan, signal });
    const amphorae = names.map(of);
    for (const amphora of amphorae) {
      undo.push(() => amphora.clear());
      await network.offerPorts(amphora.node);
      await amphora.start();
    }
    const pair = pairOf({ amphorae, plan, network, amphoraId: prepared.amphoraId, signal });
    await Promise.all(amphorae.map((amphora) => pair.bringUp(amphora)));
    await pair.topology({});
    const log = join(directory, 'client.log');
    const client = startClient({ namespace: network.client, url: plan.url, log, signal });
    undo.push(() => client.end());
    return { ...pair, client, directory, clear };
  } catch (thrown) {
    await clear({ keep: false });
    throw thrown;
  }
}

function pairOf({ amphorae, plan, network, amphoraId, signal }) {
  const listener = randomUUID();
  const other = (amphora) => amphorae[1 - amphora.node];
  const holders = async () => {
    const held = await Promise.all(amphorae.map((amphora) => amphora.holdsVip()));
    return amphorae.filter((_, index) => held[index]);
  };
  /** Waits for a condition; an error names what did not come. */
  const until = async (what, condition, deadlineMs = settleMs) => {
    const look = async () => (await condition()) || (await sleep(pollMs));
    const found = await waitUntil(look, deadlineMs, signal);
    if (found === undefined) {
      const states = amphorae.map((amphora) => `${amphora.name} ${amphora.state() ?? 'tells nothing'}`);
      const held = (await holders()).map(({ name }) => name).join(' and ') || 'nobody';
      throw new Error(
        `not within ${deadlineMs / 1_000} s: ${what} (${states.join(', ')}; ${held} has the VIP)`,
      );
    }
    return found;
  };
  return {
    amphorae,
    network,
    listener,
    other,
    holders,
    until,
    /** Waits until one of the two has the VIP and the other stands by, and resolves with who is who. */
    settled: () =>
      until('one MASTER with the VIP, one BACKUP', async () => {
        const [master, ...more] = await holders();
        if (master === undefined || more.length > 0) return undefined;
        const isWhole = master.state() === 'MASTER' && other(master).state() === 'BACKUP';
        return isWhole ? { master, backup: other(master) } : undefined;
      }),
    /** Waits until an amphora alone has the VIP. */
    moved: (to) =>
      until(`${to.name} alone has the VIP`, async () => {
        const all = await holders();
        return all.length === 1 && all[0] === to;
      }),
    /** All that a controller tells one amphora about its VIP. */
    async bringUp(amphora) {
      const { vip, front, back, client, beyond, mac } = plan;
      const { own, node } = amphora;
      await amphora.call(
        'POST',
        `/1.0/plug/vip/${vip}`,
        {
          subnet_cidr: front,
          gateway: client,
          mac_address: mac(node, 0),
          vrrp_ip: own.front,
          mtu: 1450,
          host_routes: [{ destination: beyond, nexthop: client }],
        },
        202,
      );
      const fixed = [{ ip_address: own.back, subnet_cidr: back }];
      await amphora.call('POST', '/1.0/plug/network', { mac_address: mac(node, 1), fixed_ips: fixed }, 202);
      const peer = plan.single(other(amphora).own.front);
      await amphora.call(
        'PUT',
        `/1.0/interface/${own.front}/rules`,
        [
          { protocol: 'TCP', cidr: null, port: servicePort },
          { protocol: 'vrrp', cidr: peer, port: 112 },
        ],
        200,
      );
      const path = `/v0.1/listeners/${amphoraId}/${listener}/haproxy`;
      await amphora.call('PUT', path, configuration(amphora.name, plan), 201);
      await amphora.call('PUT', `/v0.1/listeners/${listener}/start`, undefined, 202);
    },
    /** Makes both a pair, with these members of the body on top; resolves once it is settled. */
    async topology(more) {
      for (const amphora of amphorae) {
        const body = { topology: 'ACTIVE-STANDBY', role: roles[amphora.node], ha_ip: plan.vip, secret };
        const peers = [other(amphora).own.front];
        await amphora.call('POST', '/v0.1/topology', { ...body, peers, ...more });
      }
      for (const amphora of amphorae) {
        await until(`the topology of ${amphora.name}`, async () => {
          const { body } = await amphora.call('GET', '/v0.1/details');
          if (body.topology_error !== undefined) throw new Error(`${amphora.name}: ${body.topology_error}`);
          return body.topology_status === 'OK' && body.topology === 'ACTIVE-STANDBY';
        });
      }
    },
  };
}

async function startMember({ network, plan, directory, signal }) {
  let isUp = false;
  const argv = [process.execPath, member, plan.member, String(memberPort)];
  mkdirSync(directory, { recursive: true });
  const inside = ['nsenter', `--net=/run/netns/${network.member}`];
  const child = startChild([...inside, ...argv], join(directory, 'member.log'), () => (isUp = true));
  await waitUntil(() => isUp, settleMs, signal);
  return () => child.end(1_000);
}

function configuration(name, { vip, member: address }) {
  return `defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend service
    bind ${vip}:${servicePort}
    http-response set-header x-amphora ${name}
    default_backend members
backend members
    server one ${address}:${memberPort}
`;
}
