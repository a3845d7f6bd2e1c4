// A lane: one load balancer at a time on both agents, led from configuration to configuration. Each step is a pair: what
// runs, and what is uploaded next; after the reload on both sides all that can be seen of the two haproxies must be equal.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expectedCertificates, expectedServers } from './expected.mjs';
import { drawLoadBalancer } from './model.mjs';
import { following, kinds, liesAbout } from './mutations.mjs';

const pairsOfOne = 12;
const farShare = 1 / 3;
const lieShare = 0.3;

/** Runs pairs until `next` gives none; `next` gives the number of a pair. */
export async function runLane({ sides, randomOf, ports, certificates, next, report, signal }) {
  let at = next();
  while (at !== undefined) {
    const id = randomUUID();
    const [ours, reference] = sides.map((side) => side.load(id));
    const random = randomOf(`load balancer ${at}`);
    let present = drawLoadBalancer(random, ports);
    await both([ours, reference], async (each) => {
      await each.upload(present);
      await each.start();
    });
    for (let count = 0; count < pairsOfOne && at !== undefined; count += 1) {
      signal.throwIfAborted();
      const outcome = await playPair({
        number: at,
        random: randomOf(`pair ${at}`),
        present,
        ours,
        reference,
        ports,
      });
      judge(outcome, { report, certificates });
      present = outcome.after;
      at = next();
    }
    await both([ours, reference], (each) => each.remove());
  }
}

function both(pair, job) {
  return Promise.all(pair.map(job));
}

async function playPair({ number, random, present, ours, reference, ports }) {
  const kind = random.chance(farShare) ? 'far' : kinds[number % kinds.length];
  const lies = liesAbout[kind] ?? [];
  const lie = lies.length > 0 && random.chance(lieShare) ? random.pick(lies) : undefined;
  const { kinds: done, after } = following(random, present, ports, kind);
  await both([ours, reference], (each) => each.upload(after));
  const [told] = await Promise.all([ours.reload(lie), reference.reload()]);
  const [seen, right] = await both([ours, reference], (each) => each.look(after));
  return { number, done, after, lie, told, seen, right };
}

function judge({ number, done, after, lie, told, seen, right }, { report, certificates }) {
  const what = `pair ${number} (${done.join(', ')}${lie === undefined ? '' : `, lied about: ${lie}`})`;
  const { isReplaced, applied, swallowed } = told;
  report.pair({ done, isReplaced, applied, lie, swallowed: swallowed.length });
  const fault = (words, detail) => report.fault(`${what}: ${words}`, detail);
  if (applied !== undefined && (applied === 'reload') !== isReplaced)
    fault(`the answer says ${applied}, and the worker was ${isReplaced ? '' : 'not '}replaced`);
  if (swallowed.length > 0 && !isReplaced)
    fault('what haproxy did not do was not noticed', swallowed.join('; '));
  for (const difference of differences(right.servers, seen.servers))
    fault('not as after a reload', difference);
  for (const difference of differences(right.serials, seen.serials))
    fault('not as after a reload', difference);
  const wanted = expectedServers(after);
  for (const difference of differences(wanted, onlyKnown(seen.servers)))
    fault('not as configured', difference);
  const serials = expectedCertificates(after).map(({ port, name, version }) => [
    `${port} ${name}`,
    certificates.of(name, version).serial,
  ]);
  for (const difference of differences(new Map(serials), seen.serials))
    fault('not as configured', difference);
}

// What the model does not say is compared between the two sides only.
function onlyKnown(servers) {
  return new Map(
    [...servers].map(([name, { address, port, weight, standing, backup, check, cookie, maxconn, tls }]) => [
      name,
      { address, port, weight, standing, backup, check, cookie, maxconn, tls },
    ]),
  );
}

function* differences(expected, found) {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const [a, b] = [expected.get(name), found.get(name)];
    if (!isDeepStrictEqual(a, b)) yield `${name}: expected ${JSON.stringify(a)}, found ${JSON.stringify(b)}`;
  }
}
