// usage: probe.mjs URL   (runs in the client's namespace)
// A client of the VIP: a new connection with one request every 50 ms, given up after 1 s, so that at most 20 are open.
// Prints one line of JSON for each: when it was sent and ended on the machine's monotonic clock in ms, and who answered.
import { request } from 'node:http';

const periodMs = 50;
const deadlineMs = 1_000;
const [url] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;

function ask() {
  const sentAt = now();
  let isTold = false;
  const tell = (said) => {
    if (isTold) return;
    isTold = true;
    clearTimeout(timer);
    process.stdout.write(`${JSON.stringify({ sentAt, endedAt: now(), ...said })}\n`);
  };
  const sent = request(url, { agent: false }, (response) => {
    const by = response.headers['x-amphora'];
    response.on('error', (error) => tell({ error: error.code ?? error.message }));
    response.on('end', () =>
      tell(response.statusCode === 200 ? { by } : { error: `status ${response.statusCode} by ${by}` }),
    );
    response.resume();
  });
  const timer = setTimeout(() => {
    tell({ error: 'no answer within 1 s' });
    sent.destroy();
  }, deadlineMs);
  sent.on('error', (error) => tell({ error: error.code ?? error.message }));
  sent.end();
}

setInterval(ask, periodMs);
ask();
