import { describe, expect, it } from '@jest/globals';
import type { LogEntry } from '../../../agent/host/node/log-format';
import { lineBytes, renderJson, renderText } from '../../../agent/host/node/log-format';
import { isSecretName, valueBytes } from '../../../agent/host/node/log-values';

const entry = (message: string, fields: LogEntry['fields'] = {}): LogEntry => ({
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  level: 'info',
  message,
  fields,
});

const parsed = (line: string): unknown => JSON.parse(line);

describe('a text line', () => {
  it('has UTC time with milliseconds, level, message and fields', () => {
    const line = renderText(entry('listener started', { pid: 12, ok: true, name: 'lb-1', why: 'two words' }));
    expect(line).toBe(
      '2026-01-02T03:04:05.678Z INFO listener started pid=12 ok=true name=lb-1 why="two words"',
    );
  });

  it('leaves the time to a destination that keeps its own', () => {
    expect(renderText(entry('ready'), false)).toBe('INFO ready');
  });

  it('leaves out undefined fields and quotes what could be taken for something else', () => {
    const fields = { gone: undefined, empty: '', pair: 'a=b', quote: 'say "x"', list: ['a', 'b c'] };
    expect(renderText(entry('m', fields), false)).toBe(
      'INFO m empty="" pair="a=b" quote="say \\"x\\"" list=["a","b c"]',
    );
  });

  it('shows numbers that are none as words', () => {
    expect(renderText(entry('m', { ratio: Number.NaN, count: -0.5 }), false)).toBe(
      'INFO m ratio=NaN count=-0.5',
    );
  });

  it.each([
    ['newline', 'a\nb', 'a\\nb'],
    ['carriage return', 'a\rb', 'a\\rb'],
    ['terminal escape', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
    ['NUL', 'a\u0000b', 'a\\u0000b'],
    ['C1 control', 'a\u0085b', 'a\\u0085b'],
    ['line separator', 'a\u2028b', 'a\\u2028b'],
    ['bidirectional override', 'a\u202eb', 'a\\u202eb'],
    ['lone surrogate', 'a\ud800b', 'a\\ud800b'],
  ])('stays one line with a %s in message, value and list', (_what, text, shown) => {
    expect(renderText(entry(text, { value: text, list: [text] }), false)).toBe(
      `INFO ${shown} value="${shown}" list=["${shown}"]`,
    );
  });

  it('keeps letters of all scripts as they are', () => {
    expect(renderText(entry('Grüße 世界 👋', { name: 'żółw' }), false)).toBe('INFO Grüße 世界 👋 name=żółw');
  });

  it('makes a field name harmless', () => {
    expect(renderText(entry('m', { 'a b\n=c': 1 }), false)).toBe('INFO m a_b__c=1');
  });
});

describe('a JSON line', () => {
  it('is one object with time, level, message and fields', () => {
    const line = renderJson(entry('two\nlines', { pid: 12, ok: false, names: ['a', 'b'], gone: undefined }));
    expect(line).not.toContain('\n');
    expect(parsed(line)).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'info',
      message: 'two\nlines',
      pid: 12,
      ok: false,
      names: ['a', 'b'],
    });
  });

  it('never lets a field take the place of time, level or message', () => {
    expect(parsed(renderJson(entry('m', { level: 'error', time: 'x', message: 'y' })))).toMatchObject({
      level: 'info',
      message: 'm',
      field_level: 'error',
      field_time: 'x',
      field_message: 'y',
    });
  });

  it('escapes what a terminal or a line reader would act on, and still says the same', () => {
    const text = '\u001b\u007f\u0085\u2028\u202e"\\';
    const line = renderJson(entry(text, { ratio: Number.POSITIVE_INFINITY }));
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(parsed(line)).toMatchObject({ message: text, ratio: 'Infinity' });
  });
});

describe('bounds', () => {
  it.each([
    ['letters', 'x'],
    ['wide characters', '世'],
    ['pairs', '👋'],
    ['controls', '\u0001'],
    ['quotes', '"'],
  ])('cut a long value of %s at 8 KiB, with a mark', (_what, character) => {
    const long = character.repeat(valueBytes * 2);
    const { value, message } = parsed(renderJson(entry(long, { value: long }))) as Record<string, string>;
    for (const text of [value!, message!]) {
      expect(text.endsWith(`${character}…`)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(valueBytes + 2);
    }
    const line = renderText(entry(long), false);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(valueBytes + 'INFO '.length);
    expect(Buffer.byteLength(line)).toBeGreaterThan(valueBytes - 10);
  });

  it('keep a value that just fits whole', () => {
    const text = 'x'.repeat(valueBytes);
    expect(renderText(entry('m', { text }), false)).toBe(`INFO m text="${text}"`);
  });

  it('hold for a whole line, and the fields that found no room are counted', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`f${index}`, 'y'.repeat(6_000)]),
    );
    const text = renderText(entry('m', { ...fields, last: 1 }));
    const json = renderJson(entry('m', { ...fields, last: 1 }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(lineBytes);
    expect(text).toMatch(/ last=1 fields_cut=1$/);
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(lineBytes);
    expect(parsed(json)).toMatchObject({ last: 1, fields_cut: 1 });
  });

  it('cut a long list', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `server-${index}`);
    const shown = (parsed(renderJson(entry('m', { names }))) as { names: string[] }).names;
    expect(shown[0]).toBe('server-0');
    expect(shown.at(-1)).toBe('…');
    expect(shown.length).toBeLessThan(1_000);
  });
});

describe('secrets', () => {
  it.each([
    'key',
    'secret',
    'password',
    'token',
    'heartbeat_key',
    'auth_pass',
    'authToken',
    'privateKey',
    'HEARTBEAT_KEY',
    'keys',
    'health_manager.heartbeat_key',
  ])('in a field called %s are masked in both formats', (name) => {
    expect(isSecretName(name)).toBe(true);
    expect(renderText(entry('m', { [name]: 'hunter2' }), false)).toBe(`INFO m ${name}=***`);
    expect(renderJson(entry('m', { [name]: ['hunter2'] }))).toContain(`"${name}":"***"`);
  });

  it.each(['key_file', 'monkey', 'auth_token_file', 'keystrokes', 'passed', 'bypass'])(
    'are not suspected in %s',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});
