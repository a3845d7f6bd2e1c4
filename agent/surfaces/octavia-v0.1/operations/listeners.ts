// The rows of routes/listeners.ts, described.

import { appliedHeaderText } from '../../../http/applied';
import type { Operations } from '../../../http/operation';
import {
  amphoraParameter,
  doneAnswer,
  exampleListener as id,
  listenerNotFound,
  listenerParameter,
  noSpace,
  refusalAnswer,
  tooLarge,
} from './answers';

const tag = 'Listeners';

const exampleConfiguration = `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend ${id}
    bind 127.0.0.1:8080
    default_backend walk-through-pool

backend walk-through-pool
    server member-one 127.0.0.1:8081 check
    server member-two 127.0.0.1:8082 check
`;

export const listenerOperations: Operations = {
  'GET /v0.1/listeners': {
    id: 'listV01Listeners',
    tag,
    summary: 'List the listeners',
    description: 'Only those whose id is a UUID in lower case: other dialects know other ids.',
    answers: {
      200: {
        description: 'All, in the order of their ids.',
        schema: { type: 'array', items: { $ref: '#/components/schemas/V01Listener' } },
        example: [{ status: 'ACTIVE', uuid: id, type: 'HTTP' }],
      },
    },
  },
  'GET /v0.1/listeners/:listener': {
    id: 'getV01Listener',
    tag,
    summary: 'Tell the state of a listener and of its pools',
    description: 'Pools are the backends of its configuration, members their servers, by name.',
    path: { listener: listenerParameter },
    answers: {
      200: {
        description: 'Its state; no pools while its haproxy does not answer.',
        schema: { $ref: '#/components/schemas/V01ListenerWithPools' },
        example: {
          status: 'ACTIVE',
          uuid: id,
          type: 'HTTP',
          pools: [
            {
              uuid: 'walk-through-pool',
              status: 'DEGRADED',
              members: [{ 'member-one': 'UP' }, { 'member-two': 'DOWN' }],
            },
          ],
        },
      },
      404: listenerNotFound,
    },
  },
  'DELETE /v0.1/listeners/:listener': {
    id: 'deleteV01Listener',
    tag,
    summary: 'Delete a listener',
    description: 'Stops its process and removes all its files.',
    path: { listener: listenerParameter },
    answers: {
      200: doneAnswer('It is gone.'),
      404: listenerNotFound,
      409: refusalAnswer('Another dialect uploaded it.', {
        message: `load balancer ${id} belongs to octavia-v1.0`,
      }),
      500: refusalAnswer('Its process could not be stopped.', {
        message: 'Error stopping haproxy',
        details: '…',
      }),
    },
  },
  'GET /v0.1/listeners/:listener/haproxy': {
    id: 'getV01ListenerConfig',
    tag,
    summary: 'Read the configuration of a listener',
    path: { listener: listenerParameter },
    answers: {
      200: {
        description: 'The last accepted upload, byte by byte.',
        mediaType: 'text/plain',
        example: exampleConfiguration,
      },
      404: listenerNotFound,
    },
  },
  'PUT /v0.1/listeners/:amphora_id/:listener/haproxy': {
    id: 'putV01ListenerConfig',
    tag,
    summary: 'Upload the configuration of a listener',
    description:
      'haproxy checks the text; a running process is not touched. A refused upload leaves what was there. The amphora’s id becomes haproxy’s peer name (`-L`) at its next start; a reload does not change it.',
    path: { amphora_id: amphoraParameter, listener: listenerParameter },
    body: {
      mediaType: 'text/plain',
      description: 'A haproxy configuration. Any content type is taken, or none.',
      example: exampleConfiguration,
    },
    answers: {
      201: doneAnswer('It is stored.'),
      400: refusalAnswer(
        'haproxy, or what the agent allows, refuses it.',
        {
          message: 'Invalid request',
          details:
            "… parsing […/haproxy.cfg.candidate:3] : unknown keyword 'mod' in 'frontend' section; did you mean 'mode' maybe ? …",
        },
        { message: 'Invalid request', details: 'configuration: expected UTF-8 text' },
        { message: 'Invalid request', details: 'line 12: at most 65535 addresses and ports in all' },
      ),
      409: refusalAnswer(
        'Another dialect uploaded it first, or there are too many.',
        { message: 'Too many load balancers', details: 'at most 1024 are kept' },
        { message: `load balancer ${id} belongs to octavia-v1.0` },
      ),
      413: tooLarge,
      507: noSpace,
    },
  },
  'PUT /v0.1/listeners/:listener/:action': {
    id: 'putV01ListenerAction',
    tag,
    summary: 'Start, reload or stop a listener',
    description:
      '202 means that it serves, or is gone. A reload of what does not run starts it. A start of what runs (or hangs), and a stop of what is stopped, change nothing and are 202. After a failed start nothing runs; after a failed reload the old worker goes on. Another peer name is refused only where the configuration has `peers`.',
    path: {
      listener: listenerParameter,
      action: {
        description: 'What is to be done.',
        schema: { enum: ['start', 'reload', 'stop'] },
        example: 'start',
      },
    },
    answers: {
      202: {
        ...doneAnswer(
          'It is done.',
          `Configuration file is valid\nhaproxy daemon for ${id} started (pid 1713)`,
          `Listener ${id} reloaded`,
          `Listener ${id} stopped`,
        ),
        headers: appliedHeaderText,
      },
      400: refusalAnswer('Unknown action, or no UUID.', {
        message: 'Invalid Request',
        details: 'Unknown action: restart',
      }),
      404: listenerNotFound,
      500: refusalAnswer(
        'It could not be done.',
        {
          message: 'Error starting haproxy',
          details: '… cannot bind socket (Cannot assign requested address) for [203.0.113.9:80] …',
        },
        {
          message: 'Error reloading haproxy',
          details:
            'haproxy runs with the peer name "…", which a reload does not change to "…": stop it and start it',
        },
      ),
      507: noSpace,
    },
  },
};
