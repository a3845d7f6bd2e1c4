// The description of the surface: what its table of rows does not say.

import type { Answer, Operation, Schema, SurfaceApi } from '../../http/operation';

const tag = 'Health and metrics';

function verdictSchema(word: string): Schema {
  return {
    type: 'object',
    required: [word, 'reasons'],
    additionalProperties: false,
    properties: {
      [word]: { type: 'boolean' },
      reasons: {
        type: 'array',
        items: {
          type: 'object',
          required: ['check', 'what'],
          properties: { check: { type: 'string' }, what: { type: 'string' } },
        },
      },
    },
  };
}

function verdict(
  id: string,
  { word, summary, description, check, what }: Readonly<Record<string, string>>,
): Operation {
  const answer = (text: string, example: object): Answer => ({
    description: text,
    schema: { $ref: `#/components/schemas/${word === 'live' ? 'Liveness' : 'Readiness'}` },
    example,
  });
  return {
    id,
    tag,
    summary: summary ?? '',
    ...(description === undefined ? {} : { description }),
    headers: {
      Accept: {
        description: '`text/plain` for lines of text instead of JSON: the verdict, then one line a reason.',
        schema: { type: 'string' },
      },
    },
    answers: {
      200: answer('It is.', { [word ?? '']: true, reasons: [] }),
      503: answer('It is not, and why.', { [word ?? '']: false, reasons: [{ check, what }] }),
    },
  };
}

export const monitoringApi: SurfaceApi = {
  name: 'monitoring',
  title: 'Monitoring',
  description:
    'What machines that watch this one ask for. With `[metrics] bind` the same is served in plain HTTP, without a certificate. No reason names a tenant’s load balancer.',
  tags: { [tag]: 'Whether the agent lives, whether it is ready, and what it counts.' },
  otherSecurity: 'none',
  operations: {
    'GET /metrics': {
      id: 'getMetrics',
      tag,
      summary: 'Give all metrics to Prometheus',
      headers: {
        Accept: {
          description: '`application/openmetrics-text` for OpenMetrics instead of the text format.',
          schema: { type: 'string' },
        },
      },
      answers: {
        200: {
          description: 'The text format 0.0.4, or OpenMetrics 1.0.',
          mediaType: 'text/plain',
          example:
            '# HELP amphorad_info Version of the agent.\n# TYPE amphorad_info gauge\namphorad_info{version="0.1.0"} 1\n',
        },
      },
    },
    'GET /livez': verdict('getLivez', {
      word: 'live',
      summary: 'Tell whether the agent itself works',
      description: 'One that is not is to be restarted; traffic does not notice.',
      check: 'event-loop',
      what: 'The event loop has been late.',
    }),
    'GET /readyz': verdict('getReadyz', {
      word: 'ready',
      summary: 'Tell whether the agent can do its work',
      check: 'restore',
      what: 'What should run is still being brought up.',
    }),
  },
  commonAnswers: {
    401: {
      description: 'No client certificate, where one is asked for; the connection is closed.',
      schema: { $ref: '#/components/schemas/Refusal' },
      example: { message: 'Unauthorized', details: 'no client certificate was presented' },
    },
    500: {
      description: 'A bug; the log has the cause.',
      schema: { $ref: '#/components/schemas/MonitoringError' },
      example: { error: 'internal' },
    },
  },
  schemas: {
    Liveness: verdictSchema('live'),
    Readiness: verdictSchema('ready'),
    MonitoringError: {
      type: 'object',
      required: ['error'],
      additionalProperties: false,
      properties: { error: { type: 'string' } },
    },
  },
};
