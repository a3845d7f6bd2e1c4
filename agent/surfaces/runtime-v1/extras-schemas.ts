// The shapes of the bodies of what goes beyond the document; further members do not matter. Source: contract/runtime.md 6.

const name = { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,255}$' } as const;
const count = { type: 'integer', minimum: 1, maximum: 1_000 } as const;
const checking = { enum: ['enabled', 'disabled'] } as const;

export const waitSchema = {
  $id: 'runtimeWait',
  type: 'object',
  properties: {
    wait: { type: 'boolean' },
    timeout: { type: 'number', minimum: 0.1, maximum: 86_400 },
    then: { enum: ['maint', 'ready'] },
    force: { type: 'boolean' },
  },
} as const;

export const weightSchema = {
  $id: 'runtimeWeight',
  type: 'object',
  required: ['weight'],
  properties: {
    weight: {
      oneOf: [
        { type: 'integer', minimum: 0, maximum: 256 },
        { type: 'string', pattern: '^(?:(?:\\d{1,2}|100)%|\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-6])$' },
      ],
    },
  },
} as const;

export const healthSchema = {
  $id: 'runtimeHealth',
  type: 'object',
  properties: { check: checking, agent: checking, force: { enum: ['up', 'down', 'stopping'] } },
} as const;

export const bulkSchema = {
  $id: 'runtimeBulk',
  type: 'object',
  required: ['servers'],
  properties: {
    servers: {
      oneOf: [{ const: '*' }, { type: 'array', minItems: 1, maxItems: 4_096, items: { type: 'string' } }],
    },
  },
} as const;

export const additionSchema = {
  $id: 'runtimeAddition',
  type: 'object',
  required: ['name', 'address', 'port'],
  properties: {
    name,
    address: { type: 'string', maxLength: 45 },
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    check: { type: 'boolean' },
    weight: { type: 'integer', minimum: 0, maximum: 256 },
    maxconn: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
    backup: { type: 'boolean' },
    inter: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
    fall: count,
    rise: count,
    persist: { type: 'boolean' },
  },
} as const;
