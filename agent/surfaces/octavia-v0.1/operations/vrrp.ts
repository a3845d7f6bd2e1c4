// The rows of routes/vrrp.ts, described. What a topology may be is held against its reader by a test.

import type { Operations, Schema } from '../../../http/operation';
import { doneAnswer, noSpace, refusalAnswer, tooLarge } from './answers';

const tag = 'VRRP and topology';

// Clients send back what they were shown, where what is not given is empty.
const orNothing = (schema: Schema, description: string): Schema => ({
  description,
  anyOf: [schema, { enum: ['', null] }],
});

const address: Schema = {
  anyOf: [
    { type: 'string', format: 'ipv4' },
    { type: 'string', format: 'ipv6' },
  ],
};
const role: Schema = { enum: ['ACTIVE', 'STANDBY'] };
const secret: Schema = { type: 'string', minLength: 1, maxLength: 255 };

const options: Readonly<Record<string, Schema>> = {
  virtual_router_id: orNothing(
    { type: 'integer', minimum: 1, maximum: 255 },
    'Derived from `ha_ip` unless given.',
  ),
  priority: orNothing(
    { type: 'integer', minimum: 1, maximum: 254 },
    '100 for ACTIVE and 90 for STANDBY unless given; with advertisements under 1 s 150 and 100.',
  ),
  advert_interval: orNothing(
    { type: 'number', minimum: 0.1, maximum: 40 },
    'Seconds, 1 unless given. Below 1 it is VRRP version 3.',
  ),
  peers: orNothing(
    { type: 'array', minItems: 1, maxItems: 16, uniqueItems: true, items: address },
    'Addresses of the other half, of the family of `ha_ip`: unicast. Without it multicast.',
  ),
  interface: orNothing(
    { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$' },
    'Where no plugged VIP and no subnet says it.',
  ),
};

export const topologyRequestSchema: Schema = {
  anyOf: [
    {
      type: 'object',
      required: ['topology'],
      properties: {
        topology: { enum: ['SINGLE', 'ACTIVE-ACTIVE'] },
        role: orNothing(role, 'Without effect.'),
        ha_ip: orNothing(address, 'Without effect.'),
        secret: orNothing(secret, 'Without effect.'),
        ...options,
      },
    },
    {
      type: 'object',
      required: ['topology', 'role', 'ha_ip', 'secret'],
      properties: {
        topology: { const: 'ACTIVE-STANDBY' },
        role: { ...role, description: 'Who wins when both start; nobody takes the VIP back.' },
        ha_ip: { ...address, description: 'The VIP that moves; blanks around it do not matter.' },
        secret: {
          ...secret,
          description:
            'At most 255 bytes in UTF-8, of which both halves derive the password. No security: VRRP sends what is made of it in the clear.',
        },
        ...options,
      },
    },
  ],
};

export const vrrpOperations: Operations = {
  'POST /v0.1/topology': {
    id: 'postV01Topology',
    tag,
    summary: 'Make the amphora half of a pair, or single',
    description:
      'While a transition lasts every call that would change something is 503; GETs go on. All that is wrong in a body is told, not just the first; no fault repeats the secret.',
    body: {
      mediaType: 'application/json',
      description: 'Any content type is taken.',
      schema: { $ref: '#/components/schemas/V01TopologyRequest' },
      example: { topology: 'SINGLE' },
    },
    answers: {
      200: doneAnswer('Nothing had to be changed.'),
      202: doneAnswer('A transition began.'),
      400: refusalAnswer(
        'The body is wrong, or does not fit the machine.',
        {
          message: 'Invalid request',
          details: 'Unknown topology: BAD_TEST_DATA; role: expected ACTIVE or STANDBY, got "X"',
        },
        {
          message: 'Invalid request',
          details:
            'ha_ip: 10.0.9.5: no interface has it, or a subnet with it: plug the VIP, or name an interface',
        },
      ),
    },
  },
  'PUT /v0.1/vrrp/upload': {
    id: 'putV01VrrpConfig',
    tag,
    summary: 'Upload the configuration of keepalived',
    description: 'keepalived checks the text; a running one is not touched.',
    body: {
      mediaType: 'text/plain',
      description:
        'What Octavia’s templates render: no `include`, no definitions, no conditions, no scripts but ours. Any content type is taken, or none.',
      example: `vrrp_instance pair {
    state BACKUP
    interface eth1
    virtual_router_id 9
    priority 90
    virtual_ipaddress {
        192.168.50.10/24 dev eth1
    }
}
`,
    },
    answers: {
      200: doneAnswer('It is stored.'),
      400: refusalAnswer('keepalived, or what the agent allows, refuses it.', {
        message: 'Failed to upload keepalived configuration.',
        details: 'line 1: "x": not allowed in a configuration that is uploaded…',
      }),
      413: tooLarge,
      500: refusalAnswer('It could not be stored.', {
        message: 'Failed to upload keepalived configuration.',
        details: '…',
      }),
      507: noSpace,
    },
  },
  'PUT /v0.1/vrrp/:action': {
    id: 'putV01VrrpAction',
    tag,
    summary: 'Start, reload or stop keepalived',
    description:
      'A start of what runs is a reload; a stop of what is stopped is 202, a reload of it 500. Any action before there is a configuration is 500.',
    path: {
      action: {
        description: 'What is to be done.',
        schema: { enum: ['start', 'reload', 'stop'] },
        example: 'stop',
      },
    },
    answers: {
      202: doneAnswer('It is done.', 'keepalived stopped', 'keepalived started', 'keepalived reloaded'),
      400: refusalAnswer('Unknown action.', {
        message: 'Invalid Request',
        details: 'Unknown action: restart',
      }),
      500: refusalAnswer('It could not be done.', {
        message: 'Failed to start keepalived service: keepalived has no configuration',
        details: 'keepalived has no configuration',
      }),
    },
  },
};
