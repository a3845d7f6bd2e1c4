// The shape of <base>/<id>/runtime-servers.json. Validated by a precompiled ajv validator whenever it is read.

const name = { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,255}$' } as const;

export const addedServersSchemaNumber = 1;

export const addedServersSchema = {
  $id: 'runtime-servers',
  type: 'object',
  required: ['schema', 'servers'],
  additionalProperties: false,
  properties: {
    schema: { const: addedServersSchemaNumber },
    leftOut: { type: 'string' },
    servers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['backend', 'name', 'address', 'port', 'check'],
        additionalProperties: false,
        properties: {
          backend: name,
          name,
          address: { type: 'string', pattern: '^[0-9A-Fa-f.:]{2,45}$' },
          port: { type: 'integer', minimum: 1, maximum: 65_535 },
          check: { type: 'boolean' },
          weight: { type: 'integer', minimum: 0, maximum: 256 },
          maxConnections: { type: 'integer', minimum: 0 },
          backup: { type: 'boolean' },
          checkIntervalMs: { type: 'integer', minimum: 1 },
          fall: { type: 'integer', minimum: 1 },
          rise: { type: 'integer', minimum: 1 },
        },
      },
    },
  },
} as const;
