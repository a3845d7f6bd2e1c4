// What v0.1's answers look like. Source: contract/amphora-v0.1.md "Info and details", "Listeners", "Topology".

import type { Schema } from '../../../http/operation';

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const integer: Schema = { type: 'integer' };

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, additionalProperties: false, properties };
}

const saying = (schema: Schema, description: string): Schema => ({ ...schema, description });

const info = {
  hostname: text,
  uuid: saying(text, 'The id of the amphora.'),
  haproxy_version: text,
  api_version: { const: '0.1' },
};

const rates = object({ network_tx: number, network_rx: number });
const topology: Schema = { enum: ['SINGLE', 'ACTIVE-STANDBY', 'ACTIVE-ACTIVE'] };

const details = object(
  {
    ...info,
    networks: {
      description: 'Bytes per second over the last 30 s, by interface; `lo` is left out.',
      type: 'object',
      additionalProperties: rates,
    },
    active: saying({ type: 'boolean' }, 'This amphora has the VIP.'),
    haproxy_count: saying(integer, 'Process groups that run.'),
    cpu: saying(
      object({ total: number, user: number, system: number, soft_irq: number }),
      'Fractions since the previous sample.',
    ),
    memory: saying(
      object({
        total: integer,
        free: integer,
        available: integer,
        buffers: integer,
        cached: integer,
        swap_used: integer,
        shared: integer,
        slab: integer,
        committed_as: integer,
      }),
      'In kB.',
    ),
    disk: saying(object({ used: integer, available: integer }), 'Of the root file system, in kB.'),
    load: { type: 'array', items: number, minItems: 3, maxItems: 3 },
    topology,
    topology_status: saying(
      { enum: ['OK', 'TOPOLOGY-CHANGE'] },
      '`TOPOLOGY-CHANGE` while a transition lasts.',
    ),
    topology_error: saying(text, 'Why the last transition failed.'),
    topology_note: saying(
      text,
      'In a pair: `the secret is no security: VRRP sends what is made of it in the clear`.',
    ),
    listeners: saying({ type: 'array', items: text }, 'Their UUIDs, running or not.'),
    packages: {
      type: 'array',
      items: { type: 'object', additionalProperties: text, minProperties: 1, maxProperties: 1 },
    },
  },
  ['topology_error', 'topology_note'],
);

const listener = {
  status: saying(
    { enum: ['ACTIVE', 'STOPPED', 'ERROR'] },
    '`ACTIVE`: its haproxy lives, and has answered within `hang_timeout`. `STOPPED`: not meant to run. `ERROR`: meant to run and does not, or does not answer, or its files cannot be trusted.',
  ),
  uuid: text,
  type: { enum: ['TERMINATED_HTTPS', 'HTTP', 'TCP'] },
};

const pool = object({
  uuid: saying(text, 'The name of the backend.'),
  status: { enum: ['UP', 'DEGRADED', 'DOWN'] },
  members: saying(
    { type: 'array', items: { type: 'object', additionalProperties: { enum: ['UP', 'DOWN'] } } },
    'Servers, by name.',
  ),
});

export const schemas: Readonly<Record<string, Schema>> = {
  V01Done: object({ message: { const: 'OK' }, details: text }, ['details']),
  V01Refusal: object({ message: text, details: text }, ['details']),
  V01Info: object(info),
  V01Details: details,
  V01Topology: object({
    hostname: text,
    uuid: text,
    topology,
    role: saying({ enum: ['ACTIVE', 'STANDBY'] }, 'In a pair what keepalived reports: `ACTIVE` for MASTER.'),
    ha_ip: saying(text, 'The VIP that moves; empty unless ACTIVE-STANDBY.'),
  }),
  V01Interface: object({ message: { const: 'OK' }, interface: text }),
  V01Listener: object(listener),
  V01ListenerWithPools: object({ ...listener, pools: { type: 'array', items: pool } }),
  V01Md5: object({ md5sum: { type: 'string', pattern: '^[0-9a-f]{32}$' } }),
};
