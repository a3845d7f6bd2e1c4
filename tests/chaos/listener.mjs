// One listener of the run: its ports, what is known of it, and what may be asked of it at this moment.
//
// INVARIANTS:
// - a watch holds all that was possible from its beginning on: what an answer says must be among it, and a request
//   must succeed when the listener surely ran, on that port, all the time;
// - while it is damaged (its haproxy was killed on purpose) nothing must succeed, until something has again.
import { join } from 'node:path';
import { digestOf, renderVersion } from './configuration.mjs';
import { createKnowledge } from './knowledge.mjs';

export const certificateName = 'localhost.pem';
export const spareName = 'spare.example.pem';

/** Makes a listener that does not exist yet. `ports` are those that its versions move between, `isSteady` tells whether agent and disk are well. */
export function createListener({
  name,
  dialect,
  id,
  frontend,
  ports,
  tlsPort,
  memberPort,
  certificateDirectory,
  isSteady,
}) {
  const watches = new Set();
  const known = new Map();
  const lost = new Set();
  let number = 0;
  let damage;
  let doubt;
  let view;
  const knowledge = createKnowledge(() => look());

  function look() {
    const runs = knowledge.possible().map(({ running }) => running);
    const running = runs.filter((version) => version !== null);
    const ports = new Set(running.map(({ port }) => port));
    view = {
      port: running[0]?.port,
      isSure: running.length === runs.length && ports.size === 1 && damage === undefined,
      isStopped: running.length === 0,
      versions: running.map((version) => String(version.number)),
      served: knowledge.possible().map(({ served }) => served),
      cause:
        damage !== undefined ? 'haproxy killed' : lost.size > 0 ? 'call cut by the agent’s end' : 'own calls',
    };
    for (const watch of watches) see(watch);
  }

  function see(watch) {
    if (!view.isSure || view.port !== watch.port) {
      watch.isSure = false;
      watch.cause ??= view.cause;
    }
    if (!view.isStopped) watch.isStopped = false;
    for (const version of view.versions) watch.versions.add(version);
    for (const bundle of view.served) watch.served.add(bundle);
  }

  const listener = {
    name,
    /** Of whoever works on it. */
    dialect,
    id,
    /** The name of its frontend, which is a listener of its own in 1.0. */
    frontend,
    tlsPort,
    ports,
    knowledge,
    /** What holds now. */
    view: () => view,
    /** Calls without an answer, until the next agent has put things in order. */
    lost,
    call: (kind, more = {}) => ({ kind, dialect, number: (number += 1), since: performance.now(), ...more }),
    /** Renders a new version and remembers its digest. */
    newVersion({ move, paddingLines }) {
      number += 1;
      const port = move ? ports.find((other) => other !== view.port) : (view.port ?? ports[0]);
      const tls =
        tlsPort === null
          ? null
          : { port: tlsPort, certificate: join(certificateDirectory, id, certificateName) };
      const text = renderVersion({ frontend, number, port, tls, memberPort, paddingLines });
      const digest = digestOf(text);
      known.set(digest, number);
      return { number, port, tls: tls !== null, text, digest };
    },
    /** The number of the version with this text; undefined when it was never sent. */
    versionOf: (text) => known.get(digestOf(text)),
    watch() {
      const watch = {
        port: view.port,
        isSure: true,
        isStopped: true,
        versions: new Set(),
        served: new Set(),
      };
      see(watch);
      watches.add(watch);
      return { seen: watch, end: () => watches.delete(watch) };
    },
    damage: () => damage,
    /** Says that its haproxy is about to be killed. */
    damaged(what) {
      damage = {
        what,
        since: performance.now(),
        call: listener.call('crash'),
        isGone: false,
        isReported: false,
      };
      knowledge.sent(damage.call);
    },
    /** Says that it serves again, or was stopped meanwhile. */
    mended() {
      const { call, since } = damage;
      damage = undefined;
      listener.lastDamage = performance.now();
      knowledge.settled(call);
      return performance.now() - since;
    },
    lastDamage: -Infinity,
    /** Whether what serves now will stay: a start that is under way may be taken back, on a full disk for instance. */
    isSteady: () => listener.inFlight === 0 && isSteady(),
    /** Whether it has been damaged at some time since. */
    wasDamaged: (since) => damage !== undefined || listener.lastDamage >= since,
    /** Says that whether it runs is open until the next start, stop or reload is answered. */
    doubted() {
      if (doubt !== undefined) return;
      doubt = listener.call('doubt');
      knowledge.sent(doubt);
    },
    /** Ends the doubt by a call that was sent after it began and has been done: it left things as `isTrue` says. */
    certain(call, isTrue) {
      if (doubt === undefined || doubt.number > call.number) return;
      knowledge.settled(doubt);
      doubt = undefined;
      if (listener.inFlight === 0 && lost.size === 0) knowledge.narrow(isTrue);
    },
    /** Calls that are sent and not answered. */
    inFlight: 0,
    /** How many calls that write were sent. */
    writes: 0,
    /** Settles the calls that were cut, once an agent that began later is ready. */
    settleLost(since) {
      for (const call of [...lost].filter((one) => one.lostAt <= since)) {
        lost.delete(call);
        knowledge.settled(call);
      }
    },
  };
  look();
  return listener;
}
