// Domain errors in the words of Octavia's 1.0 API.

import { describe, expect, it } from '@jest/globals';
import { AgentError, errorKinds, internal, invalidInput, notFound } from '../../../../agent/model/errors';
import {
  errorReply,
  methodNotAllowedReply,
  notFoundReply,
  optionsReply,
} from '../../../../agent/surfaces/octavia-v1.0/errors';

const bodyOf = (error: AgentError): unknown => {
  const { body } = errorReply(error);
  return 'json' in body ? body.json : body;
};

describe('an error', () => {
  // Octavia's octavia/amphorae/drivers/haproxy/exceptions.py: any other status is a success to a controller.
  it.each(errorKinds)('of kind %s has a status that controllers take for a failure', (kind) => {
    const { status } = errorReply(new AgentError(kind, 'why'));
    expect([400, 401, 403, 404, 405, 409, 500, 503]).toContain(status);
  });

  it.each<[kind: (typeof errorKinds)[number], status: number]>([
    ['not-found', 404],
    ['invalid-input', 400],
    ['config-rejected', 400],
    ['too-large', 400],
    ['conflict', 409],
    ['precondition', 409],
    ['reload-failed', 500],
    ['no-space', 500],
    ['unavailable', 503],
  ])('of kind %s is a %i', (kind, status) => {
    expect(errorReply(new AgentError(kind, 'why')).status).toBe(status);
  });

  it.each([
    [
      'a configuration that is refused without anybody having printed why',
      new AgentError('config-rejected', 'The configuration is empty'),
      { message: 'Invalid request', details: 'The configuration is empty' },
    ],
    [
      'a load balancer that is not there',
      notFound('load balancer', 'x'),
      { message: 'Loadbalancer Not Found', details: 'No loadbalancer with UUID: x' },
    ],
    [
      'a UDP listener that is not there',
      notFound('UDP listener', 'x'),
      { message: 'UDP Listener Not Found', details: 'No UDP listener with UUID: x' },
    ],
    [
      'a certificate that is not there',
      notFound('certificate', 'a.pem'),
      { message: 'Certificate Not Found', details: 'No certificate with filename: a.pem' },
    ],
    [
      'an address that no interface has',
      notFound('interface', '10.0.0.1'),
      { message: 'Error interface not found for IP address' },
    ],
    [
      'a refused configuration',
      new AgentError('config-rejected', 'haproxy refuses the configuration', { detail: 'line 3' }),
      { message: 'Invalid request', details: 'line 3' },
    ],
    ['an error without details', invalidInput('Invalid IP address'), { message: 'Invalid IP address' }],
  ])('tells of %s in the contract’s words', (_what, error, body) => {
    expect(bodyOf(error)).toEqual(body);
  });

  it('of our own says nothing of its cause, in the framework’s body', () => {
    const error = new AgentError('internal', 'secret', { detail: 'secret', cause: new Error('secret') });
    for (const each of [error, internal('secret', 'secret')]) {
      expect(bodyOf(each)).toEqual({
        error: expect.stringMatching(/^500 Internal Server Error: /),
        http_code: 500,
      });
      expect(JSON.stringify(bodyOf(each))).not.toContain('secret');
    }
  });
});

describe('a path or method that is not served', () => {
  it('is answered in the framework’s JSON, OPTIONS with an empty body', () => {
    expect(notFoundReply()).toMatchObject({
      status: 404,
      body: { json: { error: expect.stringMatching(/^404 Not Found: /), http_code: 404 } },
    });
    expect(methodNotAllowedReply()).toMatchObject({
      status: 405,
      body: { json: { error: expect.stringMatching(/^405 Method Not Allowed: /), http_code: 405 } },
    });
    expect(optionsReply()).toMatchObject({ status: 200, body: { text: '' } });
  });
});
