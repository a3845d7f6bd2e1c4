// The shape of <base>/lvs/octavia-keepalivedlvs-<id>.json. Validated by a precompiled ajv validator whenever it is read.

import { processRecordSchema } from './process-record-schema';

export const lvsStateSchemaNumber = 1;

export const lvsStateSchema = {
  $id: 'lvsState',
  type: 'object',
  required: ['schema', 'desired'],
  additionalProperties: false,
  properties: {
    schema: { const: lvsStateSchemaNumber },
    desired: { enum: ['running', 'stopped', 'removed'] },
    unsure: { const: true },
    process: processRecordSchema,
  },
} as const;
