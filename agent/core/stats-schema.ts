// The shape of <base>/stats_counters.json. Validated by a precompiled ajv validator when it is read.

const figures = {
  type: 'array',
  items: { type: 'number', minimum: 0 },
  minItems: 4,
  maxItems: 4,
} as const;
const byListener = { type: 'object', additionalProperties: figures } as const;

export const statsSchema = {
  $id: 'stats-counters',
  type: 'object',
  required: ['schema', 'bootId', 'sinceTicks', 'reported', 'totals', 'workers'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    bootId: { type: 'string' },
    sinceTicks: { type: 'string', pattern: '^[0-9]{1,20}$' },
    reported: byListener,
    totals: { type: 'object', additionalProperties: byListener },
    workers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pid', 'startTicks', 'loadBalancer', 'listeners'],
        additionalProperties: false,
        properties: {
          pid: { type: 'integer', minimum: 2 },
          startTicks: { type: 'string', pattern: '^[0-9]{1,20}$' },
          loadBalancer: { type: 'string' },
          listeners: byListener,
        },
      },
    },
  },
} as const;
