import { describe, expect, it } from '@jest/globals';
import { splitPem } from '../../../agent/pki/pem';

const block = (label: string, body = 'aGVsbG8='): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const contents = (pem: string | Uint8Array) => splitPem(pem).map((found) => found.content?.toString());
const faults = (pem: string) => splitPem(pem).map((found) => found.fault);

describe('splitting PEM text', () => {
  it('lists blocks in their order with the lines they begin on', () => {
    const found = splitPem(`${block('A')}some words\n${block('B C', 'd29y\nbGQ=')}`);
    expect(found.map(({ label, line }) => [label, line])).toEqual([
      ['A', 1],
      ['B C', 5],
    ]);
    expect(found.map(({ content }) => content?.toString())).toEqual(['hello', 'world']);
  });

  it('reads Windows line ends, trailing blanks, bytes, and a last line without its end', () => {
    expect(contents(block('A').replaceAll('\n', '\r\n'))).toEqual(['hello']);
    expect(contents(block('A').replaceAll('\n', ' \t\0\n'))).toEqual(['hello']);
    expect(contents(Buffer.from(block('A').trimEnd()))).toEqual(['hello']);
  });

  it('sees no block where OpenSSL sees none', () => {
    expect(splitPem('')).toEqual([]);
    expect(splitPem('\0\0\0')).toEqual([]);
    expect(splitPem(` ${block('A').replaceAll('\n', '\n ')}`)).toEqual([]);
    expect(splitPem(`\uFEFF${block('A')}`)).toEqual([]);
    expect(contents(block('A').replaceAll('\n', '\r'))).toEqual([undefined]);
    expect(splitPem('-----END A-----\n-----BEGIN A\n-----BEGIN -----')).toHaveLength(1);
    expect(splitPem('-----BEGIN -----'.slice(0, 12))).toEqual([]);
  });

  it('names the line of a block that is cut off, and still reads the next one', () => {
    const text = `-----BEGIN A-----\naGVs\n${block('B')}-----BEGIN C-----\naGVs`;
    expect(faults(text)).toEqual([
      'the PEM block that begins on line 1 has no end line',
      undefined,
      'the PEM block that begins on line 6 has no end line',
    ]);
  });

  it('takes two files joined without a line end between them for broken', () => {
    expect(faults(block('A').trimEnd() + block('A'))).toEqual([
      expect.stringContaining('an end line of another kind'),
    ]);
  });

  it('refuses an end line of another kind', () => {
    expect(faults(block('A').replace('END A', 'END B'))).toEqual([
      'the PEM block that begins on line 1 has an end line of another kind',
    ]);
  });

  it.each(['', 'aGVsbG8', 'aGVs*G8=', 'aGVs\0G8=', 'aG=sbG8=', 'a===', 'aGVsbG8=aGVsbG8=', 'äGVs'])(
    'refuses content that is not base64: %j',
    (body) => expect(faults(block('A', body))).toEqual(['the PEM block that begins on line 1 is not base64']),
  );

  it('tells content under encryption headers from other headers', () => {
    const [legacy] = splitPem(block('A', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8='));
    const [plain] = splitPem(block('A', 'Comment: 4,ENCRYPTED\n\naGVsbG8='));
    expect(legacy?.hasEncryptionHeader).toBe(true);
    expect(plain).toMatchObject({ hasEncryptionHeader: false, fault: undefined });
    expect(plain?.content?.toString()).toBe('hello');
  });

  it('gets through millions of blanks, lines and boundaries', () => {
    const size = 2_000_000;
    expect(splitPem('\n'.repeat(size))).toEqual([]);
    expect(splitPem(`${' '.repeat(size)}x`)).toEqual([]);
    expect(splitPem(`-----BEGIN A-----\n${' '.repeat(size)}x\n-----END A-----`)).toHaveLength(1);
    expect(contents(block('A', 'AAAA'.repeat(size)))).toHaveLength(1);
    expect(splitPem('-----BEGIN A-----\n'.repeat(size / 20))).toHaveLength(size / 20);
  });
});
