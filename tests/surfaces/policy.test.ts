// Why there is a policy, asked of haproxy itself: most hostile lines pass its own check. And are our tables its tables:
// the options, actions, converters and sections that `haproxy -dKall` and its errors name.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bindOptions, crtListOptions, serverOptions } from '../../agent/haproxy/config/policy-options';
import type { OptionTable } from '../../agent/haproxy/config/policy-grammar';
import { checkPolicy } from '../../agent/haproxy/config/policy';
import type { PolicyContext } from '../../agent/haproxy/config/policy-fault';
import { parseListenerUuid } from '../../agent/model/ids';
import { friendlyLines } from '../unit/haproxy/config/friendly-lines';
import {
  configWith,
  context as unitContext,
  hostileLines,
  type HostileLine,
} from '../unit/haproxy/config/hostile-lines';

const directory = mkdtempSync(join(tmpdir(), 'amphorad-policy-'));
const secret = join(directory, 'secret');
const id = parseListenerUuid('7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11');
mkdirSync(join(directory, 'base'));
writeFileSync(secret, 'key value\n');
afterAll(() => rmSync(directory, { recursive: true }));

const context: PolicyContext = {
  mode: 'octavia',
  basePath: join(directory, 'base'),
  certDir: join(directory, 'certs'),
  id,
  statsSocket: join(directory, 'base', `${id}.sock`),
  logSockets: ['/dev/log'],
  caBundles: [],
  pingHelpers: [],
};

function haproxyTakes(text: string): boolean {
  const path = join(directory, 'candidate.cfg');
  writeFileSync(path, text);
  return spawnSync('haproxy', ['-c', '-f', path]).status === 0;
}

describe('haproxy alone takes, and the policy refuses,', () => {
  it.each([
    [
      'a file served to anybody',
      'frontend',
      `http-request return status 200 content-type text/plain file ${secret}`,
    ],
    [
      'the same by escapes',
      'frontend',
      `http-request return status 200 content-type text/plain file "${hexOf(secret)}"`,
    ],
    ['a file as error page', 'frontend', `http-error status 503 content-type text/plain file ${secret}`],
    [
      'a file as format',
      'frontend',
      `http-request return status 200 content-type text/plain lf-file ${secret}`,
    ],
    ['a file as map', 'frontend', `http-request set-header X %[str(key),map(${secret})]`],
    ['a file as map after a blank', 'frontend', `acl bad src lower map(${secret})`],
    ['a file as ACL', 'frontend', `http-request deny if { path -M -f ${secret} }`],
    ['another pid file', 'global', 'pidfile /etc/cron.d/x'],
    ['an admin socket on TCP', 'global', 'stats socket ipv4@127.0.0.1:9999 level admin'],
    ['a program as check', 'backend', 'external-check command /bin/sh'],
    ['a socket of the host as member', 'backend', 'server s unix@/run/systemd/private'],
    ['a variable in an address', 'backend', 'server s 127.0.0.1:80$HOSTNAME'],
    ['root', 'global', 'user root'],
    ['core dumps', 'global', 'set-dumpable'],
    ['the environment', 'global', 'description "$PATH"'],
    ['the environment as header', 'frontend', 'http-request set-header X %[env(PATH)]'],
    ['a quoted keyword', 'global', '"pid\\x66ile" /etc/cron.d/x'],
    ['a carriage return before a keyword', 'global', '\rpidfile /etc/cron.d/x'],
  ])('%s', (_what, section, line) => {
    const { text } = configWith({ section, line });
    expect(haproxyTakes(text)).toBe(true);
    expect(checkPolicy(text, context)).not.toEqual([]);
  });
});

function hexOf(text: string): string {
  return Array.from(text, (char) => `\\x${char.charCodeAt(0).toString(16)}`).join('');
}

const dump = spawnSync('haproxy', ['-dKall', '-q', '-c', '-f', '/dev/null'], { encoding: 'utf8' }).stdout;

// "bind <addr> ssl crt +1" → crt, 1.
function listed(pattern: RegExp): ReadonlyMap<string, number> {
  return new Map(
    [...dump.matchAll(pattern)].map(([, keyword = '', count = '0']) => [keyword, Number(count)] as const),
  );
}

