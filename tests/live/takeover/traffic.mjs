// Members and clients of the trial, both on the far side of the VIP's port. Every request but the download has a
// connection of its own; whatever does not end in the right answer is a failure, with its moment.
import { Agent, createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const chunk = Buffer.alloc(1_000, 'x');
const chunksPerSecond = 10;
const answerDeadlineMs = 10_000;

/** Starts the member: `/` says ok, `/for/<seconds>` trickles for so long. */
export async function startMember(host) {
  const server = createServer((request, response) => {
    const seconds = Number(/^\/for\/(\d+)$/.exec(request.url)?.[1] ?? 0);
    if (seconds === 0) return void response.end('ok');
    response.setHeader('Content-Length', seconds * chunksPerSecond * chunk.length);
    let left = seconds * chunksPerSecond;
    const timer = setInterval(() => {
      response.write(chunk);
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      response.end();
    }, 1_000 / chunksPerSecond);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  return { port: server.address().port, close: () => server.close() };
}

function ask(options) {
  return new Promise((resolve, reject) => {
    const sent = get(options, (response) => {
      let bytes = 0;
      response.on('data', (part) => (bytes += part.length));
      response.on('error', reject);
      response.on('end', () =>
        response.complete ? resolve({ status: response.statusCode, bytes }) : reject(new Error('cut short')),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
  });
}

/** Keeps so many clients asking until `end`, which gives the counts. */
export function startClients(at, count) {
  const startMs = performance.now();
  const counts = { requests: 0, failures: [] };
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      counts.requests += 1;
      try {
        const { status } = await ask({ ...at, path: '/', agent: false, timeout: answerDeadlineMs });
        if (status !== 200) throw new Error(`status ${status}`);
      } catch (error) {
        const atS = ((performance.now() - startMs) / 1_000).toFixed(1);
        counts.failures.push(`${atS} s: ${error.code ?? error.message}`);
      }
      await sleep(2);
    }
  };
  const clients = Array.from({ length: count }, client);
  return {
    counts,
    async end() {
      isOver = true;
      await Promise.all(clients);
      return counts;
    },
  };
}

/** Begins a download that takes so long; gives how many bytes came of how many, or why not all did. */
export async function download(at, seconds) {
  const wanted = seconds * chunksPerSecond * chunk.length;
  const agent = new Agent({ keepAlive: false });
  try {
    const { bytes } = await ask({ ...at, path: `/for/${seconds}`, agent });
    return { wanted, bytes };
  } catch (error) {
    return { wanted, bytes: 0, error: error.code ?? error.message };
  }
}
