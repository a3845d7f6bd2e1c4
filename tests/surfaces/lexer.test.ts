// Are our words haproxy's words? A running haproxy is given every line of a corpus as the patterns of an ACL
// (`acl a path -m str -- <line>`), and its CLI prints each pattern back with `show acl`; lines that it refuses are told
// by the line numbers of `haproxy -c`. Patterns end at an empty word, so readings are compared up to there.

import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lexConfig, type ConfigLine } from '../../agent/haproxy/config/lex';
import { eventually } from '../fakes/eventually';

const seed = 20_260_603;
const corpusSize = 3000;

function random(state: { seed: number }, below: number): number {
  state.seed = (state.seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state.seed / 2_147_483_648) * below);
}

const pieces = [
  ...['a', 'Z', '-', '/', '.', ',', '{', '}', '(', ')', '[*]', '%', '!', 'é', '日', '\u007f', '\u0001'],
  ...[' ', '  ', '\t', '\v', '\f', '\r', ' \r', '\r ', '#', ' #', '$', '$a', '${V}', '${V', '${V-x"y}', '$V'],
  ...['"', "'", '"', "'", '\\', '\\\\', '\\ ', '\\#', '\\"', "\\'", '\\$', '\\n', '\\t', '\\r', '\\1', '\\v'],
  ...[
    '\\x41',
    '\\x2f',
    '\\x00',
    '\\xG1',
    '\\x4',
    '\\xc3\\xa9',
    '\\xff',
    'b c',
    'word',
    "'it is'",
    '"so it is"',
  ],
];

function randomLine(state: { seed: number }): string {
  const count = 1 + random(state, 9);
  return Array.from({ length: count }, () => pieces[random(state, pieces.length)] ?? '').join('');
}

const table = [
  ...[
    'plain words here',
    'a\\ b',
    '"a b" c',
    "'a b' c",
    'a"b"c',
    '"" x',
    "'' x",
    'x ""',
    'x "" y',
    '#',
    'a#b',
    'a #b',
  ],
  ...[
    'a \r b',
    'a\rb',
    '"a\rb" c',
    '\r lua-load',
    ' \r\r a',
    'a \t\v\f\r b',
    'a\\',
    '\\',
    '\\x',
    '\\x4',
    '\\xZZ',
    '\\x41',
  ],
  ...[
    '"\\x41"',
    "'\\x41'",
    '\\x00a b',
    'a\\x00b c',
    '"$V"',
    '"${V}"',
    '"${V[*]}"',
    '"${W-d"e}"',
    '"${W-d"e',
    '"$"',
    '"$1"',
  ],
  ...[
    '"${V[x]}"',
    '"${V"',
    '"$.LINE"',
    '"$.LIN"',
    '$V',
    "'$V'",
    '\\$V',
    '"\\$V"',
    '"a',
    "'a",
    '"\\x4',
    '\\"a',
    "a\\'b",
  ],
  ...['w '.repeat(58), 'w '.repeat(57), `${'w '.repeat(57)}w`, 'w '.repeat(80)],
  ...['\\xc3\\xa9 é', '\\xff', '\u00a0', 'é\\xa9', '"a\\\nb"'.replace('\n', '')],
];

const prefix = 'acl a path -m str -- ';
const prefixWords = 6;
const head = 'backend b\n mode http\n';
const headLines = 2;

