// The shape of <base>/lvs/octavia-keepalivedlvs-<id>.json. Validated by a precompiled ajv validator whenever it is read.

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
    process: {
      type: 'object',
      required: ['pid', 'startTicks', 'bootId'],
      additionalProperties: false,
      properties: {
        pid: { type: 'integer', minimum: 2 },
        startTicks: { type: 'string', pattern: '^[0-9]{1,20}$' },
        bootId: { type: 'string', pattern: '^[0-9a-f-]{36}$' },
      },
    },
  },
} as const;
