// The shape of <base>/<id>/state.json. Validated by a precompiled ajv validator whenever it is read.

import { processRecordSchema } from './process-record-schema';

export const stateSchemaNumber = 1;

export const stateSchema = {
  $id: 'state',
  type: 'object',
  required: ['schema', 'owner', 'peer', 'desired'],
  additionalProperties: false,
  properties: {
    schema: { const: stateSchemaNumber },
    owner: {
      enum: ['octavia-v0.1', 'octavia-v1.0', 'runtime-v1', 'dataplane-v3', 'modaclouds-v1', 'unclaimed'],
    },
    peer: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
    desired: { enum: ['running', 'stopped', 'removed'] },
    next: {
      type: 'object',
      required: ['peer', 'config'],
      additionalProperties: false,
      properties: {
        peer: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
        config: { type: 'string' },
      },
    },
    running: {
      type: 'object',
      required: ['text', 'overlay', 'peer', 'binary', 'files'],
      additionalProperties: false,
      properties: {
        text: { type: 'string' },
        overlay: { type: 'string' },
        peer: { type: 'string' },
        binary: { type: 'string' },
        files: { type: 'object', additionalProperties: { type: 'string' } },
        fallback: { type: 'boolean' },
        unsure: { type: 'boolean' },
        touched: { type: 'array', items: { type: 'string' } },
      },
    },
    process: processRecordSchema,
  },
} as const;
