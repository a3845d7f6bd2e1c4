// Runs in the neighbours' namespace, until its input ends: members that serve HTTP and UDP, or clients.
// usage: node traffic.mjs serve ADDRESS... | call ADDRESS PORT | send ADDRESS PORT COUNT      (each prints a line of JSON)
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const callMs = 20_000;
const answerMs = 5_000;
const clients = 4;
const betweenCallsMs = 50;
const say = (found) => process.stdout.write(`${JSON.stringify(found)}\n`);
const inputEnds = once(process.stdin.resume(), 'end');

async function serve(addresses) {
  for (const address of addresses) {
    const web = createServer((_, answer) => answer.end(address)).listen(8080, address);
    const datagrams = createSocket('udp4').bind(5353, address);
    datagrams.on('message', (_, peer) => datagrams.send(address, peer.port, peer.address));
    await Promise.all([once(web, 'listening'), once(datagrams, 'listening')]);
  }
  say({ serving: addresses });
  await inputEnds;
  process.exit(0);
}

async function call(host, port) {
  const found = { sent: 0, failed: 0, reasons: [], members: {} };
  let goesOn = true;
  const one = async () => {
    while (goesOn) {
      found.sent += 1;
      await ask({ host, port, agent: false, timeout: callMs })
        .then((member) => (found.members[member] = (found.members[member] ?? 0) + 1))
        .catch((error) => {
          found.failed += 1;
          if (found.reasons.length < 5) found.reasons.push(error.message);
        });
      await pause(betweenCallsMs);
    }
  };
  const all = Array.from({ length: clients }, one);
  await inputEnds;
  goesOn = false;
  await Promise.all(all);
  say(found);
}

function ask(options) {
  return new Promise((resolve, reject) => {
    const message = get(options, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`status ${answer.statusCode}`)),
      );
    });
    message.on('timeout', () => message.destroy(new Error('no answer in time')));
    message.on('error', reject);
  });
}

async function send(address, port, count) {
  const found = { sent: 0, answered: 0, members: {} };
  for (let at = 0; at < count; at += 1) {
    // A port of its own each: to ip_vs every one is a connection.
    const socket = createSocket('udp4');
    socket.send('ping', port, address);
    found.sent += 1;
    const ended = new AbortController();
    const answered = once(socket, 'message', { signal: ended.signal }).catch(() => undefined);
    const answer = await Promise.race([answered, pause(answerMs)]);
    ended.abort();
    if (answer !== undefined) {
      found.answered += 1;
      found.members[String(answer[0])] = (found.members[String(answer[0])] ?? 0) + 1;
    }
    socket.close();
  }
  say(found);
}

const [mode, ...words] = process.argv.slice(2);
if (mode === 'serve') await serve(words);
else if (mode === 'call') await call(words[0], Number(words[1]));
else {
  await send(words[0], Number(words[1]), Number(words[2]));
  process.exit(0);
}
