// haproxy configurations: whole ones of lines that balance and lines that harm, written in other ways, damaged as words,
// lines and bytes. The lines are those that the policy's own tests hold it against (tests/unit/haproxy/config).
import { mutateLines, mutateText } from './mutate.mjs';

const odd = [
  '',
  '#',
  '"',
  "'",
  '\\',
  '\\x',
  '\\x0',
  '\\x00',
  '\\xff',
  '$',
  '${HOME}',
  '"${HOME}"',
  '${X[*]}',
  '%[',
  '%[env(PATH)]',
  '{',
  '}',
  '{ }',
  '!{',
  '||',
  'or',
  'if',
  'unless',
  '-f',
  '-m',
  '--',
  '::',
  '[::]:',
  '*:80-',
  '127.0.0.1:1-65535',
  '127.0.0.1:65535-1',
  ':99999',
  'fd@0',
  'abns@\\x00',
  'quic4@:443',
  '\r',
  '\u00e9',
  '\ufffe',
  'no',
  'default',
  'from',
  'str(',
  'map(',
  'x'.repeat(3_000),
];
const sections = [
  'global',
  'defaults',
  'defaults d',
  'frontend f2',
  'backend b2',
  'listen l',
  'peers p',
  'resolvers r',
  'mailers m',
  'userlist u',
  'cache c',
  'program p',
  'ring r',
  'http-errors e',
  'fcgi-app a',
  'log-forward lf',
  'namespace_list',
  'defaults a from b',
  'backend x from d',
  '[scope]',
  '.if 1',
  'frontend',
  'listen "" x',
];

/** Makes a whole configuration with one friendly or hostile line in its section, and more around it. */
export function wholeConfiguration(random, lines, line) {
  const { text } = lines.configWith(line);
  const more = Array.from({ length: random.size(12) }, () => random.pick(lines.friendly));
  return more.reduce((whole, extra) => withLine(whole, extra), text);
}

/** Makes any configuration at all. */
export function hostileConfiguration(random, lines) {
  const kind = random.below(10);
  if (kind === 0) return random.text(random.size(3_000), ['\n', ' ', 'bind ', 'server s ', ...odd]);
  if (kind === 1) return long(random);
  const line = random.pick(random.oneIn(3) ? lines.hostile : lines.friendly);
  const text = wholeConfiguration(random, lines, line);
  if (kind < 4) return text;
  if (kind < 6) return mutateText(text, random);
  if (kind < 8) return mutateLines(text, random);
  return withOddWords(text, random);
}

function withLine(text, { section, line }) {
  const lines = text.split('\n');
  const name = section.split(' ')[0];
  const at = lines.findIndex((each) => each.split(' ')[0] === name);
  if (at < 0) return `${text}${section}\n    ${line}\n`;
  lines.splice(at + 1, 0, `    ${line}`);
  return lines.join('\n');
}

function withOddWords(text, random) {
  const lines = text.split('\n');
  for (let left = random.between(1, 4); left > 0; left -= 1) {
    const at = random.below(lines.length);
    const words = (lines[at] ?? '').split(' ');
    words.splice(random.below(words.length + 1), random.below(2), random.pick(odd));
    lines[at] = words.join(' ');
    if (random.oneIn(3)) lines.splice(at, 0, random.pick(sections));
  }
  return lines.join('\n');
}

function long(random) {
  const depth = random.size(3_000);
  const shapes = [
    () => `frontend f\n    bind 127.0.0.1:1\n    acl a ${'path_beg -i '.repeat(depth)}/x\n`,
    () => `frontend f\n    use_backend b if ${'{ path /x } '.repeat(depth)}\n`,
    () => `frontend f\n    http-request set-header X %[${'src,'.repeat(depth)}lower]\n`,
    () => `frontend f\n    http-request set-var(txn.x) str(${'('.repeat(depth)}\n`,
    () => `global\n    description ${'a'.repeat(depth * 100)}\n`,
    () => `global\n    description ${'"a"'.repeat(depth)} ${'\\ '.repeat(depth)}\n`,
    () => `listen l\n${'    bind 127.0.0.1:1-65535\n'.repeat(random.size(40))}`,
    () => `${'backend b\n'.repeat(depth)}`,
    () =>
      `backend b\n${Array.from({ length: depth }, (_, index) => `    server s${index} 127.0.0.1:1\n`).join('')}`,
    () => '\n'.repeat(depth * 100),
    () => `frontend f\n    log-format ${'%['.repeat(depth)}\n`,
    () => `frontend f\n    log-format ${'%{+Q}[src]'.repeat(depth)}\n`,
  ];
  return random.pick(shapes)();
}
