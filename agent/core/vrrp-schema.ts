// The shape of <base>/vrrp/octavia-keepalived.json. Validated by a precompiled ajv validator whenever it is read.

import { processRecordSchema } from './process-record-schema';

export const vrrpStateSchemaNumber = 1;

export const vrrpStateSchema = {
  $id: 'vrrpState',
  type: 'object',
  required: ['schema', 'desired', 'origin'],
  additionalProperties: false,
  properties: {
    schema: { const: vrrpStateSchemaNumber },
    desired: { enum: ['running', 'stopped'] },
    origin: { enum: ['uploaded', 'generated'] },
    unsure: { const: true },
    process: processRecordSchema,
  },
} as const;
