// haproxy configurations through the real pipeline: uploaded, some started, reloaded, read back and deleted. Hostile
// lines name the canary beside the agent's directories; whatever comes to run must not have it to give.
import { get } from 'node:http';
import { linesOf } from '../bundle.mjs';
import { hostileConfiguration } from '../configuration-text.mjs';
import { freePort, loopback } from '../../../scripts/demo/loopback.mjs';
import { requestBytes, uuidOf } from '../requests.mjs';
import { faultsOfAnswer } from '../verdict.mjs';

const deadlineMs = 90_000;
const visitMs = 2_000;
const ids = 2_048;
const portCount = 64;
const right = new Set([201, 400, 409, 413]);

/** The generator. */
export const configuration = {
  name: 'configuration',
  share: 3,
  atOnce: 3,
  prepare: async () => ({ ports: await Promise.all(Array.from({ length: portCount }, freePort)) }),
  make(random, { seed, pure, subject, ports, n }) {
    // A listener that no other case has at the same time: a start takes as long as hundreds of refusals.
    const id = uuidOf(seed, `configuration ${n % ids}`);
    const port = ports[n % portCount];
    const text = hostileConfiguration(random, linesOf(pure))
      .replaceAll('/tmp/', `${subject.outside}/`)
      .replaceAll('/etc/shadow', `${subject.outside}/canary`)
      .replaceAll(pure.id, id)
      .replaceAll(pure.base, subject.basePath)
      .replaceAll('127.0.0.1:8080', `${loopback}:${port}`);
    const encoding = random.oneIn(20) ? 'latin1' : 'utf8';
    return { input: Buffer.from(text, encoding), id, port, isStarted: random.oneIn(2) };
  },
  async run({ input, id, port, isStarted }, { wire, subject, pure }) {
    const faults = [];
    const call = async (method, path, body) => {
      const answer = await wire.ask(requestBytes(method, path, body), { deadlineMs });
      if (answer === undefined) faults.push(`${method} ${path} was not answered`);
      else
        faults.push(
          ...faultsOfAnswer(answer, `${method} ${path}`, subject).map(
            (fault) => `${method} ${path}: ${fault}`,
          ),
        );
      return answer;
    };
    const own = `/v0.1/listeners/${id}`;
    const uploaded = await call('PUT', `/v0.1/listeners/${id}/${id}/haproxy`, input);
    if (uploaded !== undefined && !right.has(uploaded.status))
      faults.push(`upload: ${uploaded.status} ${uploaded.text.slice(0, 300)}`);
    let outcome = uploaded?.status;
    if (uploaded?.status === 201) {
      const stored = await call('GET', `${own}/haproxy`);
      if (stored !== undefined && !Buffer.from(stored.text, 'utf8').equals(input))
        faults.push('what is stored is not what was uploaded');
      if (isStarted && staysHere(input.toString('utf8'), pure, port))
        outcome = `201, start ${(await use(call, own, port, subject, faults)) ?? ''}`;
    }
    const removed = await call('DELETE', own);
    const wanted = uploaded?.status === 201 ? 200 : 404;
    if (removed?.status !== wanted && removed?.status !== 404)
      faults.push(
        `delete: ${removed?.status} after an upload with ${uploaded?.status}: ${uploaded?.text.slice(0, 200)}`,
      );
    return { outcome, faults };
  },
};

async function use(call, own, port, subject, faults) {
  const started = await call('PUT', `${own}/start`);
  await call('GET', own);
  if (started?.status === 202) {
    for (const path of ['/', '/x', '/metrics']) {
      const text = await visit(port, path);
      if (text.includes(subject.secret)) faults.push(`haproxy serves the canary at ${path}`);
    }
    await call('PUT', `${own}/reload`);
    await call('PUT', `${own}/stop`);
  }
  return started?.status;
}

// Started only when it listens on loopback at the run's own port and calls nobody elsewhere.
function staysHere(text, { readBinds, namesHosts }, port) {
  const binds = readBinds(text, 'peer');
  const isOwn = binds.length > 0 && binds.every((bind) => bind.address === loopback && bind.port === port);
  return isOwn && !namesHosts(text) && !/example\.com|::|@|\b(?!127\.0\.0\.1\b)\d+\.\d+\.\d+\.\d+/.test(text);
}

function visit(port, path) {
  return new Promise((resolve) => {
    const request = get({ host: loopback, port, path, agent: false, timeout: visitMs }, (response) => {
      let text = JSON.stringify(response.headers);
      response.setEncoding('latin1');
      response.on('data', (chunk) => (text += chunk));
      response.on('close', () => resolve(text));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(''));
    request.on('close', () => resolve(''));
  });
}
