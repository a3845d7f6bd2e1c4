// agent.conf in oslo's INI, right and wrong: real options with values of any kind, references, damage.
import { mutateLines, mutateText } from './mutate.mjs';

const values = [
  '',
  '0',
  '1',
  '-1',
  '65536',
  '9443',
  'True',
  'no',
  'maybe',
  '1e9',
  '99999999999999999999',
  '0x10',
  '16 MiB',
  '1 PiB',
  '-5 KiB',
  '::',
  '0.0.0.0',
  '192.0.2.1',
  '127.0.0.1:5555, [::1]:5555',
  '[fe80::1%eth0]:5555',
  '[::1',
  ',,,',
  '/',
  '/var/lib/octavia',
  '../../etc',
  'a\tb',
  '"quoted',
  "'q'",
  '%(x)s',
  '$base_path',
  '${haproxy_amphora.base_path}',
  '$$',
  '${',
  '$base_path$base_path$base_path',
  'TLSv1.1',
  'TLSv1.3',
  'SINGLE',
  'é',
  '\u2028',
  '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11',
  '[x]',
  '= :',
  '# no comment',
  '; nor this',
];
const lines = [
  '[]',
  '[',
  ']',
  '[DEFAULT]',
  '[amphorad]',
  '[no_such]',
  '[a]]',
  '= value',
  ': value',
  'no assignment',
  ' continued',
  '\t',
  '#',
  ';',
  '\ufeff[DEFAULT]',
  '__proto__ = 1',
  '[__proto__]',
  '[constructor]',
  'toString : x',
  'debug',
  '\0',
  '\r',
];

/** Makes the text of a file, as bytes; `options` are the agent's own. */
export function hostileAgentConf(random, options) {
  const sections = new Map();
  for (const { section, key } of random.some(options, 25)) {
    sections.set(section, [
      ...(sections.get(section) ?? []),
      `${key} ${random.pick(['=', ':'])} ${value(random, options)}`,
    ]);
  }
  const id = '[amphora_agent]\namphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
  const text = [id, ...[...sections].map(([section, body]) => [`[${section}]`, ...body].join('\n')), ''].join(
    '\n',
  );
  const kinds = [
    () => text,
    () => text,
    () => mutateText(text, random),
    () => mutateLines(text, random),
    () => random.text(random.size(400), [...lines, '\n', '\n', 'debug = ', ...values]),
    () => `${text}${random.pick(lines)}\n`.repeat(random.size(300)),
    () => `[DEFAULT]\ndebug = ${'\n continued'.repeat(random.size(5_000))}`,
  ];
  const bytes = Buffer.from(random.pick(kinds)(), 'utf8');
  return random.oneIn(6) ? Buffer.from(bytes.toString('utf8'), 'latin1') : bytes;
}

// References to references: what a substitution that does not count would never end with.
function value(random, options) {
  if (!random.oneIn(4)) return random.pick(values);
  return random
    .some(options, 4)
    .map(({ section, key }) =>
      random.pick([`$${key}`, `\${${key}}`, `\${${section}.${key}}`, `$${section}.${key}`]),
    )
    .join('');
}
