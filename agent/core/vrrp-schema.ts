// The shape of <base>/vrrp/octavia-keepalived.json. Validated by a precompiled ajv validator whenever it is read.

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
