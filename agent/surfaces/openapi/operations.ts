// The description of the description.

import type { SurfaceApi } from '../../http/operation';

export const openapiApi: SurfaceApi = {
  name: 'openapi',
  title: 'The API description',
  description:
    'This document, made from the tables of routes that the agent serves by and the schemas that it validates requests with.',
  tags: { Description: 'For programs: what this agent can be asked.' },
  operations: {
    'GET /openapi.json': {
      id: 'getOpenapi',
      tag: 'Description',
      summary: 'Describe every surface that is mounted',
      answers: {
        200: {
          description: 'An OpenAPI 3.1 document.',
          schema: {
            type: 'object',
            required: ['openapi', 'info', 'paths'],
            properties: {
              openapi: { type: 'string', pattern: '^3\\.1\\.' },
              info: { type: 'object' },
              paths: { type: 'object' },
            },
          },
          example: {
            openapi: '3.1.1',
            info: { title: 'amphorad', version: '0.1.0' },
            paths: {},
          },
        },
      },
    },
  },
  commonAnswers: {
    401: {
      description: 'No client certificate, or none that is accepted; the connection is closed.',
      schema: { $ref: '#/components/schemas/Refusal' },
      example: { message: 'Unauthorized', details: 'no client certificate was presented' },
    },
  },
  schemas: {
    Refusal: {
      description: 'What went wrong: `details` where there is more to say.',
      type: 'object',
      required: ['message'],
      additionalProperties: false,
      properties: { message: { type: 'string' }, details: { type: 'string' } },
    },
  },
};
