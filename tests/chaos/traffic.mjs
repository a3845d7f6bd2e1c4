// The users: requests through every listener, on connections kept alive and on ever new ones. Nothing is sent twice.
// Each answer is held against what was known while the request was under way.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { loopback } from '../../scripts/demo/loopback.mjs';
import { createVisitor } from '../../scripts/demo/traffic.mjs';

const pauseMs = [15, 60];
const absentMs = 50;
const handshakeDeadlineMs = 5_000;

/** Starts the users of a listener; resolves once the signal of their end has come. `authorities` are those of its certificates. */
export async function sendTraffic({ listener, authorities, report, random, ended }) {
  const tls = { ca: authorities, servername: 'localhost' };
  const users = [
    createUser(listener, { isKept: true, report }),
    createUser(listener, { isKept: false, report }),
    ...(listener.tlsPort === null ? [] : [createUser(listener, { isKept: random.chance(0.5), tls, report })]),
  ];
  await Promise.all(
    users.map(async (user) => {
      while (!ended.aborted) {
        const wasSent = await user.visit();
        await sleep(wasSent ? random.integer(...pauseMs) : absentMs);
      }
      user.close();
    }),
  );
}

/** Makes one user; `visit` sends one request, judges what came, and tells whether there was anything to send to. */
export function createUser(listener, { isKept, tls, report }) {
  let visitor;
  let visited;
  // What a kept connection may still be answered by: the old worker serves it once more.
  let earlier = new Set();
  const connectTo = (port) => {
    if (visited === port) return;
    visitor?.close();
    visited = port;
    visitor = createVisitor(port, isKept, tls);
  };
  return {
    async visit() {
      const { port, versions } = listener.view();
      if (port === undefined) return false;
      connectTo(tls === undefined ? port : listener.tlsPort);
      const goneBefore =
        listener.isSteady() && listener.damage()?.isGone === true ? listener.damage() : undefined;
      const { seen, end } = listener.watch();
      const before = new Set(versions);
      const begin = performance.now();
      report.count('requests through haproxy');
      try {
        const version = await visitor.visit();
        if (seen.isSure) report.count('requests that had to succeed, and did');
        judgeVersion(listener, { version, seen, earlier, isKept, report });
        if (goneBefore !== undefined && goneBefore === listener.damage() && listener.isSteady())
          mend(listener, report);
      } catch (thrown) {
        judgeFailure(listener, { thrown, seen, begin, isKept, tls, report });
      }
      end();
      earlier = before;
      return true;
    },
    close: () => visitor?.close(),
  };
}

function judgeVersion(listener, { version, seen, earlier, isKept, report }) {
  if (seen.versions.has(version) || (isKept && earlier.has(version))) return;
  report.violation(
    `${listener.name}: version ${version} answered, expected ${[...seen.versions].join(' or ')}`,
    {
      isKept,
      possible: listener.knowledge.possible().map(inShort),
    },
  );
}

function judgeFailure(listener, { thrown, seen, begin, isKept, tls, report }) {
  if (!seen.isSure) {
    report.count(`requests failed, excused: ${seen.cause}`);
    return;
  }
  report.count('requests failed, not excused');
  const kind = `${isKept ? 'kept' : 'new'}${tls === undefined ? '' : ' TLS'} connection`;
  report.violation(`${listener.name}: request failed after ${Math.round(performance.now() - begin)} ms`, {
    why: thrown.code ?? thrown.message,
    kind,
    port: seen.port,
    id: listener.id,
  });
}

function mend(listener, report) {
  const { what } = listener.damage();
  report.longest(`outage of a listener, ${what} killed`, listener.mended());
}

/** Names a state of a listener. */
export function inShort({ stored, running, served, certificate }) {
  return `stored ${stored?.number ?? '-'} running ${running?.number ?? '-'} served ${served ?? '-'} certificate ${certificate ?? '-'}`;
}

/** Resolves with the SHA-256 fingerprint of the certificate that a port shows. */
export function fingerprintAt(port, options) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port, servername: 'localhost', ...options }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.setTimeout(handshakeDeadlineMs, () => socket.destroy(new Error('no handshake in time')));
    socket.on('error', reject);
  });
}
