// The users of the load balancer: requests one after the other, and a continuous load. Nothing is ever sent twice: a
// request that fails counts as failed.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from './loopback.mjs';

const answerDeadlineMs = 5_000;
const mostFailures = 100;

/** Sends `count` requests in turn over two kept-alive and two ever new connections; resolves with how many each member answered, and the failures. With `tls` (`{ca, servername}`) they go over HTTPS, and an answer counts only from a server that proves its name. */
export async function visitTimes(port, count, signal, tls) {
  const visitors = [true, false, true, false].map((keepAlive) => createVisitor(port, keepAlive, tls));
  const tally = createTally();
  for (let sent = 0; sent < count && !signal.aborted; sent += 1) {
    await tally.record(visitors[sent % visitors.length]);
  }
  for (const visitor of visitors) visitor.close();
  signal.throwIfAborted();
  return tally.result();
}

/** Starts a load that goes on until it is stopped, the signal aborts or 100 requests have failed: each client sends its next request `pauseMs` after the last is answered. */
export function startLoad(port, { keptAlive, fresh, mostRequests = 200_000, pauseMs = 0 }, signal) {
  const clients = Array.from({ length: keptAlive + fresh }, (_, index) => ({
    visitor: createVisitor(port, index < keptAlive),
    answers: 0,
  }));
  const tally = createTally();
  let stopping = false;
  const goesOn = () =>
    !stopping && !signal.aborted && tally.requests() < mostRequests && tally.failed() < mostFailures;
  const loops = clients.map(async (client) => {
    while (goesOn()) {
      if (await tally.record(client.visitor)) client.answers += 1;
      if (pauseMs > 0) await sleep(pauseMs);
    }
    client.visitor.close();
  });
  return {
    /** The number of answers that every single client has had. */
    leastAnswers: () => Math.min(...clients.map((client) => client.answers)),
    goesOn,
    failed: tally.failed,
    /** Ends it, last requests answered; resolves as visitTimes does. */
    async stop() {
      stopping = true;
      await Promise.all(loops);
      return tally.result();
    },
  };
}

function createTally() {
  const perMember = {};
  const failures = [];
  let answered = 0;
  return {
    requests: () => answered + failures.length,
    failed: () => failures.length,
    async record(visitor) {
      try {
        const name = await visitor.visit();
        perMember[name] = (perMember[name] ?? 0) + 1;
        answered += 1;
        return true;
      } catch (thrown) {
        failures.push(thrown.code ?? thrown.message);
        return false;
      }
    },
    result: () => ({ answered, perMember: { ...perMember }, failures: [...failures] }),
  };
}

/** Makes a client of one connection, kept alive or ever new; `visit` sends one request and resolves with the answer's text. */
export function createVisitor(port, keepAlive, tls) {
  const { Agent, get } = tls === undefined ? http : https;
  const agent = new Agent({ keepAlive, maxSockets: 1, ...tls });
  return {
    visit: () =>
      new Promise((resolve, reject) => {
        const sent = get({ host: loopback, port, agent, timeout: answerDeadlineMs }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('error', reject);
          response.on('end', () =>
            response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode}`)),
          );
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerDeadlineMs / 1000} s`)));
        sent.on('error', reject);
      }),
    close: () => agent.destroy(),
  };
}
