// The agent as a process that is ended and started over and over: through its launcher, with a configuration file, as
// in production.
import { join } from 'node:path';
import { createApi } from '../../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../../scripts/demo/loopback.mjs';

const startDeadlineMs = 30_000;
const endGraceMs = 10_000;

/** Makes the agent; it does not run yet. `server` is bench/servers.mjs's, `certs` has what a client needs, `onReady` gets the moment when the agent that is ready was started. */
export function createAgent({ server, directory, certs, report, signal, onReady }) {
  const probe = createApi({ address: loopback, port: server.port, certs });
  let child;
  const agent = {
    /** down, starting, answering (it listens), ready (it has restored its listeners). */
    phase: 'down',
    /** How often it was started, and ended by us. */
    starts: 0,
    endings: 0,
    startedAt: 0,
    readyAt: 0,
    pid: () => child?.pid,
    /** Starts it; resolves once it is ready, or has ended. */
    async start() {
      agent.starts += 1;
      agent.startedAt = performance.now();
      agent.phase = 'starting';
      const { starts, startedAt } = agent;
      const isMine = () => agent.starts === starts && agent.phase !== 'down';
      child = server.start(join(directory, `agent-${starts}.log`), (text) => {
        if (!text.includes('"ready":true') || !isMine()) return;
        agent.phase = 'ready';
        agent.readyAt = performance.now();
        report.longest('agent start to ready', agent.readyAt - startedAt);
        onReady(startedAt);
      });
      const mine = child;
      const isAnswering = await waitUntil(
        async () =>
          !isMine() || mine.ended() !== undefined || agent.phase === 'ready' || (await answers(probe)),
        startDeadlineMs,
        signal,
      );
      if (isAnswering && isMine() && agent.phase === 'starting') agent.phase = 'answering';
      const isDone = await waitUntil(
        () => !isMine() || mine.ended() !== undefined || agent.phase === 'ready',
        startDeadlineMs,
        signal,
      );
      if (isDone) return;
      report.violation(`the agent is not ready within ${startDeadlineMs / 1_000} s`, mine.lastWords());
    },
    /** Waits until it may be called: ready, or listening when `early`. */
    callable: (early) =>
      waitUntil(
        () => agent.phase === 'ready' || (early && agent.phase === 'answering'),
        startDeadlineMs,
        signal,
      ),
    /** Ends it, with KILL or TERM, and resolves once it is gone. */
    async end(name) {
      agent.endings += 1;
      agent.phase = 'down';
      const begin = performance.now();
      const before = child.ended();
      if (before !== undefined) {
        report.violation(`the agent was gone by itself: ${before}`, child.lastWords());
        return;
      }
      if (name === 'SIGTERM') {
        await child.end(endGraceMs);
        report.longest('agent SIGTERM to its end', performance.now() - begin);
        if (child.ended() !== 'it ended with 0') {
          report.violation(`after SIGTERM ${child.ended()}, not with 0`, child.lastWords());
        }
      } else {
        process.kill(child.pid, name);
        await waitUntil(() => child.ended() !== undefined, endGraceMs);
      }
    },
    /** Ends it whatever its state, for the end of the run. */
    async clear() {
      agent.phase = 'down';
      probe.close();
      await child?.end(endGraceMs);
    },
  };
  return agent;
}

async function answers(api) {
  try {
    return (await api.call('GET', '/info')).status === 200;
  } catch {
    return false;
  }
}
