// What 1.0's answers look like. Source: contract/octavia-1.0.md "Endpoints", "details".

import type { Schema } from '../../../http/operation';

const text: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const digits: Schema = { type: 'string', pattern: '^[0-9]+$' };

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, additionalProperties: false, properties };
}

const saying = (schema: Schema, description: string): Schema => ({ ...schema, description });

const names = { hostname: text, haproxy_version: text, api_version: { const: '1.0' } };
const versions = {
  keepalived_version: saying(text, 'Of the package; empty for one that is not installed.'),
  ipvsadm_version: saying(text, 'Of the package; empty for one that is not installed.'),
};

const details = object({
  ...names,
  networks: {
    description: 'Bytes in all, by interface, `eth*` only.',
    type: 'object',
    additionalProperties: object({ network_tx: integer, network_rx: integer }),
  },
  active: saying({ const: true }, 'Always the same.'),
  haproxy_count: saying(integer, 'Process groups that run.'),
  cpu_count: integer,
  cpu: saying(
    object({ total: integer, user: digits, system: digits, soft_irq: digits }),
    'Jiffies since boot.',
  ),
  memory: saying(
    object({
      total: integer,
      free: integer,
      buffers: integer,
      cached: integer,
      swap_used: integer,
      shared: integer,
      slab: integer,
    }),
    'In kB.',
  ),
  disk: saying(object({ used: integer, available: integer }), 'Of the root file system, in bytes.'),
  load: {
    type: 'array',
    items: { type: 'string', pattern: '^[0-9]+\\.[0-9]{2}$' },
    minItems: 3,
    maxItems: 3,
  },
  active_tuned_profiles: saying({ const: '' }, 'Always the same.'),
  topology: saying({ const: 'SINGLE' }, 'Always the same.'),
  topology_status: saying({ const: 'OK' }, 'Always the same.'),
  listeners: { type: 'array', items: text },
  packages: saying({ type: 'object' }, 'Always empty.'),
  lvs_listener_process_count: integer,
  ...versions,
});

export const schemas: Readonly<Record<string, Schema>> = {
  V10Done: object({ message: { const: 'OK' }, details: text }, ['details']),
  V10Refusal: {
    description:
      '`message` and `details` where the agent refuses, `error` and `http_code` in the words of the framework that Octavia’s own agent stands on.',
    anyOf: [
      object({ message: text, details: text }, ['message', 'details']),
      object({ error: text, http_code: integer }),
    ],
  },
  V10Version: object({ api_version: { const: '1.0' } }),
  V10Info: object({ ...names, ...versions }),
  V10Details: details,
  V10Interface: object({ message: { const: 'OK' }, interface: text }),
  V10Listeners: {
    type: 'array',
    items: object({
      status: saying(
        { enum: ['ACTIVE', 'OFFLINE'] },
        'UDP and SCTP listeners are `OFFLINE` while they do not run.',
      ),
      uuid: text,
      type: { enum: ['HTTP', 'TCP', 'TERMINATED_HTTPS', 'UDP', 'SCTP'] },
    }),
  },
  V10Md5: object({ md5sum: { type: 'string', pattern: '^[0-9a-f]{32}$' } }),
};
