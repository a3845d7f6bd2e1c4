// Requests by the grammar of HTTP/1.1, one twist after another. Those that are still HTTP must be answered; those that
// two readers could read differently must be refused. Sources: RFC 9110, RFC 9112; DESIGN "Refusals must arrive".
import { fill, rows } from '../requests.mjs';
import { faultsOfAnswer, faultsOfRefusal } from '../verdict.mjs';
import { clients } from '../wire.mjs';

const answerDeadlineMs = 15_000;
const waitMs = 80;
const methods = [
  'GET',
  'HEAD',
  'PUT',
  'POST',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
  'SEARCH',
];
const oddPaths = [
  '/v0.1/%2e%2e/info',
  '/v0.1/../info',
  '/v0.1//info',
  '/%2e/info',
  '/v0.1/listeners/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '/v0.1/listeners/..%5c..',
  '/info%00',
  '/info%0d%0aX:%20y',
  '/%ff%fe',
  '/%',
  '/%zz',
  '/info;a=b',
  '/info?',
  '/info?a=%00&a[]=1&__proto__[x]=1',
  '/INFO',
  '//info',
  '//evil.example/info',
  '/info#x',
  'http://localhost/info',
  'https://evil.example:99999/info',
  '*',
  '/%c0%ae%c0%ae/',
  '/:listener',
  '/v0.1/__proto__',
];

