// What handlers give back.

import { describe, expect, it } from '@jest/globals';
import { json, text } from '../../../agent/http/reply';

describe('a reply', () => {
  it('is JSON or text with its status, and headers only when there are some', () => {
    expect(json(201, { message: 'OK' })).toEqual({ status: 201, body: { json: { message: 'OK' } } });
    expect(json(405, {}, { Allow: 'GET' })).toEqual({
      status: 405,
      body: { json: {} },
      headers: { Allow: 'GET' },
    });
    expect(text(200, 'listen a\n')).toEqual({ status: 200, body: { text: 'listen a\n' } });
  });
});
