// What the runtime API says where no haproxy is needed to show it: languages, and the door of its own listener.

import { describe, expect, it } from '@jest/globals';
import { AgentError, errorKinds } from '../../../agent/model/errors';
import { createDoor } from '../../../agent/surfaces/runtime-v1/door';
import { createErrorReplies } from '../../../agent/surfaces/runtime-v1/errors';
import { languageOf } from '../../../agent/surfaces/runtime-v1/language';
import { routeRequest } from '../../fakes/route-request';

const asked = { ...routeRequest(), method: 'GET', path: '/api/v1/haproxy/backends' };

describe('The language', () => {
  it.each([
    [undefined, 'ru'],
    ['', 'ru'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['de,fr', 'ru'],
    ['*', 'ru'],
    ['de, *;q=0.1, en;q=0.5', 'en'],
    ['en;q=0.2, ru;q=0.8', 'ru'],
    ['en;q=0, de', 'ru'],
    ['en;q=oops', 'ru'],
  ])('for Accept-Language %j is %s', (header, language) => {
    expect(languageOf(header, 'ru')).toBe(language);
  });
});

describe('An error', () => {
  it.each(errorKinds)(
    'of the kind %s has one status in line and body, a code and no secrets of ours',
    (kind) => {
      const { errorReply } = createErrorReplies('ru');
      const reply = errorReply(new AgentError(kind, 'message', { cause: new Error('inner') }), asked);
      expect(reply.body).toMatchObject({
        json: { success: false, status_code: reply.status, code: expect.stringMatching(/^[a-z_]+$/) },
      });
      expect(JSON.stringify(reply)).not.toContain('inner');
      expect(reply.status).toBeGreaterThanOrEqual(400);
    },
  );

  it('that is a bug says nothing of it', () => {
    const { errorReply } = createErrorReplies('en');
    expect(errorReply(new AgentError('internal', 'stack at line 3'), asked).body).toEqual({
      json: { success: false, status_code: 500, error: 'Internal error', code: 'internal', details: {} },
    });
  });

  it('of a queue that is too long is 503 busy', () => {
    const { errorReply } = createErrorReplies('en');
    const error = new AgentError('unavailable', 'x', { fault: { code: 'busy', waitedMs: 1 } });
    expect(errorReply(error, asked)).toMatchObject({
      status: 503,
      body: { json: { code: 'busy', error: 'HAProxy connection error: too many requests are waiting' } },
    });
  });
});

describe('The door', () => {
  it('asks for the token where there is one, and for nothing else', () => {
    const door = createDoor('secret', 'en');
    const headers = { host: 'anywhere.example', origin: 'http://page.example' };
    expect(door({ headers: { ...headers, authorization: 'bearer secret' } })).toBeUndefined();
    expect(door({ headers })).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': 'Bearer' } });
    expect(door({ headers: { authorization: 'Bearer secret extra' } })).toMatchObject({ status: 401 });
  });

  it('lets an old client without a Host in, which is no browser', () => {
    expect(createDoor(undefined, 'en')({ headers: {} })).toBeUndefined();
  });
});
