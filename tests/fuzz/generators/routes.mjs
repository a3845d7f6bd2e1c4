// Every row of the API as whole requests, with parameters and bodies gone astray: each must be answered.
import { hostileJson } from '../json-text.mjs';
import { mutateText } from '../mutate.mjs';
import { hostileNetwork, hostileVrrp, networkKinds } from '../network-text.mjs';
import { hostilePem, readPems } from '../pem-text.mjs';
import { fill, requestBytes, rows } from '../requests.mjs';
import { faultsOfAnswer } from '../verdict.mjs';

const deadlineMs = 20_000;
const odd = [
  '..',
  '.',
  '',
  '%2e%2e',
  '%2f',
  '%00',
  '%0a',
  '%ff',
  'a'.repeat(300),
  '__proto__',
  'constructor',
  '*',
  '%',
  'haproxy.cfg',
  'state.json',
  '.pem',
  '..pem',
  'a.pem%00',
  '%2e%2e%2fa.pem',
  'WILDCARD',
  '\u00e9'.normalize('NFD'),
  '-rf',
  '$(id)',
  "';--",
  '1e3',
  '0',
  '::ffff:127.0.0.1',
  '127.1',
  '0x7f.1',
  '::1%25lo/../..',
  '%5b::1%5d',
];

/** The generator. */
export const routes = {
  name: 'routes',
  share: 2,
  atOnce: 12,
  prepare: () => ({ pems: readPems() }),
  make(random, { seed, pems }) {
    const [method, path, kind] = random.pick(rows);
    const target = fill(path, random, seed, (value) => {
      if (random.oneIn(2)) return value;
      return random.oneIn(2) ? random.pick(odd) : encoded(mutateText(value, random, 2).slice(0, 3_000));
    });
    const body = random.oneIn(6) ? undefined : bodyOf(random, kind, pems);
    const type = random.pick([
      [],
      ['Content-Type: application/json'],
      ['Content-Type: application/json'],
      ['Content-Type: text/plain; charset=utf-16'],
    ]);
    return { input: requestBytes(method, encoded(target, /[^\x21-\x7e]/g), body, type), isHead: false };
  },
  async run({ input }, { wire, subject }) {
    const answer = await wire.ask(input, { deadlineMs });
    if (answer === undefined) return { outcome: 'no answer', faults: ['a whole request was not answered'] };
    return {
      outcome: answer.status,
      faults: faultsOfAnswer(answer, input.subarray(0, 2_000).toString('latin1'), subject),
    };
  },
};

function bodyOf(random, kind, pems) {
  if (random.oneIn(40)) return Buffer.alloc(random.pick([65_537, 4 * 1024 * 1024 + 1]), 0x20);
  if (random.oneIn(3)) return hostileJson(random);
  if (networkKinds.includes(kind)) return hostileNetwork(random, kind);
  if (kind === 'vrrp') return hostileVrrp(random);
  return kind === 'pem' ? hostilePem(random, pems).subarray(0, 200_000) : random.bytes(random.size(2_000));
}

function encoded(text, pattern = /[^\w.~:-]/g) {
  return text.replace(pattern, (char) => `%${(char.charCodeAt(0) & 255).toString(16).padStart(2, '0')}`);
}
