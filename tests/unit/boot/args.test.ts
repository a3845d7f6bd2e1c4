// The command line as people type it.

import { describe, expect, it } from '@jest/globals';
import { parseArguments, usage } from '../../../agent/boot/args';

const parse = (line: string) => parseArguments(line.split(' ').filter((word) => word !== ''));

describe('the command line', () => {
  it('without a word serves, with defaults', () => {
    expect(parse('')).toEqual({
      command: 'serve',
      configFiles: [],
      configDirs: [],
      localConfig: undefined,
      useSyslog: false,
      logFile: undefined,
      readyJson: false,
      keepTrying: false,
      stopChildren: undefined,
      stateDirectory: 'var',
      port: undefined,
      directory: undefined,
      amphoraId: undefined,
      names: [],
      days: 825,
      force: false,
      json: false,
      paths: [],
      fakeHaproxy: false,
      fix: false,
      watch: false,
      wait: false,
      timeoutS: 60,
    });
  });

  it.each([
    ['serve', 'serve'],
    ['dev', 'dev'],
    ['check', 'check'],
    ['sample', 'sample'],
    ['version', 'version'],
    ['help', 'help'],
    ['--version', 'version'],
    ['--help', 'help'],
    ['-h', 'help'],
    ['dev --help', 'help'],
    ['--ready-json serve', 'serve'],
    ['vrrp lint /a', 'vrrp-lint'],
    ['vrrp preview', 'vrrp-preview'],
    ['status --watch', 'status'],
    ['drain a/b', 'drain'],
    ['ready a/b', 'ready'],
  ])('"%s" means %s', (line, command) => {
    expect(parse(line).command).toBe(command);
  });

  it.each([
    ['network restore --config-file /a', 'network-restore', []],
    ['network prepare --config-file /a', 'network-prepare', []],
    ['interface up eth1', 'interface', ['up', 'eth1']],
    ['interface --config-file /a down all', 'interface', ['down', 'all']],
  ])('"%s" means %s', (line, command, paths) => {
    expect(parse(line)).toMatchObject({ command, paths });
  });

  it.each([
    'network',
    'network remove',
    'network restore eth1',
    'interface',
    'interface up',
    'interface toggle eth1',
    'interface up eth1 eth2',
    'interface up eth1 --json',
    'network-restore',
  ])('"%s" is refused', (line) => {
    expect(() => parse(line)).toThrow(/amphorad|unexpected/);
  });

  it('takes what Octavia’s images give the agent', () => {
    const line = '--config-file /etc/octavia/amphora-agent.conf --config-dir=/etc/a.d --config-file /b';
    expect(parse(line)).toMatchObject({
      command: 'serve',
      configFiles: ['/etc/octavia/amphora-agent.conf', '/b'],
      configDirs: ['/etc/a.d'],
    });
  });

  it('takes what the init script of Octavia’s agent adds', () => {
    const line = '--config-file=/etc/octavia/amphora-agent.conf --use-syslog --log-file=/var/log/octavia.log';
    expect(parse(line)).toMatchObject({
      command: 'serve',
      configFiles: ['/etc/octavia/amphora-agent.conf'],
      useSyslog: true,
      logFile: '/var/log/octavia.log',
    });
  });

  it('takes all options of serve, dev and certs', () => {
    expect(parse('serve --local-config /l --ready-json --stop-children')).toMatchObject({
      localConfig: '/l',
      readyJson: true,
      stopChildren: true,
    });
    expect(parse('dev --state /s --port 0 --no-stop-children')).toMatchObject({
      stateDirectory: '/s',
      port: 0,
      stopChildren: false,
    });
    expect(parse('certs --directory /d --amphora-id x --name a --name b --days 7 --force')).toMatchObject({
      directory: '/d',
      amphoraId: 'x',
      names: ['a', 'b'],
      days: 7,
      force: true,
    });
  });

  it('takes files to lint, and what a preview is made from', () => {
    expect(parse('vrrp lint /a /b --json')).toMatchObject({ paths: ['/a', '/b'], json: true });
    const line =
      'vrrp preview --ha-ip 10.0.0.5/24 --interface eth1 --source 10.0.0.11 --peer 10.0.0.12 --advert-interval 0.3';
    expect(parse(line)).toMatchObject({
      haIp: '10.0.0.5/24',
      interfaceName: 'eth1',
      source: '10.0.0.11',
      peer: '10.0.0.12',
      advertInterval: '0.3',
    });
  });

  it.each([
    ['unknown', 'no command "unknown"'],
    ['toString', 'no command "toString"'],
    ['vrrp', 'amphorad vrrp has no command ""'],
    ['vrrp-lint', 'no command "vrrp-lint"'],
    ['vrrp preview x', 'unexpected argument "x"'],
    ['vrrp lint /a --peer x', 'amphorad vrrp lint has no option --peer'],
    ['serve again', 'unexpected argument "again"'],
    ['--colour', '--colour'],
    ['--config-file', '--config-file'],
    ['version --port 1', 'amphorad version has no option --port'],
    ['serve --state /s', 'amphorad serve has no option --state'],
    ['dev --config-file /a', 'amphorad dev has no option --config-file'],
    ['check --stop-children', 'amphorad check has no option --stop-children'],
    ['dev --port 65536', '--port: expected a whole number, 0 to 65535'],
    ['dev --port -1', '--port'],
    ['dev --port 80x', '--port'],
    ['dev --port=', '--port'],
    ['certs --days 0', '--days: expected a whole number, 1 to 36500'],
    ['certs --days 1e3', '--days'],
  ])('"%s" is refused, naming what is wrong', (line, words) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', message: expect.stringContaining(words) }),
    );
  });

  it('takes what a drain is to do, and whether to colour', () => {
    const args = parse('drain pool/web --wait --timeout 5 --then maint --force --instance x');
    expect(args).toMatchObject({ paths: ['pool/web'], wait: true, timeoutS: 5, then: 'maint', force: true });
    expect(args.instance).toBe('x');
    expect([parse('status').color, parse('status --no-color').color]).toEqual([undefined, false]);
  });

  it.each([
    ['drain', 'amphorad drain takes one BACKEND/SERVER'],
    ['maint a/b c/d', 'amphorad maint takes one BACKEND/SERVER'],
    ['drain a/b --then ready', '--then: expected maint'],
    ['ready a/b --wait', 'amphorad ready has no option --wait'],
    ['status --fix', 'amphorad status has no option --fix'],
  ])('"%s" is refused: %s', (line, words) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ kind: 'invalid-input', message: words }));
  });

  it('is explained in full', () => {
    for (const word of [
      'serve',
      'dev',
      'certs',
      'check',
      'sample',
      'version',
      '--ready-json',
      '--no-stop-children',
    ]) {
      expect(usage).toContain(word);
    }
  });
});
