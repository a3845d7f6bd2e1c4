import { describe, expect, it } from '@jest/globals';
import { expectationOf, formatSize } from '../../../agent/config/expectation';
import type { OptionFacts } from '../../../agent/config/option';
import { readValue } from '../../../agent/config/value';

const option = (kind: OptionFacts['kind'], more: Partial<OptionFacts> = {}): OptionFacts => ({
  kind,
  default: '',
  help: '',
  restart: false,
  ...more,
});
const read = (kind: OptionFacts['kind'], text: string, more: Partial<OptionFacts> = {}): unknown =>
  readValue(text, option(kind, more))?.value;

describe('plain values', () => {
  it('reads booleans as oslo does', () => {
    for (const text of ['true', 'True', 'TRUE', '1', 'yes', 'On', ' yes '])
      expect(read('boolean', text)).toBe(true);
    for (const text of ['false', 'FALSE', '0', 'No', 'off']) expect(read('boolean', text)).toBe(false);
    for (const text of ['', 'maybe', '2', 't', 'y']) expect(read('boolean', text)).toBeUndefined();
  });

  it('reads whole numbers within their range', () => {
    expect(read('integer', '12', { min: 1, max: 12 })).toBe(12);
    for (const text of ['0', '13', '1.5', '0x1', '1e1', '', 'ten']) {
      expect(read('integer', text, { min: 1, max: 12 })).toBeUndefined();
    }
  });

  it('reads durations in seconds', () => {
    const cases: [string, number][] = [
      ['10', 10],
      ['0.5', 0.5],
      ['30s', 30],
      ['0 s', 0],
      ['5m', 300],
      ['1h', 3600],
      ['500ms', 0.5],
    ];
    for (const [text, seconds] of cases) expect(read('duration', text)).toBe(seconds);
    for (const text of ['-1', '1d', '.5', '1 h 5 m', '5constructor', '1e3', 'Infinity']) {
      expect(read('duration', text)).toBeUndefined();
    }
  });

  it('reads sizes in bytes', () => {
    expect(read('size', '16 MiB')).toBe(16 * 1024 * 1024);
    expect(read('size', '64kib')).toBe(65_536);
    expect(read('size', '1.5 KiB')).toBe(1536);
    expect(read('size', '2048')).toBe(2048);
    for (const text of ['16 MB', '1k', '0.3', '-1', 'MiB']) expect(read('size', text)).toBeUndefined();
  });

  it('reads syslog facilities by name and number', () => {
    expect(['LOG_LOCAL3', 'local3', '3'].map((text) => read('facility', text))).toEqual([3, 3, 3]);
    for (const text of ['8', 'LOG_LOCAL8', 'LOG_USER', '']) expect(read('facility', text)).toBeUndefined();
  });

  it('accepts old TLS versions with a warning', () => {
    for (const text of ['TLSv1', 'TLSv1.1', 'SSLv23']) {
      const reading = readValue(text, option('tls-version'));
      expect(reading?.value).toBe('TLSv1.2');
      expect(reading?.warning).toContain(text);
    }
    expect(readValue('TLSv1.3', option('tls-version'))).toEqual({ value: 'TLSv1.3' });
    expect(read('tls-version', 'SSLv3')).toBeUndefined();
  });

  it('stores the amphora id in lower case', () => {
    expect(read('amphora-id', 'A4A1DEAD-0000-4000-8000-00000000BEEF')).toBe(
      'a4a1dead-0000-4000-8000-00000000beef',
    );
    expect(read('amphora-id', 'amphora-1')).toBeUndefined();
  });

  it('refuses control characters everywhere', () => {
    for (const kind of ['text', 'path', 'name', 'list'] as const) {
      expect(read(kind, '/a\u0007b')).toBeUndefined();
      expect(read(kind, '/a\nb')).toBeUndefined();
    }
  });
});

describe('paths and names', () => {
  it('normalises absolute paths', () => {
    expect(read('path', '/etc//octavia/./x/../interfaces/')).toBe('/etc/octavia/interfaces');
  });

  it.each(['certs', './x', '', '/', '//', '/a/..', '/a b', '/a"b', '/a#b', "/a'b", '/a\\b', '/a$b'])(
    'refuses %p as a path',
    (text) => {
      expect(read('path', text)).toBeUndefined();
    },
  );

  it.each(['..', '.hidden', '-n', 'a/b', 'a b', 'x'.repeat(65)])('refuses %p as a name', (text) => {
    expect(read('name', text)).toBeUndefined();
  });

  it('reads nothing where nothing is allowed', () => {
    expect(readValue('', option('path', { optional: true }))).toEqual({ value: undefined });
    expect(readValue('', option('path'))).toBeUndefined();
  });
});

describe('addresses', () => {
  it('reads addresses with zones', () => {
    expect(read('ip', '::')).toBe('::');
    expect(read('ip', 'FE80::0001%eth0')).toBe('fe80::1%eth0');
    expect(read('ip', '10.0.0.1')).toBe('10.0.0.1');
    for (const text of ['localhost', '[::1]', '1.2.3', '*']) expect(read('ip', text)).toBeUndefined();
  });

  it('reads controllers, zones and line breaks included', () => {
    expect(read('endpoints', '192.0.2.1:5555, [2001:DB8::1]:5555,\n[fe80::1%eth0]:6666,')).toEqual([
      { address: '192.0.2.1', port: 5555 },
      { address: '2001:db8::1', port: 5555 },
      { address: 'fe80::1', port: 6666, zone: 'eth0' },
    ]);
    expect(read('endpoints', '')).toEqual([]);
  });

  it('reads IPv6 without brackets as the real agent does, with a warning', () => {
    const reading = readValue('fd00::1:5555', option('endpoints'));
    expect(reading?.value).toEqual([{ address: 'fd00::1', port: 5555 }]);
    expect(reading?.warning).toContain('brackets');
  });

  it.each([
    '192.0.2.1',
    'host:5555',
    '[::1]',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '[1.2.3.4]:5',
    'a:1 b:2',
    '[::1]:x',
  ])('refuses %p as a controller', (text) => {
    expect(read('endpoints', text)).toBeUndefined();
  });

  it('reads listeners, where port 0 is a free one', () => {
    expect(read('socket-address', '127.0.0.1:0')).toEqual({ address: '127.0.0.1', port: 0 });
    expect(read('socket-address', '[::1]:9100')).toEqual({ address: '::1', port: 9100 });
    for (const text of ['9100', ':9100', '::1:9100', 'localhost:9100']) {
      expect(read('socket-address', text)).toBeUndefined();
    }
  });

  it('reads port lists', () => {
    expect(read('ports', '5432, 2377,8404')).toEqual([5432, 2377, 8404]);
    for (const text of ['0', 'x', '80-90', '70000']) expect(read('ports', text)).toBeUndefined();
  });
});

describe('expectations', () => {
  it('name the range and the choices', () => {
    expect(expectationOf(option('integer', { min: 1, max: 9 }))).toBe('a whole number, 1 to 9');
    expect(expectationOf(option('choice', { choices: ['a', 'b'] }))).toBe('one of a, b');
    expect(expectationOf(option('path', { optional: true }))).toMatch(/absolute path.*or nothing$/);
    expect(formatSize(16 * 1024 * 1024)).toBe('16 MiB');
    expect(formatSize(1000)).toBe('1000 B');
  });
});
