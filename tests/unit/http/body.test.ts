// Request bodies: whole, within their limit, and text where text is expected.

import { PassThrough } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { readBody, utf8Text } from '../../../agent/http/body';
import { createUploads } from '../../../agent/http/uploads';
import { createHandClock } from '../../fakes/hand-clock';

const setUp = (headers: Record<string, string> = {}, limit = 10) => {
  const stream = new PassThrough();
  const continued: string[] = [];
  const request = Object.assign(stream, { headers }) as unknown as IncomingMessage;
  const response = { writeContinue: () => continued.push('100') } as unknown as ServerResponse;
  return {
    stream,
    continued,
    body: readBody(request, response, limit, createUploads(createHandClock(), 1_000_000)()),
  };
};

describe('a body', () => {
  it('arrives whole, however it was cut', async () => {
    const { stream, body } = setUp({ 'content-length': '6' });
    for (const part of ['a', 'bc', 'def']) stream.write(part);
    stream.end();
    expect((await body).toString()).toBe('abcdef');
  });

  it('may be empty', async () => {
    const { stream, body } = setUp();
    stream.end();
    expect(await body).toHaveLength(0);
  });

  it('of just the limit is accepted', async () => {
    const { stream, body } = setUp({}, 3);
    stream.end('abc');
    expect((await body).toString()).toBe('abc');
  });

  it('announced as too large is refused before it is asked for', async () => {
    const { continued, body } = setUp({ 'content-length': '11', expect: '100-continue' });
    await expect(body).rejects.toMatchObject({
      kind: 'too-large',
      detail: expect.stringContaining('10 bytes'),
    });
    expect(continued).toEqual([]);
  });

  it('that grows over the limit unannounced is refused', async () => {
    const { stream, body } = setUp();
    stream.write('abcdef');
    stream.write('ghijkl');
    await expect(body).rejects.toMatchObject({ kind: 'too-large' });
  });

  it('is asked for when the client waits', async () => {
    const { stream, continued, body } = setUp({ 'content-length': '3', expect: '100-Continue' });
    expect(continued).toEqual(['100']);
    stream.end('abc');
    await body;
  });

  it.each([
    ['goes away', undefined],
    ['is reset', new Error('ECONNRESET')],
  ])('whose client %s is unavailable', async (_what, error) => {
    const { stream, body } = setUp();
    stream.write('abc');
    stream.destroy(error);
    await expect(body).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('a body whose client left while it waited for its turn', () => {
  it('is unavailable at once, and its turn is over', async () => {
    const stream = new PassThrough();
    stream.write('abc');
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    const request = Object.assign(stream, { headers: {} }) as unknown as IncomingMessage;
    const response = { writeContinue: () => undefined } as unknown as ServerResponse;
    await expect(
      readBody(request, response, 10, createUploads(createHandClock(), 1_000_000)()),
    ).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('text', () => {
  it('is the bytes, a mark of their order included', () => {
    const text = '\ufefflisten ä ✓\n';
    expect(utf8Text(Buffer.from(text), 'configuration')).toBe(text);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x6c, 0xff]), 'UTF-8'],
    ['half a letter', Buffer.from('ä').subarray(0, 1), 'UTF-8'],
    ['NUL', Buffer.from('a\0b'), 'NUL'],
  ])('is not %s, and the refusal names what was meant', (_what, bytes, words) => {
    expect(() => utf8Text(bytes, 'configuration')).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        detail: expect.stringMatching(`^configuration: .*${words}`),
      }),
    );
  });
});
