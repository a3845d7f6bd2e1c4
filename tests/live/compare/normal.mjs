// An answer in a form that two agents can be compared in: what rightly differs between any two runs has a name instead
// of a value (paths of the installation, process ids, digests, times and sizes).
import { md5 } from './client.mjs';

// Values that move by themselves; their types must still be equal.
const moving = [
  /^body\.(cpu|memory|disk|networks)\b/,
  /^body\.load\.\d+$/,
  /^body\.haproxy_count$/,
  /^body\.lvs_listener_process_count$/,
];

/** Gives the answer as one flat record: key → value. */
export function normalAnswer(answer, step, target) {
  const body = answer.bytes.toString('utf8');
  const flat = { status: answer.status };
  for (const [name, value] of Object.entries(answer.headers))
    flat[name] = headerValue(name, value, step, answer, target);
  if (body === '' || !/json/.test(answer.headers['content-type'] ?? ''))
    return { ...flat, body: named(body, target) };
  flatten('body', JSON.parse(body), flat, (text) => plain(text, step, answer, target));
  return flat;
}

function headerValue(name, value, step, answer, target) {
  if (name === 'allow') return value.split(/, */).toSorted().join(', ');
  return name === 'etag' ? digestName(value, step, answer) : named(value, target);
}

function digestName(value, step, answer) {
  if (step.method === 'HEAD') return 'AN MD5';
  if (value === md5(step.body ?? '')) return 'MD5 OF WHAT WAS SENT';
  if (value === md5(answer.bytes)) return 'MD5 OF WHAT CAME';
  return step.digests?.has(value) ? 'MD5 OF WHAT WAS STORED' : value;
}

/** Listings come in the order of a directory, which means nothing. */
const ordered = (list) =>
  list.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

function flatten(key, given, flat, plainText) {
  const value = Array.isArray(given) && key !== 'body.load' ? ordered(given) : given;
  if (Array.isArray(value)) flat[key] = `array of ${value.length}`;
  if (value !== null && typeof value === 'object') {
    if (!Array.isArray(value)) flat[key] = 'object';
    for (const [name, inner] of Object.entries(value)) flatten(`${key}.${name}`, inner, flat, plainText);
    return;
  }
  if (moving.some((pattern) => pattern.test(key))) flat[key] = typeof value;
  else flat[key] = typeof value === 'string' ? plainText(value) : value;
}

function plain(text, step, answer, target) {
  if (/^[0-9a-f]{32}$/.test(text)) return digestName(text, step, answer);
  return /\[(ALERT|NOTICE|WARNING)\]/.test(text) ? alertsOf(text) : named(text, target);
}

/** What haproxy finds wrong: without process ids, and without the file, whose name is the agent's own affair. */
function alertsOf(text) {
  const alerts = text.split('\n').filter((line) => line.startsWith('[ALERT]') && line.includes('parsing ['));
  return `haproxy: ${alerts.map((line) => line.replace(/^.*?parsing \[[^\]]*\] ?: /, '')).join(' | ')}`;
}

function named(text, { base_path: base, base_cert_dir: certs, amphora_id: amphora, host, port, namespace }) {
  return text
    .replaceAll(`${host}:${port}`, 'ADDRESS')
    .replaceAll(certs, 'CERTS')
    .replaceAll(base, 'BASE')
    .replaceAll(namespace, 'NAMESPACE')
    .replaceAll(amphora, 'AMPHORA');
}
