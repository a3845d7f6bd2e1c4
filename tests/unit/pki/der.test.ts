// DER, read strictly: what another reader could read another way is refused.

import { describe, expect, it } from '@jest/globals';
import { derCursor, derTag, openDer } from '../../../agent/pki/der';
import { nameText, readIntegerHex, readObjectId, takeTime } from '../../../agent/pki/der-values';
import { der, objectId } from '../../../agent/testing/der-writer';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const refused = (detail: string) =>
  expect.objectContaining({ kind: 'invalid-input', detail: expect.stringContaining(detail) });

describe('a value', () => {
  it.each([
    ['of a short length', der(0x30, der(0x02, bytes('05'))), '020105'],
    ['of 200 bytes', der(0x30, Buffer.alloc(200, 1)), '01'.repeat(200)],
    ['of 70,000 bytes', der(0x30, Buffer.alloc(70_000, 2)), '02'.repeat(70_000)],
    ['that is empty', der(0x30), ''],
  ])('%s is read whole', (_what, whole, content) => {
    const cursor = derCursor(whole);
    const value = cursor.take(derTag.sequence, 'x');
    expect([value.content.toString('hex'), value.bytes.equals(whole), cursor.peek()]).toEqual([
      content,
      true,
      undefined,
    ]);
  });

  it.each([
    ['nothing', '', 'got the end'],
    ['another tag', '0500', 'expected tag 0x30, got 0x05'],
    ['a tag alone', '30', 'ends too early'],
    ['a length beyond the end', '3002ff', 'ends too early'],
    ['an indefinite length', '30800000', 'its length cannot be read'],
    ['a length that is cut off', '3082ff', 'its length cannot be read'],
    ['a length of five bytes', '30850000000001ff', 'its length cannot be read'],
    ['a length that would fit one byte', '308105ffffffffff', 'not in its shortest form'],
    ['a length with a leading zero', `30820080${'00'.repeat(128)}`, 'not in its shortest form'],
    ['something left over', '300000', '1 bytes more than expected'],
  ])('refused: %s', (_what, hex, detail) => {
    expect(() => openDer(bytes(hex), derTag.sequence, 'x')).toThrow(refused(detail));
  });

  it('of a tag of several bytes is refused', () => {
    expect(() => derCursor(bytes('1f8101')).takeAny('x')).toThrow(refused('a tag of several bytes'));
  });

  it('that may be there is left when it is not', () => {
    const cursor = derCursor(bytes('0500'));
    expect(cursor.takeIf(derTag.integer)).toBeUndefined();
    expect(cursor.peek()).toBe(0x05);
  });
});

describe('a number', () => {
  const read = (hex: string): string => readIntegerHex(derCursor(bytes(hex)).takeAny('x'), 'x');
  it.each([
    ['020100', '00'],
    ['02020080', '0080'],
    ['020180', '80'],
    ['0203ff7fff', 'ff7fff'],
  ])('%s', (hex, number) => expect(read(hex)).toBe(number));

  it.each(['0200', '02020001', '0202ff80'])('refused, since it could be written otherwise: %s', (hex) => {
    expect(() => read(hex)).toThrow(expect.objectContaining({ kind: 'invalid-input' }));
  });
});

describe('a time', () => {
  const take = (tag: number, text: string): number | undefined =>
    takeTime(derCursor(der(tag, Buffer.from(text))), 'thisUpdate');
  it.each([
    [0x17, '260115103059Z', '2026-01-15T10:30:59.000Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x18, '20500228000000Z', '2050-02-28T00:00:00.000Z'],
    [0x18, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
  ])('%i %s', (tag, text, iso) => expect(new Date(take(tag, text) ?? 0).toISOString()).toBe(iso));

  it.each([
    [0x17, '2601151030Z'],
    [0x17, '260115103059+0100'],
    [0x17, '260230000000Z'],
    [0x17, '261301000000Z'],
    [0x17, '260101240000Z'],
    [0x17, '260101006000Z'],
    [0x17, '260101000060Z'],
    [0x17, '260100000000Z'],
    [0x18, '20260115103059.5Z'],
    [0x18, '00500115103059Z'],
    [0x18, ''],
  ])('refused: %i %s', (tag, text) => expect(() => take(tag, text)).toThrow(refused('expected a time')));

  it('is undefined where another value stands', () => expect(take(0x02, '\x01')).toBeUndefined());
});

describe('an object identifier', () => {
  const read = (hex: string): string => readObjectId(derCursor(objectId(hex)).takeAny('x'));
  it.each([
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['551d1b', '2.5.29.27'],
    ['883703', '2.999.3'],
  ])('%s is %s', (hex, dotted) => expect(read(hex)).toBe(dotted));

  it('with a number beyond reason is refused', () => {
    expect(() => read('ffffffffffffffffff7f')).toThrow(expect.objectContaining({ kind: 'invalid-input' }));
  });
});

describe('a name', () => {
  const attribute = (type: string, text: string): Buffer =>
    der(0x31, der(0x30, objectId(type), der(0x0c, Buffer.from(text))));
  const text = (...attributes: readonly Buffer[]): string =>
    nameText(derCursor(der(0x30, ...attributes)).takeAny('x'));

  it('is written on one line, with the attributes that people know', () => {
    expect(text(attribute('55040a', 'Löwe'), attribute('550403', 'a CA'), attribute('550429', 'x'))).toBe(
      'O=Löwe, CN=a CA, 2.5.4.41=x',
    );
  });

  it('brings no control characters into a log, and no novel', () => {
    expect(text(attribute('550403', 'a\n\u001b[2J\u202eb'))).toBe('CN=a??[2J?b');
    expect(text(attribute('550403', 'x'.repeat(5_000)))).toHaveLength(200);
  });
});
