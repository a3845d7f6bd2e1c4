// The shape of a supervised process in what is kept of it: enough to know it again after the agent's end. Part of the
// schemas of states.

export const processRecordSchema = {
  type: 'object',
  required: ['pid', 'startTicks', 'bootId'],
  additionalProperties: false,
  properties: {
    pid: { type: 'integer', minimum: 2 },
    startTicks: { type: 'string', pattern: '^[0-9]{1,20}$' },
    bootId: { type: 'string', pattern: '^[0-9a-f-]{36}$' },
  },
} as const;
