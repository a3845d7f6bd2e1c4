// The document of GET /status and of `amphorad status --json`: model/status.ts as a schema. A command holds what an
// agent of another version says against it before it shows it; what is added later is let through.

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const secondsOrNull = { type: ['number', 'null'] } as const;
const texts = { type: 'array', items: text } as const;

function object<P extends Readonly<Record<string, object>>>(properties: P) {
  return { type: 'object', required: Object.keys(properties), properties } as const;
}

function list<S extends object>(items: S) {
  return { type: 'array', items } as const;
}

const member = object({ id: text, address: text, state: textOrNull, sessions: countOrNull });

const loadBalancer = object({
  id: text,
  state: { enum: ['running', 'stopped', 'error'] },
  owner: textOrNull,
  desired: { enum: ['running', 'stopped', 'removed', null] },
  pid: countOrNull,
  uptimeS: countOrNull,
  reloads: countOrNull,
  isOlder: flag,
  oldWorkers: list(object({ pid: count, ageS: count, sessions: countOrNull })),
  listeners: list(
    object({ id: text, type: text, addresses: texts, state: textOrNull, sessions: countOrNull }),
  ),
  pools: list(object({ id: text, state: textOrNull, sessions: countOrNull, members: list(member) })),
});

export const amphoraStatusSchema = {
  $id: 'amphora-status',
  ...object({
    agent: object({
      version: text,
      pid: count,
      amphoraId: text,
      hostname: text,
      stage: { enum: ['starting', 'running', 'stopping'] },
      startedAt: { type: 'string', format: 'date-time' },
      uptimeS: count,
    }),
    topology: object({
      topology: { enum: ['SINGLE', 'ACTIVE-STANDBY', 'ACTIVE-ACTIVE'] },
      isActive: flag,
      inTransition: flag,
      vrrp: { enum: ['MASTER', 'BACKUP', 'FAULT', null] },
      haIp: text,
    }),
    heartbeats: object({
      intervalS: { type: 'number' },
      withheld: flag,
      controllers: list(object({ name: text, sent: count, lastSentS: secondsOrNull, error: textOrNull })),
    }),
    loadBalancers: list(loadBalancer),
    udpListeners: list(
      object({
        id: text,
        type: text,
        isRunning: flag,
        addresses: texts,
        state: textOrNull,
        members: list(member),
      }),
    ),
    interfaces: list(object({ name: text, mac: text, vips: texts, addresses: texts })),
    findings: object({ errors: count, warnings: count }),
  }),
} as const;