// Each twist changes a request; `valid` false: it is HTTP no more, `refuse`: it must be refused.
const twists = [
  (r, random) => (r.method = random.pick(methods)),
  (r, random) => (r.target = random.pick(oddPaths)),
  (r, random) => (r.target = `/v0.1/${'a/'.repeat(random.size(3_000))}`),
  (r, random) => (r.target += `?${'q'.repeat(random.size(12_000))}`),
  (r, random) =>
    r.headers.push(...Array.from({ length: random.size(100) }, (_, index) => `X-${index}: ${index}`)),
  (r, random) => r.headers.push(`X-Long: ${'v'.repeat(random.size(12_000))}`),
  (r, random) => r.headers.push(...flood(random), `Cookie: ${'a=b; '.repeat(random.size(200))}`),
  (r) => r.headers.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
  (r) => r.headers.push('Connection: close'),
  (r) => r.headers.push('Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  (r, random) => r.headers.push(`Expect: ${random.pick(['100-continue', '100-Continue', '200-maybe', ''])}`),
  (r, random) =>
    r.headers.push(
      `Content-Type: ${random.pick(['', 'application/json;;;', 'multipart/form-data', 'x/y; charset=utf-7'])}`,
    ),
  (r, random) => Object.assign(r, { chunked: true, body: random.bytes(random.size(5_000)) }),
  (r, random) =>
    Object.assign(r, {
      chunked: true,
      trailers: ['X-T: 1', `X: ${'y'.repeat(random.size(2_000))}`],
    }),
  (r, random) => Object.assign(r, { chunked: true, extension: ';e=f'.repeat(random.size(500)) }),
  (r, random) => (r.repeat = random.between(2, 12)),
  (r) => Object.assign(r, { method: 'CONNECT', target: 'localhost:443' }),
  // No HTTP any more, or too much of it.
  (r, random) =>
    Object.assign(r, {
      valid: false,
      method: random.pick(['', 'get', 'GE T', 'X'.repeat(random.size(9_000)), '\0']),
    }),
  (r, random) =>
    Object.assign(r, {
      valid: false,
      target: random.pick(['', 'info', '/a b', '/\0', '/\x7f\xff', `/${'x'.repeat(20_000)}`]),
    }),
  (r, random) =>
    Object.assign(r, {
      valid: false,
      version: random.pick([
        'HTTP/1.0',
        'HTTP/0.9',
        'HTTP/2.0',
        'HTTP/1.2',
        'HTTP/9.9',
        'http/1.1',
        'ICE/1.0',
        '',
      ]),
    }),
  (r, random) =>
    r.headers.push(...Array.from({ length: random.between(1_500, 4_000) }, () => 'a: b')) &&
    (r.valid = false),
  (r, random) =>
    r.headers.push(random.pick(['no colon', ': empty', 'a\0b: c', 'a: b\0c', 'é: é', 'a : b'])) &&
    (r.valid = false),
  (r, random) =>
    Object.assign(r, { valid: false, host: random.pick([[], ['Host: a', 'Host: b'], ['Host: \x01']]) }),
  (r, random) =>
    Object.assign(r, {
      valid: false,
      chunked: true,
      chunkSize: random.pick(['-1', 'ffffffffffffffff', '1'.repeat(40), 'g', '0x5', ' 5', '']),
    }),
  (r, random) =>
    Object.assign(r, {
      valid: false,
      body: random.bytes(10),
      length: random.pick(['11', '99999999', '-1', '1e3', '0x10', '5, 5', '+5', '', 'a']),
    }),
  (r, random) => Object.assign(r, { valid: false, cut: random.below(400) }),
  (r) => Object.assign(r, { valid: false, chunked: true, trailers: ['Content-Length: 5', 'Host: b'] }),
  (r) => Object.assign(r, { valid: false, chunked: true, extension: ';e=f;' }),
  // Ambiguous: whoever stands in front may read another end of the request.
  (r) => Object.assign(r, { valid: false, refuse: true, chunked: true, length: '4' }),
  (r) =>
    r.headers.push('Content-Length: 4', 'Content-Length: 5') &&
    Object.assign(r, { valid: false, refuse: true }),
  (r, random) =>
    r.headers.push(
      `Transfer-Encoding: ${random.pick(['xchunked', 'chunked, identity', 'gzip', 'chunked\x0b'])}`,
    ) && Object.assign(r, { valid: false, refuse: true }),
];

/** The generator. */
export const http = {
  name: 'http',
  share: 3,
  atOnce: 12,
  make(random, { seed }) {
    const [method, path] = random.pick(rows);
    const request = {
      method,
      target: fill(path, random, seed),
      version: 'HTTP/1.1',
      host: ['Host: localhost'],
      headers: [],
      valid: true,
    };
    for (const twist of random.some(twists, 3)) twist(request, random);
    const input = write(request);
    const refuse = request.refuse === true && isOnlyAmbiguous(request);
    return {
      input,
      refuse,
      valid: request.valid,
      headOnly: request.method === 'HEAD',
      client: random.oneIn(8) ? random.pick(clients) : 'verified',
      pieces: random.oneIn(4) ? random.between(2, 9) : 1,
      leave: random.oneIn(10) ? random.pick(['half', 'early']) : undefined,
    };
  },
  async run(plan, { wire, subject }) {
    const { input, client, leave, headOnly } = plan;
    const line = await wire.open(client);
    await sendInPieces(line, input, plan.pieces);
    if (leave === 'early') {
      line.close();
      return { outcome: 'left early', faults: [] };
    }
    if (leave === 'half') line.halfClose();
    const mustAnswer = plan.valid && client === 'verified' && leave === undefined;
    await line.until(() => line.answers(headOnly).length > 0, mustAnswer ? answerDeadlineMs : waitMs);
    const answers = line.answers(headOnly);
    line.close();
    const first = input.subarray(0, 4_096).toString('latin1');
    const faults =
      client === 'verified'
        ? answers.flatMap((answer) => faultsOfAnswer(answer, first, subject))
        : faultsOfRefusal(answers);
    if (mustAnswer && answers.length === 0) faults.push('a whole request was not answered');
    if (plan.refuse && answers.some(({ status }) => status < 400))
      faults.push(`an ambiguous request was served: ${answers[0].status}`);
    return { outcome: answers[0]?.status ?? 'no answer', faults };
  },
};

// What else is wrong with a request may hide what it would be refused for.
function isOnlyAmbiguous({ cut, method, version }) {
  return cut === undefined && method !== 'CONNECT' && version === 'HTTP/1.1';
}

function flood(random) {
  const name = random.pick(['Accept', 'Host2', 'X-Forwarded-For', '__proto__', 'constructor']);
  return Array.from({ length: random.size(300) }, () => `${name}: x`);
}

function write({
  method,
  target,
  version,
  host,
  headers,
  body,
  chunked,
  length,
  chunkSize,
  extension,
  trailers,
  repeat = 1,
  cut,
}) {
  const framing = chunked ? ['Transfer-Encoding: chunked'] : [];
  if (length !== undefined) framing.push(`Content-Length: ${length}`);
  else if (!chunked && body !== undefined) framing.push(`Content-Length: ${body.length}`);
  const head = [`${method} ${target} ${version}`, ...host, ...framing, ...headers].join('\r\n');
  const sent = chunked
    ? chunks(body ?? Buffer.from('body'), { chunkSize, extension, trailers })
    : (body ?? Buffer.alloc(0));
  const one = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), sent]);
  const all = Buffer.concat(Array.from({ length: repeat }, () => one));
  return cut === undefined ? all : all.subarray(0, cut);
}

function chunks(body, { chunkSize, extension = '', trailers = [] }) {
  const size = chunkSize ?? body.length.toString(16);
  const data = body.length === 0 ? [] : [Buffer.from(`${size}${extension}\r\n`), body, Buffer.from('\r\n')];
  const end = ['0', ...trailers, '', ''].join('\r\n');
  return Buffer.concat([...data, Buffer.from(end, 'latin1')]);
}

async function sendInPieces(line, bytes, pieces) {
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) {
    line.send(bytes.subarray(at, at + size));
    if (pieces > 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
