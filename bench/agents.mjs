// The two agents side by side, each as a controller has it: the same certificates, the same client, the same calls of
// API 1.0, which both speak.
import { createApi } from '../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../scripts/demo/loopback.mjs';
import { killHaproxies, octavia, prepareOctavia, whyNoOctavia } from './octavia/agent.mjs';
import { workersOf } from './processes.mjs';
import { prepareAmphorad, prepareDirectory } from './servers.mjs';

const startDeadlineMs = 20_000;
const endGraceMs = 5_000;

/** What a report says of the real agent, and how it was run. */
export const octaviaNotes = () => {
  const why = whyNoOctavia();
  return why === undefined
    ? [
        `${octavia}: Debian's python3-octavia, unmodified, all its processes; no systemd runs here, so a stand-in for systemctl does as its units say, as fast in a reload as the real one, some 25 ms slower in a start.`,
      ]
    : [`Without ${octavia}: ${why}.`];
};

/** Prepares ours and, where it can run, the real agent; neither is started. */
export async function prepareAgents(options = {}) {
  const prepared = prepareDirectory();
  const undo = [prepared.remove];
  const remove = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const agents = [await prepareAmphorad(prepared, options)];
    if (whyNoOctavia() === undefined) {
      agents.push(await prepareOctavia(prepared, options));
      undo.push(agents[1].remove);
    }
    return { prepared, agents, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/** Starts an agent and waits until it answers; `end` ends it and every haproxy that was made through it. */
export async function startAgent(agent, { prepared, signal }) {
  const api = createApi({ address: loopback, port: agent.port, certs: prepared.certs });
  const child = agent.start();
  const made = new Set();
  const running = {
    ...agent,
    api,
    pid: child.pid,
    processes: () => agent.processesOf(child),
    workers: (id) => workersOf(id),
    upload: (id, text) => upload(running, prepared.amphoraId, made, { id, text, signal }),
    act: (id, verb) => expect(api.call('PUT', `/1.0/loadbalancer/${id}/${verb}`, { signal }), 202),
    end: async () => {
      for (const id of made) await removeOne({ api }, id);
      api.close();
      await child.end(endGraceMs);
    },
  };
  const isUp = async () => child.ended() ?? (await answers(api));
  const found = await waitUntil(isUp, startDeadlineMs, signal);
  if (found === true) return running;
  const words = child.lastWords();
  await running.end();
  throw new Error(`${agent.subject} does not answer: ${found ?? ''}\n${words}`);
}

/** Starts all, one after the other. */
export async function startAgents(agents, options) {
  const running = [];
  try {
    for (const agent of agents) running.push(await startAgent(agent, options));
    return running;
  } catch (thrown) {
    for (const agent of running) await agent.end();
    throw thrown;
  }
}

function upload({ api }, amphoraId, made, { id, text, signal }) {
  made.add(id);
  return expect(api.call('PUT', `/1.0/loadbalancer/${amphoraId}/${id}/haproxy`, { body: text, signal }), 202);
}

async function removeOne({ api }, id) {
  await api.call('DELETE', `/1.0/listeners/${id}`).catch(() => undefined);
  killHaproxies(id);
}

async function expect(called, status) {
  const answer = await called;
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}

const answers = (api) =>
  api.call('GET', '/1.0/info').then(
    ({ status }) => status === 200,
    () => false,
  );