describe(`the words of ${corpusSize} random lines (seed ${seed}) and a table`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'amphorad-lexer-'));
  const state = { seed };
  const lines = [...table, ...Array.from({ length: corpusSize }, () => randomLine(state))];
  const read = lines.map((line, index) => readAsAcl(line, index));
  const environment = { ...process.env, V: 'from the environment', W: undefined, a: undefined };
  let child: ChildProcess | undefined;
  const socket = join(directory, 'cli.sock');

  beforeAll(async () => {
    const good = lines.map((line, index) => (isRefused(read[index]!) ? '' : ` ${prefix}${line}`));
    const frontend = `frontend f\n mode http\n bind unix@${join(directory, 'f.sock')}\n`;
    const path = join(directory, 'good.cfg');
    writeFileSync(
      path,
      `${head}${good.join('\n')}\n${frontend}global\n stats socket ${socket} level admin\n`,
    );
    child = spawn('haproxy', ['-db', '-f', path], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
    child.once('exit', (code) => (printed += `\nexit ${code ?? 'by signal'}`));
    await eventually(async () => {
      if (!printed.includes('\nexit')) await ask(socket, 'show version');
    });
    expect(printed).not.toContain('\nexit');
  }, 60_000);

  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  it('are those that haproxy reads', async () => {
    const byLine = await patternIds(socket);
    const different: unknown[] = [];
    let compared = 0;
    for (const [index, line] of lines.entries()) {
      const ours = read[index]!;
      if (isRefused(ours)) continue;
      const id = byLine.get(headLines + index + 1);
      const theirs = id === undefined ? ['no such ACL'] : patternsOf(await ask(socket, `show acl #${id}`));
      const expected = uptoEmpty(ours.words.slice(prefixWords)).map((word) => `${word}\n`);
      const isReplaced = ours.usesEnvironment.some((at) => at - prefixWords < expected.length);
      const isRight = isReplaced
        ? dollars(theirs) < dollars(expected)
        : JSON.stringify(theirs) === JSON.stringify(expected);
      if (!isRight) different.push({ line, expected, theirs });
      compared += 1;
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(corpusSize / 4);
  }, 60_000);

  it('are refused by haproxy exactly where we see a fault', () => {
    const faulty = [...lines.entries()].filter(([index]) => isRefused(read[index]!));
    const unseen: string[] = [];
    // haproxy gives up after fifty errors.
    for (let start = 0; start < faulty.length; start += 40) {
      const batch = faulty.slice(start, start + 40).map(([, line]) => line);
      const path = join(directory, 'faulty.cfg');
      writeFileSync(path, `${head}${batch.map((line) => ` ${prefix}${line}`).join('\n')}\n`);
      const { stderr } = spawnSync('haproxy', ['-c', '-f', path], { env: environment, encoding: 'utf8' });
      const numbers = new Set(
        [...stderr.matchAll(/parsing \[[^\]]*:(\d+)\]/g)].map((found) => Number(found[1])),
      );
      unseen.push(...batch.filter((_line, index) => !numbers.has(headLines + index + 1)));
    }
    expect(unseen).toEqual([]);
    expect(faulty.length).toBeGreaterThan(50);
  }, 60_000);

  it('begin after any blanks, carriage returns too', () => {
    const path = join(directory, 'blanks.cfg');
    for (const blanks of ['\r', ' \r\v\f\t ', '\r\r']) {
      writeFileSync(path, `global\n${blanks}lua-load /nonexistent\n`);
      const { stderr } = spawnSync('haproxy', ['-c', '-f', path], { encoding: 'utf8' });
      expect(stderr).toContain("Lua file '/nonexistent'");
      expect(lexConfig(`${blanks}lua-load /nonexistent`)[0]?.words).toEqual(['lua-load', '/nonexistent']);
    }
  });

  it('were compared with a haproxy of version 2.6', () => {
    expect(execFileSync('haproxy', ['-v'], { encoding: 'utf8' })).toContain('version 2.6.');
  });
});

function readAsAcl(line: string, index: number): ConfigLine {
  const [read] = lexConfig(`${prefix}${line}`);
  if (read === undefined) throw new Error(`line ${index} has no words`);
  return read;
}

// A NUL written by number is a fault of ours alone: haproxy cuts the word off there, and so do our words.
function isRefused(line: ConfigLine): boolean {
  return line.faults.some((fault) => fault !== 'a word holds a NUL character');
}

function uptoEmpty(words: readonly string[]): readonly string[] {
  const end = words.indexOf('');
  return end < 0 ? words : words.slice(0, end);
}

// What haproxy replaces has a dollar sign in our words, which hold it as written; no value here has one.
function dollars(words: readonly string[]): number {
  return words.join('').split('$').length;
}

async function patternIds(socket: string): Promise<ReadonlyMap<number, string>> {
  const list = await ask(socket, 'show acl');
  const found = [...list.matchAll(/^(\d+) \(.*\) acl 'path' file '.*' line (\d+)\b/gm)];
  return new Map(found.map(([, id = '', line]) => [Number(line), id]));
}

/** The patterns of an answer, each with the line feed after it. */
function patternsOf(answer: string): readonly string[] {
  const body = answer.endsWith('\n\n') ? answer.slice(0, -1) : answer;
  return body
    .split(/^0x[0-9a-f]+ /m)
    .slice(1)
    .map(asOurs);
}

// The CLI gives bytes; ours are text, or a character for each byte where they are no UTF-8.
function asOurs(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : bytes;
}

function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect(socket, () => client.end(`${command}\n`));
    const chunks: Buffer[] = [];
    client.on('data', (chunk) => chunks.push(chunk));
    client.once('error', reject);
    client.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