describe("the tables of options are haproxy's", () => {
  const crtListPart = dump.slice(dump.indexOf('\ncrt-list\n'), dump.indexOf('# List of registered CLI'));
  const crtList = new Map(
    [...crtListPart.matchAll(/^\t(\S+)(?: \+(\d+))?$/gm)].map(([, keyword = '', count = '0']) => [
      keyword,
      Number(count),
    ]),
  );
  it.each<[what: string, ours: OptionTable, theirs: ReadonlyMap<string, number>, leftOut: readonly string[]]>(
    [
      [
        'bind',
        bindOptions,
        listed(/^\tbind <addr> (?:ssl )?(\S+)(?: \+(\d+))?$/gm),
        ['expose-fd', 'level', 'namespace'],
      ],
      ['server', serverOptions, listed(/^\tserver <name> <addr> (\S+)(?: \+(-?\d+))?$/gm), ['namespace']],
      ['crt-list', crtListOptions, crtList, []],
    ],
  )('%s', (_what, ours, theirs, leftOut) => {
    expect(theirs.size).toBeGreaterThan(10);
    // Words that haproxy reads inside `source`, and the switch that -dKall lists with the word of its own.
    const inside = ['interface', 'usesrc', 'source', 'ssl'];
    for (const [keyword, kinds] of ours) {
      if (!inside.includes(keyword)) expect([keyword, theirs.get(keyword)]).toEqual([keyword, kinds.length]);
    }
    const missing = [...theirs.keys()].filter((keyword) => !ours.has(keyword)).sort();
    expect(missing).toEqual([...leftOut]);
  });

  it('and so are the converters that open files', () => {
    const converters = [...dump.matchAll(/^(map[a-z_]*|jwt_verify)\(/gm)].map(([, name = '']) => name);
    expect(converters.length).toBeGreaterThan(20);
    for (const name of converters) {
      const rule = {
        section: 'frontend',
        line: `http-request set-header X %[src,${name}(${secret},${secret})]`,
      };
      expect([name, checkPolicy(configWith(rule).text, context).length > 0]).toEqual([name, true]);
    }
  });

  it.each(['http-request', 'http-response', 'http-after-response', 'tcp-request content'])(
    'and so are the actions of %s, but for those that start or leave something',
    (ruleSet) => {
      const names = [...dump.matchAll(new RegExp(`^\\t${ruleSet} (\\S+?)\\*?$`, 'gm'))].map(
        ([, name = '']) => name,
      );
      const refused = names.filter((name) => {
        const line = `${ruleSet} ${name === 'track-sc' ? 'track-sc0' : name}`;
        const faults = checkPolicy(configWith({ section: 'frontend', line }).text, context);
        return faults.some(({ reason }) => reason === 'is no action that is allowed');
      });
      expect(refused).toEqual(['ot-group', 'send-spoe-group'].filter((name) => names.includes(name)));
    },
  );

  it('and so are the keywords of global, but for those that are refused', () => {
    const part = dump.slice(dump.indexOf('\nglobal\n'), dump.indexOf('\nlisten\n'));
    const names = [...part.matchAll(/^\t(\S+)$/gm)].map(([, name = '']) => name);
    const unknown = names.filter((line) =>
      checkPolicy(configWith({ section: 'global', line }).text, context).some(({ reason }) =>
        reason.includes('no keyword'),
      ),
    );
    expect(unknown).toEqual([]);
  });

  it('and so are the keywords of proxies', () => {
    const part = dump.slice(dump.indexOf('\nlisten\n'), dump.indexOf('\nuserlist\n'));
    const names = new Set([...part.matchAll(/^\t([a-z][\w-]*)(?: |$)/gm)].map(([, name = '']) => name));
    expect(names.size).toBeGreaterThan(20);
    const unknown = [...names].filter((line) =>
      checkPolicy(configWith({ section: 'frontend', line }).text, context).some(({ reason }) =>
        reason.includes('no keyword'),
      ),
    );
    expect(unknown).toEqual([]);
  });
});

const seed = 161_803;
const mixes = 12_000;

// The kernel notes when a file is read: the planted one's time of access is set to the epoch and looked at afterwards.
describe(`what the policy accepts of ${mixes} mixed-up lines (seed ${seed})`, () => {
  const planted = join(directory, 'planted.txt');
  writeFileSync(planted, 'key value\n');
  const state = { seed };
  const random = (below: number): number => {
    state.seed = (state.seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state.seed / 2_147_483_648) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

  const isRead = (lines: readonly HostileLine[]): boolean => {
    const of = (section: string): string =>
      lines
        .filter((each) => each.section === section)
        .map(({ line }) => `    ${line}\n`)
        .join('');
    const path = join(directory, 'mixed.cfg');
    writeFileSync(
      path,
      `global\n${of('global')}frontend f\n mode http\n${of('frontend')}backend b\n mode http\n${of('backend')}`,
    );
    utimesSync(planted, 0, new Date());
    spawnSync('haproxy', ['-c', '-f', path], { stdio: 'ignore', cwd: '/' });
    return statSync(planted).atimeMs !== 0;
  };

  const words = [
    ...[
      'if',
      'unless',
      '{',
      '}',
      '!{',
      '-f',
      '-M',
      '-m',
      'found',
      '--',
      '""',
      'src',
      'path',
      'lower',
      'hdr',
      'string',
    ],
    ...[
      'file',
      'errorfile',
      'crt',
      'ca-file',
      'ssl',
      'name',
      'cookie',
      'source',
      'interface',
      'addr',
      'table',
      'len',
    ],
    ...[planted, planted, `map(${planted})`, `src,map(${planted})`, `%[src,map(${planted})]`],
  ];
  const sections = ['global', 'frontend', 'backend'];
  const known = [...friendlyLines, ...hostileLines].filter(({ section }) => sections.includes(section));

  const mixed = (): HostileLine => {
    const { section, line } = pick(known);
    const parts = line.replaceAll('/etc/shadow', planted).split(' ');
    for (let turn = random(3); turn > 0; turn -= 1) {
      const others = pick(known).line.split(' ');
      const at = 1 + random(parts.length);
      parts.splice(
        at,
        random(2),
        ...pick([[pick(words)], [pick(words), pick(words)], others.slice(random(others.length))]),
      );
    }
    if (!parts.join(' ').includes(planted)) parts.splice(1 + random(parts.length), 0, planted);
    return { section, line: parts.join(' ') };
  };

  it('never makes haproxy read a planted file', () => {
    expect(isRead([{ section: 'frontend', line: `acl bad path -f ${planted}` }])).toBe(true);
    const accepted = Array.from({ length: mixes }, mixed).filter(
      ({ section, line }) =>
        checkPolicy(`${section} ${section === 'global' ? '' : 'x'}\n ${line}\n`, unitContext).length === 0,
    );
    expect(accepted.length).toBeGreaterThan(mixes / 10);
    const guilty: HostileLine[] = [];
    for (let start = 0; start < accepted.length; start += 30) {
      const batch = accepted.slice(start, start + 30);
      if (isRead(batch)) guilty.push(...batch.filter((line) => isRead([line])));
    }
    expect(guilty).toEqual([]);
  }, 120_000);
});
