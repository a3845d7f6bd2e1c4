// One call of the API: sent, remembered, and its answer held against what is known. A call without an answer is right
// only when the agent was ended meanwhile.
import { loopback } from '../../scripts/demo/loopback.mjs';
import { createApi } from '../../scripts/demo/api.mjs';
import { dialects, requestOf } from './dialects.mjs';
import { inShort } from './traffic.mjs';

const writing = new Set('upload badUpload putCertificate putSpare reload start stop delete'.split(' '));
const movesProcess = new Set(['reload', 'start', 'stop', 'delete']);

/** Makes the client of one controller. */
export function createCaller({ stage, random }) {
  const { agent, report } = stage;
  const api = createApi({ address: loopback, port: stage.port, certs: stage.clientCerts });

  async function call(listener, kind, more = {}) {
    await agent.callable(random.chance(0.3));
    // A call that was cut may be half done until the next agent has put things in order.
    if (listener.lost.size > 0) await agent.callable(false);
    const sent = listener.call(kind, more);
    const { endings } = agent;
    listener.knowledge.sent(sent);
    listener.inFlight += 1;
    if (writing.has(kind)) listener.writes += 1;
    const { seen, end } = listener.watch();
    let answer;
    try {
      answer = await api.call(...requestOf(kind, listener, stage), { body: more.body });
    } catch (thrown) {
      listener.inFlight -= 1;
      end();
      sent.lostAt = performance.now();
      listener.lost.add(sent);
      report.answer(named(kind, listener), 'none');
      if (agent.endings === endings) {
        report.violation(`${listener.name}: ${kind} got no answer from a living agent`, thrown.message);
      }
      return undefined;
    }
    listener.inFlight -= 1;
    end();
    report.answer(named(kind, listener), answer.status);
    answer.status = dialects[listener.dialect].statusOf(kind, answer);
    report.longest(`answer to ${kind}`, performance.now() - sent.since);
    judge(stage, listener, { sent, seen }, answer);
    return answer.status;
  }

  /** Reads the list of all listeners, or the details, which must be answered whatever goes on. */
  async function survey(path, listeners) {
    await agent.callable(random.chance(0.3));
    const { endings } = agent;
    const watches = listeners.map((listener) => ({
      listener,
      since: performance.now(),
      ...listener.watch(),
    }));
    try {
      const { status, body } = await api.call('GET', path);
      report.answer(`read ${path}`, status);
      if (status !== 200) report.violation(`${path} answered ${status}`, body);
      else if (Array.isArray(body)) judgeList(report, watches, body, path);
    } catch (thrown) {
      report.answer(`read ${path}`, 'none');
      if (agent.endings === endings)
        report.violation(`${path} got no answer from a living agent`, thrown.message);
    }
    for (const { end } of watches) end();
  }

  return { call, survey, close: () => api.close() };
}

/** v0.1 is counted under the bare kind. */
function named(kind, { dialect }) {
  return dialect === 'v0.1' ? kind : `${kind} (${dialect})`;
}

function judgeList(report, watches, list, path) {
  // v0.1 lists load balancers, 1.0 the frontends of those that run.
  const idOf = ({ id, frontend }) => (path.startsWith('/1.0/') ? frontend : id);
  for (const { listener, since, seen } of watches) {
    const status = list.find(({ uuid }) => uuid === idOf(listener))?.status ?? 'absent';
    const isExpected = seen.isSure
      ? status === 'ACTIVE'
      : !seen.isStopped || listener.wasDamaged(since) || status === 'STOPPED' || status === 'absent';
    if (isExpected) continue;
    report.violation(`${listener.name} (${listener.id}): ${status} in ${path}`, {
      possible: listener.knowledge.possible().map(inShort),
    });
  }
}

function judge({ disk, report }, listener, { sent, seen }, answer) {
  const { kind, since } = sent;
  const { knowledge } = listener;
  const outcome = outcomeOf(listener, sent, answer);
  const isFull = answer.status === 507 && writing.has(kind) && disk.wasFull(since);
  if (movesProcess.has(kind) && (isFull || (answer.status === 500 && listener.wasDamaged(since)))) {
    knowledge.settled(sent);
    if (isFull) listener.doubted();
    return;
  }
  if (answer.status === 507 && !isFull)
    report.violation(`${listener.name}: ${kind} lacks space on a free disk`, answer.text);
  // Its haproxy was killed, or another controller's start or stop is half-way.
  const isFailing = kind === 'readStatus' && (outcome === '200 ERROR' || outcome === '200 absent');
  if (isFailing && (listener.wasDamaged(since) || !(seen.isSure || seen.isStopped))) {
    knowledge.settled(sent);
    return;
  }
  const before = knowledge.possible().map(inShort);
  if (!knowledge.answered(sent, outcome)) {
    report.violation(
      `${listener.name} (${listener.id}): ${kind} answered ${outcome}, which nothing explains`,
      {
        answer: answer.text.slice(0, 400),
        possible: before,
      },
    );
  }
  settle(listener, sent, outcome);
}

function settle(listener, sent, outcome) {
  const { kind } = sent;
  if (outcome === '202' && kind !== 'stop') listener.certain(sent, ({ running }) => running !== null);
  const isStopped = (kind === 'stop' && outcome === '202') || (kind === 'delete' && outcome === '200');
  if (!isStopped) return;
  listener.certain(sent, ({ running }) => running === null);
  if (listener.damage()?.isGone === true && listener.view().isStopped) listener.mended();
}

function outcomeOf(listener, { kind, bundles }, { status, text, body }) {
  if (status !== 200) return String(status);
  if (kind === 'readText') return `200 version ${listener.versionOf(text) ?? 'unknown'}`;
  if (kind === 'readStatus') return `200 ${dialects[listener.dialect].wordOf(listener, body)}`;
  if (kind === 'readSpare') return `200 bundle ${bundles.findIndex(({ md5 }) => md5 === body.md5sum)}`;
  return '200';
}
