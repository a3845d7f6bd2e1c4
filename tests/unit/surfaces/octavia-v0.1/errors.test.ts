// Domain errors in v0.1's words.

import { describe, expect, it } from '@jest/globals';
import { AgentError, errorKinds, internal, invalidInput, notFound } from '../../../../agent/model/errors';
import {
  errorReply,
  methodNotAllowedReply,
  notFoundReply,
} from '../../../../agent/surfaces/octavia-v0.1/errors';

const bodyOf = (error: AgentError): unknown => {
  const { body } = errorReply(error);
  return 'json' in body ? body.json : body;
};

describe('an error', () => {
  it.each<[kind: (typeof errorKinds)[number], status: number]>([
    ['not-found', 404],
    ['already-exists', 409],
    ['invalid-input', 400],
    ['too-large', 413],
    ['conflict', 409],
    ['version-mismatch', 409],
    ['config-rejected', 400],
    ['reload-failed', 500],
    ['precondition', 409],
    ['unauthorized', 401],
    ['forbidden', 403],
    ['unsupported', 501],
    ['unavailable', 503],
    ['no-space', 507],
    ['timeout', 504],
    ['internal', 500],
  ])('of kind %s is a %i', (kind, status) => {
    expect(errorReply(new AgentError(kind, 'why')).status).toBe(status);
  });

  it.each([
    [
      'a listener that is not there',
      notFound('load balancer', 'x'),
      { message: 'Listener Not Found', details: 'No listener with UUID: x' },
    ],
    [
      'an interface that is not there',
      notFound('interface', '10.0.0.1'),
      { message: 'Error interface not found for IP address' },
    ],
    [
      'a refused configuration',
      new AgentError('config-rejected', 'haproxy refuses the configuration', { detail: 'line 3' }),
      { message: 'Invalid request', details: 'line 3' },
    ],
    [
      'a failed start',
      new AgentError('reload-failed', 'Error starting haproxy', { detail: 'cannot bind' }),
      { message: 'Error starting haproxy', details: 'cannot bind' },
    ],
    [
      'a malformed request',
      invalidInput('Invalid request', 'mtu'),
      { message: 'Invalid request', details: 'mtu' },
    ],
    ['an error without details', invalidInput('Invalid VIP'), { message: 'Invalid VIP' }],
  ])('tells of %s in the contract’s words', (_what, error, body) => {
    expect(bodyOf(error)).toEqual(body);
  });

  it('of our own says nothing of its cause', () => {
    const error = new AgentError('internal', 'secret', { detail: 'secret', cause: new Error('secret') });
    for (const each of [error, internal('secret', 'secret')]) {
      expect(JSON.stringify(bodyOf(each))).toBe('{"message":"Internal Server Error"}');
    }
  });
});

describe('a path or method that is not served', () => {
  it('is answered in JSON', () => {
    expect(notFoundReply('/v0.1/x')).toMatchObject({ status: 404, body: { json: { message: 'Not Found' } } });
    expect(methodNotAllowedReply('PATCH')).toMatchObject({
      status: 405,
      body: { json: { message: 'Method Not Allowed', details: 'PATCH is not allowed here' } },
    });
  });

  it('of a port that is inside already does not say that there is none', () => {
    const subject = { what: 'network interface', id: 'eth1' } as const;
    expect(bodyOf(new AgentError('already-exists', 'Interface already exists', { subject }))).toEqual({
      message: 'Interface already exists',
    });
  });
});
