// In-process: what reads haproxy configurations and crt-lists. They never throw; their words are haproxy's; and the
// policy never accepts a hostile line, however it is written and whatever stands around it.
import { hostileConfiguration, wholeConfiguration } from '../configuration-text.mjs';
import { linesOf } from '../bundle.mjs';
import { haproxyWords } from '../haproxy-words.mjs';

// Words that begin a line which no upload may hold, in any section.
const forbidden = new Set([
  'lua-load',
  'lua-load-per-thread',
  'pidfile',
  'chroot',
  'setenv',
  'presetenv',
  'resetenv',
  'unsetenv',
  'ssl-engine',
  'ssl-provider',
  'unix-bind',
  'program',
  'master-worker',
  '.if',
]);
const harmless = { faultless: 'accepted', faulty: 'refused' };

/** The generator. */
export const configurationText = {
  name: 'configuration-text',
  isPure: true,
  share: 2,
  make(random, { pure }) {
    const lines = linesOf(pure);
    if (random.oneIn(3)) return { ...hostileCase(random, pure, lines), mustRefuse: true };
    return { input: Buffer.from(hostileConfiguration(random, lines), 'utf8'), mustRefuse: false };
  },
  run({ input, mustRefuse }, { pure }) {
    const text = input.toString('utf8');
    if (refusal(() => pure.refuseTooManyLines(text), pure)) return { outcome: 'too long', faults: [] };
    const found = pure.checkPolicy(text, pure.context);
    if (found.length > 0) pure.policyRefusal(found);
    pure.readFrontends(text);
    pure.namedFiles(text);
    // More ports than anybody serves are refused, and nothing else is.
    refusal(() => pure.readBinds(text, 'peer'), pure);
    pure.namesHosts(text);
    pure.crtListFiles(text);
    const listFaults = pure.checkCrtList(text, pure.context);
    const faults = wordFaults(text, pure);
    const accepted = found.length === 0;
    if (accepted && mustRefuse) faults.push('the policy accepts a hostile line');
    if (accepted) faults.push(...forbiddenWords(text));
    if (listFaults.length === 0) faults.push(...foreignCertificates(text, pure));
    return { outcome: accepted ? harmless.faultless : harmless.faulty, faults };
  },
};

function refusal(read, { isAgentError }) {
  try {
    read();
    return undefined;
  } catch (thrown) {
    if (!isAgentError(thrown, 'config-rejected')) throw thrown;
    return thrown;
  }
}

function hostileCase(random, pure, lines) {
  const hostile = random.pick(rewritable(pure));
  const words = pure
    .lexLine(hostile.line)
    .map((word) => (random.oneIn(3) ? word : pure.rewriteWord(word, random.below)));
  // Words with blanks or quotes in them cannot be left as they are.
  const line = pure.joinWords(words, random.below);
  const same = JSON.stringify(pure.lexLine(line)) === JSON.stringify(pure.lexLine(hostile.line));
  return { input: Buffer.from(wholeConfiguration(random, lines, same ? { ...hostile, line } : hostile)) };
}

// Not those that are refused for how they are written.
function rewritable({ hostileLines, lexConfig }) {
  return hostileLines.filter(({ line }) => {
    const [read] = lexConfig(line);
    return (
      read !== undefined &&
      read.faults.length === 0 &&
      read.usesEnvironment.length === 0 &&
      !line.startsWith('.')
    );
  });
}

function wordFaults(text, { lexConfig }) {
  const read = new Map(lexConfig(text).map((line) => [line.number, line]));
  const faults = [];
  for (const [index, line] of text.split('\n').entries()) {
    const theirs = haproxyWords(line);
    const ours = read.get(index + 1);
    const isRefused = ours !== undefined && (ours.faults.length > 0 || ours.usesEnvironment.length > 0);
    if (theirs === undefined) {
      if (!isRefused)
        faults.push(`line ${index + 1}: haproxy refuses it, we read ${JSON.stringify(ours?.words)}`);
    } else if (!isRefused) {
      const got = ours?.words ?? [];
      if (!isSame(theirs, got))
        faults.push(`line ${index + 1}: haproxy reads ${JSON.stringify(theirs)}, we ${JSON.stringify(got)}`);
    }
    if (faults.length > 3) break;
  }
  return faults;
}

// Empty words at the end are quotes with nothing in them, or none at all: for haproxy both are the end of its words.
// Our words are decoded where they are UTF-8 and one character a byte elsewhere; theirs are bytes.
function isSame(theirs, ours) {
  const whole = (words) => words.slice(0, words.findLastIndex((word) => word !== '') + 1);
  const left = whole(theirs);
  const right = whole(ours);
  return (
    left.length === right.length &&
    left.every(
      (bytes, at) => right[at] === bytes || right[at] === Buffer.from(bytes, 'latin1').toString('utf8'),
    )
  );
}

function forbiddenWords(text) {
  return text
    .split('\n')
    .map((line) => haproxyWords(line)?.[0])
    .filter((word) => forbidden.has(word))
    .map((word) => `the policy accepts ${word}`);
}

function foreignCertificates(text, { readCrtList, certs, id }) {
  return readCrtList(text)
    .filter(({ path }) => !path.startsWith(`${certs}/${id}/`) || path.includes('/../'))
    .map(({ path }) => `the policy accepts ${JSON.stringify(path.slice(0, 200))} in a crt-list`);
}
