// What the demo's controller does, step by step, and what it expects of each answer.
// Source: contract/amphora-v0.1.md "Listeners", "haproxy configuration".
import { startBackend } from './backends.mjs';
import { freePort, isRefused, loopback, waitUntil } from './loopback.mjs';
import { expectThat, inWords } from './report.mjs';
import { tlsSteps } from './tls-steps.mjs';
import { startLoad, visitTimes } from './traffic.mjs';
import { upload } from './upload.mjs';

const requestCount = 100;
const load = { keptAlive: 4, fresh: 4 };
// How many answers every client of the load gets before the reload, and again after it.
const answersEach = 50;
const deadlineMs = 20_000;

/** The steps in order; each gets the stage (stage.mjs) and returns what the result records. */
export const steps = [
  { title: 'Start two backends', run: startBackends },
  { title: 'Upload a configuration', run: uploadConfiguration },
  { title: 'Start the listener', run: startListener },
  { title: `Send ${requestCount} requests`, run: sendRequests },
  { title: 'Ask how the listener is', run: askStatus },
  ...tlsSteps,
  { title: 'Reload with one member removed, while requests run', run: reloadUnderLoad },
  { title: 'Stop the listener', run: stopListener },
  { title: 'Delete the listener', run: deleteListener },
];

async function startBackends(stage) {
  for (const member of stage.members) {
    member.backend = await startBackend(member.name);
    member.port = member.backend.port;
  }
  const places = stage.members.map(({ name, port }) => `"${name}" on ${loopback}:${port}`);
  stage.report.outcome(`${places.join(', ')}: each answers its name and counts`);
  return {};
}

async function uploadConfiguration(stage) {
  stage.port = await freePort();
  await upload(stage, stage.members);
  stage.report.outcome(`haproxy accepts it; stored for port ${stage.port}, nothing runs yet`);
  return {};
}

async function startListener(stage) {
  const answer = await stage.call('PUT', `${stage.path}/start`);
  expectThat(answer.status === 202, 'the start to be answered with 202', answer);
  const refused = await isRefused(stage.port);
  expectThat(!refused, `port ${stage.port} to be served once start is answered`, { refused });
  stage.report.outcome(`${loopback}:${stage.port} serves`);
  return {};
}

async function sendRequests(stage) {
  const { answered, perMember } = await visitAll(stage);
  for (const { name } of stage.members) {
    expectThat(perMember[name] > 0, `"${name}" to get some of the requests`, perMember);
  }
  stage.report.outcome(`${answered} of ${requestCount} answered: ${inWords(perMember)}`);
  return { distribution: { requests: requestCount, answered, perMember } };
}

async function askStatus(stage) {
  let last;
  const isUp = async () => {
    last = await stage.api.call('GET', stage.path, { signal: stage.signal });
    return last.status === 200 && last.body.status === 'ACTIVE' && membersUp(last.body, stage);
  };
  const up = await waitUntil(isUp, deadlineMs, stage.signal);
  stage.report.call('GET', stage.path, last);
  expectThat(up, 'the listener to be ACTIVE with its one pool and both members UP', last);
  const [pool] = last.body.pools;
  stage.report.outcome(`${last.body.status} ${last.body.type}, pool ${pool.status}, both members UP`);
  return { status: last.body.status, pools: last.body.pools };
}

function membersUp({ pools }, { pool, members }) {
  if (pools.length !== 1 || pools[0].uuid !== pool || pools[0].status !== 'UP') return false;
  const found = Object.assign({}, ...pools[0].members);
  return (
    Object.keys(found).length === members.length && members.every((member) => found[member.uuid] === 'UP')
  );
}

async function reloadUnderLoad(stage) {
  const [removed, ...remaining] = stage.members;
  const traffic = startLoad(stage.port, load, stage.signal);
  let reloadMs;
  let during;
  try {
    await everyoneAnswered(stage, traffic, 'before the reload');
    await upload(stage, remaining);
    const begin = performance.now();
    const answer = await stage.call('PUT', `${stage.path}/reload`);
    reloadMs = Math.round(performance.now() - begin);
    expectThat(answer.status === 202, 'the reload to be answered with 202', answer);
    await everyoneAnswered(stage, traffic, 'after the reload');
  } finally {
    during = await traffic.stop();
  }
  expectThat(during.failures.length === 0, 'no request to fail during the reload', during);
  const afterwards = await visitAll(stage);
  const strays = afterwards.perMember[removed.name] ?? 0;
  expectThat(strays === 0, `the removed "${removed.name}" to get nothing after the reload`, afterwards);
  const clients = `${load.keptAlive} kept-alive and ${load.fresh} ever new connections`;
  stage.report.outcome(`reloaded in ${reloadMs} ms: ${during.answered} requests on ${clients}, 0 failed`);
  stage.report.outcome(`${requestCount} requests afterwards: ${inWords(afterwards.perMember)}`);
  return {
    reload: {
      milliseconds: reloadMs,
      requests: during.answered + during.failures.length,
      failed: during.failures.length,
      removed: removed.name,
      afterwards: afterwards.perMember,
    },
  };
}

/** Waits until every client has had its answers; a load that fails is left to the caller, who shows the failures. */
async function everyoneAnswered(stage, traffic, when) {
  const wanted = traffic.leastAnswers() + answersEach;
  const isDone = () => traffic.leastAnswers() >= wanted || !traffic.goesOn();
  await waitUntil(isDone, deadlineMs, stage.signal);
  if (traffic.failed() > 0) return;
  const answers = traffic.leastAnswers();
  expectThat(answers >= wanted, `every client to get ${answersEach} answers ${when}`, { wanted, answers });
}

async function stopListener(stage) {
  const answer = await stage.call('PUT', `${stage.path}/stop`);
  expectThat(answer.status === 202, 'the stop to be answered with 202', answer);
  const refused = await isRefused(stage.port);
  expectThat(refused, `port ${stage.port} to refuse connections once stop is answered`, { refused });
  const found = await stage.call('GET', stage.path);
  expectThat(found.status === 200 && found.body.status === 'STOPPED', 'the listener to be STOPPED', found);
  stage.report.outcome(`port ${stage.port} refuses, the listener says STOPPED`);
  return { statusAfterStop: found.body.status };
}

async function deleteListener(stage) {
  const answer = await stage.call('DELETE', stage.path);
  expectThat(answer.status === 200, 'the deletion to be answered with 200', answer);
  stage.uploaded = false;
  const found = await stage.call('GET', stage.path);
  expectThat(found.status === 404, 'the listener to be gone (404)', found);
  stage.report.outcome('nothing is left of it');
  return { afterDelete: found.status };
}

/** Sends the requests and checks the users' count against the backends'. */
async function visitAll(stage) {
  const before = stage.members.map(({ backend }) => backend.requests());
  const visits = await visitTimes(stage.port, requestCount, stage.signal);
  expectThat(visits.answered === requestCount, `${requestCount} of ${requestCount} answers`, visits);
  for (const [index, { name, backend }] of stage.members.entries()) {
    const got = backend.requests() - before[index];
    const said = visits.perMember[name] ?? 0;
    expectThat(got === said, `"${name}" to have counted the ${said} that it answered`, { counted: got });
  }
  return visits;
}
