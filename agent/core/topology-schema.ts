// The shape of <base>/vrrp/topology.json. Validated by a precompiled ajv validator whenever it is read.

export const topologySchemaNumber = 1;

const address = { type: 'string', pattern: '^[0-9a-f.:]{2,45}$' } as const;

const alone = {
  type: 'object',
  required: ['topology'],
  additionalProperties: false,
  properties: { topology: { enum: ['SINGLE', 'ACTIVE-ACTIVE'] } },
} as const;

const pair = {
  type: 'object',
  required: ['topology', 'role', 'haIp', 'secret'],
  additionalProperties: false,
  properties: {
    topology: { const: 'ACTIVE-STANDBY' },
    role: { enum: ['ACTIVE', 'STANDBY'] },
    haIp: address,
    secret: { type: 'string', minLength: 1, maxLength: 255 },
    virtualRouterId: { type: 'integer', minimum: 1, maximum: 255 },
    priority: { type: 'integer', minimum: 1, maximum: 254 },
    advertIntervalS: { type: 'number', minimum: 0.1, maximum: 40 },
    peers: { type: 'array', minItems: 1, items: address },
    interface: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$' },
  },
} as const;

const held = {
  type: 'object',
  required: ['ip', 'prefixLength', 'interfaceName'],
  additionalProperties: false,
  properties: {
    ip: address,
    prefixLength: { type: 'integer', minimum: 0, maximum: 128 },
    interfaceName: { type: 'string', pattern: '^[^/\\s]{1,15}$' },
  },
} as const;

const wanted = { oneOf: [alone, pair] } as const;

export const topologySchema = {
  $id: 'topology',
  type: 'object',
  required: ['schema'],
  additionalProperties: false,
  properties: {
    schema: { const: topologySchemaNumber },
    settled: wanted,
    next: wanted,
    held: { type: 'array', items: held },
    error: { type: 'string' },
  },
} as const;
