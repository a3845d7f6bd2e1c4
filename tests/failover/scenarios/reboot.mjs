// Machines come back with nothing but their disks and their ports: all must be as before, without a controller.
import { execFileSync } from 'node:child_process';
import { ip } from '../network.mjs';
import { moveBy } from './force-fail.mjs';

const sysctls = ['ipv4/ip_nonlocal_bind', 'ipv6/ip_nonlocal_bind', 'ipv4/ip_forward'];

const rebootOne = (how) =>
  async function play({ pair, master, backup }) {
    const before = await networkOf(master);
    await pair.network.cut(master.node);
    await master.die();
    await pair.until(`${backup.name} has the VIP`, () => backup.holdsVip());
    await master.boot(how);
    await pair.settled();
    await requireListener(pair, master);
    await moveBy(pair, backup, master);
    await pair.settled();
    await requireRole(master);
    requireSame(master, before, await networkOf(master));
  };

export const reboot = {
  name: 'reboot',
  title: 'one rebooted from disk',
  bound: { medianS: 4, worstS: 5 },
  play: rebootOne({}),
};

export const rebootWithLatePorts = {
  name: 'reboot-late-ports',
  title: 'one rebooted, its ports late',
  bound: { medianS: 4, worstS: 5 },
  play: rebootOne({ isLate: true }),
};

export const powerCut = {
  name: 'power-cut',
  title: 'both rebooted from disk',
  bound: {},
  async play({ pair, master }) {
    const before = await networkOf(master);
    await Promise.all(pair.amphorae.map((amphora) => amphora.die()));
    await Promise.all(pair.amphorae.map((amphora) => amphora.boot()));
    const now = await pair.settled();
    for (const amphora of pair.amphorae) await requireListener(pair, amphora);
    if (now.master !== master) await moveBy(pair, now.master, master);
    await pair.settled();
    await requireRole(master);
    requireSame(master, before, await networkOf(master));
  },
};

async function requireListener(pair, amphora) {
  await pair.until(`the listener of ${amphora.name}`, async () => {
    const { body } = await amphora.call('GET', `/v0.1/listeners/${pair.listener}`);
    return body?.status === 'ACTIVE';
  });
}

async function requireRole(amphora) {
  const { body } = await amphora.call('GET', '/v0.1/topology', undefined, 200);
  if (body.role !== 'ACTIVE') throw new Error(`${amphora.name} has the VIP and tells ${body.role}`);
}

/** All that the namespace of an amphora has of its ports, as sorted lines. */
async function networkOf({ namespace }) {
  const parts = [];
  for (const name of ['eth1', 'eth2']) {
    parts.push(await ip('-o', '-n', namespace, 'address', 'show', 'dev', name));
    parts.push(await ip('-o', '-n', namespace, 'link', 'show', 'dev', name));
  }
  for (const family of ['-4', '-6']) {
    const routes = await ip(family, '-n', namespace, 'route', 'show', 'table', 'all');
    parts.push(routes, await ip(family, '-n', namespace, 'rule', 'show'));
  }
  const inside = (...argv) =>
    execFileSync('nsenter', [`--net=/run/netns/${namespace}`, ...argv], { encoding: 'utf8' });
  parts.push(inside('nft', 'list', 'ruleset'));
  for (const name of sysctls) parts.push(`${name} ${inside('cat', `/proc/sys/net/${name}`)}`);
  // Numbers of links and addresses of the kernel's own say nothing, nor does the order of routes.
  return parts
    .flatMap((part) => part.split('\n'))
    .filter((line) => !/^\s*$|fe80|multicast/.test(line))
    .map((line) =>
      line
        .replace(/^\d+:\s+/, '')
        .replaceAll(/@if\d+|link-netnsid \d+|packets \d+ bytes \d+/g, '')
        .trim(),
    )
    .sort();
}

function requireSame({ name }, before, now) {
  const lost = before.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const more = now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  if (lost.length + more.length > 0) {
    throw new Error(`the network of ${name} is not as before:\n${[...lost, ...more].join('\n')}`);
  }
}
