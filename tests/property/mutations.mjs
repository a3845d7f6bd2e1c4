// What changes from one configuration to the next: the kinds of change that controllers and operators make. Each takes a
// copy of a load balancer and changes it, or says that there is nothing of the kind to change.
import { randomUUID } from 'node:crypto';
import {
  algorithms,
  drawListener,
  drawLoadBalancer,
  drawMember,
  drawMonitor,
  drawPlace,
  names,
} from './model.mjs';

/** Picks a pool that fits, of any listener. */
function aPool(random, { listeners }, fits = () => true) {
  const pools = listeners.flatMap(({ pools }) => pools).filter(fits);
  return pools.length === 0 ? undefined : random.pick(pools);
}

const hasMembers = ({ members }) => members.length > 0;

function ofPool(fits, change) {
  return (random, loadBalancer) => {
    const pool = aPool(random, loadBalancer, fits);
    if (pool === undefined) return false;
    change(random, pool);
    return true;
  };
}

function ofMember(change, fits = () => true) {
  return ofPool(
    ({ members }) => members.some(fits),
    (random, pool) => change(random, random.pick(pool.members.filter(fits)), pool),
  );
}

function ofListener(fits, change) {
  return (random, loadBalancer) => {
    const found = loadBalancer.listeners.filter(fits);
    if (found.length === 0) return false;
    change(random, random.pick(found));
    return true;
  };
}

const isTls = ({ protocol }) => protocol === 'TERMINATED_HTTPS';

function other(random, list, present) {
  return random.pick(list.filter((each) => each !== present));
}

function removeOne(random, list) {
  list.splice(random.integer(0, list.length - 1), 1);
}

/** The kinds by name. */
export const mutations = {
  'member added': ofPool(
    () => true,
    (random, pool) => pool.members.push(drawMember(random, pool)),
  ),
  'member added between others': ofPool(hasMembers, (random, pool) =>
    pool.members.unshift(drawMember(random, pool)),
  ),
  'member removed': ofPool(hasMembers, (random, pool) => removeOne(random, pool.members)),
  'member exchanged': ofPool(hasMembers, (random, pool) => {
    removeOne(random, pool.members);
    pool.members.push(drawMember(random, pool));
  }),
  'member moved to an address': ofMember((random, member) => Object.assign(member, drawPlace(random))),
  'member moved to a port': ofMember((random, member) => (member.port = random.integer(10, 19))),
  'weight changed': ofMember(
    (random, member) => (member.weight = other(random, [0, 1, 2, 5, 100, 256], member.weight)),
  ),
  'member drained': ofMember((random, member) => (member.weight = 0)),
  'member disabled or enabled': ofMember((random, member) => (member.isEnabled = !member.isEnabled)),
  'several members changed': ofPool(hasMembers, (random, pool) => {
    for (const member of pool.members) {
      if (random.chance(0.5)) member.weight = random.integer(0, 20);
      if (random.chance(0.3)) member.isEnabled = !member.isEnabled;
      if (random.chance(0.3)) Object.assign(member, drawPlace(random));
    }
    if (random.chance(0.5)) pool.members.push(drawMember(random, pool));
  }),
  'check changed': ofPool(
    ({ monitor }) => monitor !== null,
    (random, pool) => (pool.monitor = drawMonitor(random, random.chance(0.5) ? pool.monitor.type : 'TCP')),
  ),
  'check added or removed': ofPool(
    () => true,
    (random, pool) => (pool.monitor = pool.monitor === null ? drawMonitor(random, 'TCP') : null),
  ),
  'port of checks changed': ofMember(
    (random, member) => (member.monitorPort = member.monitorPort === null ? random.integer(1, 9) : null),
  ),
  'backup changed': ofMember((random, member) => (member.isBackup = !member.isBackup)),
  'persistence changed': ofPool(
    () => true,
    (random, pool) => (pool.persistence = other(random, ['none', 'source', 'http', 'app'], pool.persistence)),
  ),
  'algorithm changed': ofPool(
    () => true,
    (random, pool) => (pool.algorithm = other(random, algorithms, pool.algorithm)),
  ),
  'maxconn of a member changed': ofMember(
    (random, member) => (member.maxconn = member.maxconn === null ? random.integer(1, 500) : null),
  ),
  'TLS to members changed': ofPool(
    () => true,
    (random, pool) => (pool.tls = other(random, [null, 'plain', 'ca', 'client'], pool.tls)),
  ),
  'PROXY protocol changed': ofPool(
    () => true,
    (random, pool) => (pool.proxy = other(random, [0, 1, 2], pool.proxy)),
  ),
  'default-server changed': ofPool(
    () => true,
    (random, pool) =>
      (pool.defaultServer = other(random, [null, 'inter 95s', 'weight 4', 'maxconn 9'], pool.defaultServer)),
  ),
  'certificate renewed': ofListener(
    isTls,
    (random, { certificates }) => (random.pick(certificates).version += 1),
  ),
  'certificate in another file': ofListener(isTls, (random, { certificates }) => {
    const certificate = random.pick(certificates);
    certificate.file += 1;
    certificate.version += 1;
  }),
  'name added to a certificate list': ofListener(isTls, (random, listener) => {
    const { certificates } = listener;
    if (certificates.length < names.length)
      certificates.push({ name: names[certificates.length], file: 0, version: 0 });
    else certificates.pop();
  }),
  'listener changed': ofListener(
    () => true,
    (random, listener) => (listener.timeoutClient += 1_000),
  ),
  'limit of a listener changed': ofListener(
    () => true,
    (random, listener) => (listener.connectionLimit = listener.connectionLimit === null ? 77 : null),
  ),
  'listener added or removed'(random, loadBalancer, ports) {
    const { listeners } = loadBalancer;
    const free = ports.filter((port) => listeners.every((listener) => listener.port !== port));
    if (listeners.length > 1 || free.length === 0) removeOne(random, listeners);
    else listeners.push(drawListener(random, random.pick(free)));
    return true;
  },
  'members in another order': ofPool(
    ({ members }) => members.length > 1,
    (random, pool) => pool.members.reverse(),
  ),
  'member under another name': ofMember((random, member) => (member.id = randomUUID())),
  'a comment': (random, loadBalancer) => {
    loadBalancer.comment += 1;
    return true;
  },
  nothing: () => true,
};

export const kinds = Object.keys(mutations);

/** What haproxy may lie about when it is told of such a change. */
export const liesAbout = {
  'member added': ['servers'],
  'member removed': ['servers'],
  'member exchanged': ['servers'],
  'member moved to an address': ['address'],
  'member moved to a port': ['address'],
  'weight changed': ['weight'],
  'member drained': ['weight'],
  'member disabled or enabled': ['standing'],
  'several members changed': ['address', 'weight', 'standing', 'servers'],
  'certificate renewed': ['certificate'],
};

/** Draws what follows a configuration: changed in this way, and sometimes in others too; `far` is another one altogether. */
export function following(random, before, ports, kind) {
  if (kind === 'far') return { kinds: ['far'], after: drawLoadBalancer(random, ports) };
  const after = structuredClone(before);
  const wanted = [kind];
  while (random.chance(0.25)) wanted.push(random.pick(kinds));
  const done = wanted.filter((each) => mutations[each](random, after, ports));
  return { kinds: done, after };
}
