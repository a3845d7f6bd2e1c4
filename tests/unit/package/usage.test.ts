// The manual page and the shell completion say what the program takes: both are held against its own usage.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { usage } from '../../../agent/boot/args';
import { conformUsage } from '../../../agent/boot/conform-command';

const root = join(__dirname, '../../..');
const configuration = ['--config-file', '--config-dir', '--local-config'];
const commands = commandsIn(usage);

/** Each command of the usage by its name (`vrrp lint`), with its options. */
function commandsIn(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let names: readonly string[] = [];
  for (const line of text.replace(/^usage:/, '      ').split('\n')) {
    const [, words] = /^ {7}amphorad (.*)/.exec(line) ?? [];
    if (words !== undefined) names = namesIn(words);
    const options = (words ?? line).replace(/\(.*\)/, '').match(/--[a-z-]+/g) ?? [];
    for (const name of names) found.set(name, [...(found.get(name) ?? []), ...options]);
  }
  return found;
}

function namesIn(words: string): readonly string[] {
  const [, first = '', second = ''] =
    /^\[?([a-z]+(?:(?: ?\| ?)[a-z]+)*)\]?(?: (restore\|prepare|lint|preview)\b)?/.exec(words) ?? [];
  return first
    .split('|')
    .flatMap((name) => second.split('|').map((secondName) => `${name.trim()} ${secondName}`.trim()));
}

/** As a terminal shows it, without fonts. */
const page = readFileSync(join(root, 'etc/man/amphorad.8'), 'utf8')
  .replaceAll('\\-', '-')
  .replace(/\\f[A-Z]|\\\|/g, '');

const sectionOf = (name: string): string | undefined =>
  page.split(/^\.S[HS] /m).find((each) => each.startsWith(`${name}\n`));

it('the usage has been understood', () => {
  expect([...commands.keys()]).toEqual(
    expect.arrayContaining([
      'serve',
      'ready',
      'maint',
      'network restore',
      'network prepare',
      'vrrp lint',
      'vrrp preview',
      'help',
    ]),
  );
  expect(commands.get('drain')).toEqual(expect.arrayContaining(['--then', '--instance', '--local-config']));
});

describe('the manual page', () => {
  it.each([...commands])('tells of %s and its options, and of no others', (name, options) => {
    const section = sectionOf(name);
    expect(section).toContain(`amphorad ${name}`);
    const own = options.filter((option) => !configuration.includes(option));
    const told = new Set((section ?? '').match(/--[a-z-]+/g) ?? []);
    if (name === 'conform') told.delete('--help');
    expect([...told].sort()).toEqual([...own].sort());
    expect(/\bconfiguration \]/.test((section ?? '').split('.PP')[0] ?? '')).toBe(
      own.length < options.length,
    );
  });

  it('tells what the configuration options are', () => {
    for (const option of configuration) expect(sectionOf('CONFIGURATION')).toContain(option);
  });

  it('has no command that is gone', () => {
    const sections = [...page.matchAll(/^\.SS (.*)$/gm)].map(([, name]) => name);
    expect(sections).toEqual([...commands.keys()]);
  });
});

function complete(...words: readonly string[]): readonly string[] {
  const script = `source ${join(root, 'etc/completion/amphorad')}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_amphorad
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', script, 'bash', 'amphorad', ...words], {
    encoding: 'utf8',
  });
  return out.split('\n').filter((line) => line !== '');
}

describe('the completion', () => {
  it('offers every command', () => {
    const first = new Set([...commands.keys()].map((name) => name.split(' ')[0] ?? ''));
    expect([...complete('')].sort()).toEqual([...first].sort());
    expect(complete('st')).toEqual(['status']);
  });

  it.each([...commands])('offers after %s its options', (name, told) => {
    // Of conform the usage names the least.
    const options = name === 'conform' ? (conformUsage.match(/--[a-z-]+/g) ?? []) : told;
    const offered = complete(...name.split(' '), '--');
    expect([...offered].filter((option) => option !== '--help').sort()).toEqual([...options].sort());
  });

  it('offers what a command takes, also after options with values', () => {
    expect(complete('--config-file', '/etc/x.conf', 'vrrp', '')).toEqual(['lint', 'preview']);
    expect(complete('network', '')).toEqual(['restore', 'prepare']);
    expect(complete('interface', 'd')).toEqual(['down']);
    expect(complete('drain', 'pool/one', '--wait', '--then', '')).toEqual(['maint']);
    expect(complete('drain', '--timeout', '')).toEqual([]);
    expect(complete('conform', '--dialect', '1')).toEqual(['1.0']);

    expect(complete('check', '--config-file', join(root, 'pack'))).toContain(join(root, 'package.json'));
    expect(complete('vrrp', 'lint', join(root, 'LIC'))).toEqual([join(root, 'LICENSE')]);
  });
});
