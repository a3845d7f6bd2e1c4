// The shape of <base>/<id>/operator-state.json. Validated by a precompiled ajv validator whenever it is read.

export const operatorStateSchema = {
  $id: 'operator-state',
  type: 'object',
  required: ['schema', 'worker', 'servers'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    worker: { type: 'integer', minimum: 2 },
    servers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['backend', 'server', 'address', 'configuredWeight', 'isDisabled'],
        additionalProperties: false,
        properties: {
          backend: { type: 'string' },
          server: { type: 'string' },
          address: { type: 'string' },
          configuredWeight: { type: 'integer', minimum: 0, maximum: 256 },
          isDisabled: { type: 'boolean' },
          mode: { enum: ['ready', 'drain', 'maint'] },
          weight: { type: 'integer', minimum: 0, maximum: 256 },
        },
      },
    },
  },
} as const;
