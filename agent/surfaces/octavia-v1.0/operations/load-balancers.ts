// The rows of routes/load-balancers.ts, described.

import { appliedHeaderText } from '../../../http/applied';
import type { Operations } from '../../../http/operation';
import {
  actionParameter,
  amphoraParameter,
  doneAnswer,
  exampleId as id,
  knownParameter,
  loadBalancerParameter,
  refusalAnswer,
  storedAnswer,
  unknownAction,
} from './answers';

const tag = 'Load balancers';

const exampleConfiguration = `# Configuration for loadbalancer ${id}
global
    daemon
    group nogroup

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend 1c2a9b1e-7f5c-4f6e-8a53-0f0b7c1d2e3f
    bind 127.0.0.1:8080
    default_backend web:1c2a9b1e-7f5c-4f6e-8a53-0f0b7c1d2e3f

backend web:1c2a9b1e-7f5c-4f6e-8a53-0f0b7c1d2e3f
    server member-one 127.0.0.1:8081
`;

const notFound = refusalAnswer('There is no such load balancer.', {
  message: 'Loadbalancer Not Found',
  details: `No loadbalancer with UUID: ${id}`,
});

export const loadBalancerOperations: Operations = {
  'PUT /1.0/loadbalancer/:amphora/:lb/haproxy': {
    id: 'putV10LoadBalancerConfig',
    tag,
    summary: 'Upload the configuration of a load balancer',
    description:
      'haproxy checks the text; a running process is not touched. `group` lines of `global` are taken out first: the agent supplies the group. haproxy’s peer name (`-L`) is Octavia’s: the base64 of the SHA-1 of the amphora’s id, `+` as `_`, `/` as `-`, a `-` in front as `x`, without `=`.',
    path: { amphora: amphoraParameter, lb: loadBalancerParameter },
    body: {
      mediaType: 'text/plain',
      description: 'A haproxy configuration. Any content type is taken, or none.',
      example: exampleConfiguration,
    },
    answers: {
      202: storedAnswer('It is stored.'),
      400: refusalAnswer('haproxy, or what the agent allows, refuses it; or an id cannot be one.', {
        message: 'Invalid request',
        details: "… parsing […/haproxy.cfg.candidate:3] : unknown keyword 'mod' in 'frontend' section …",
      }),
      409: refusalAnswer('Another dialect uploaded it first, or there are too many.', {
        message: `load balancer ${id} belongs to octavia-v0.1`,
      }),
    },
  },
  'GET /1.0/loadbalancer/:lb/haproxy': {
    id: 'getV10LoadBalancerConfig',
    tag,
    summary: 'Read the configuration of a load balancer',
    path: { lb: knownParameter },
    answers: {
      200: {
        description: 'The last accepted upload, without its `group` lines.',
        mediaType: 'text/plain',
        example: exampleConfiguration.replace('    group nogroup\n', ''),
        headers: { ETag: 'The MD5 of what is stored, without quotes.' },
      },
      404: notFound,
    },
  },
  'PUT /1.0/loadbalancer/:id/:action': {
    id: 'putV10LoadBalancerAction',
    tag,
    summary: 'Start, reload or stop a load balancer, or a UDP listener',
    description:
      'A reload of what does not run starts it. A UDP listener is named by its own id. `Listener` and `stoped` are Octavia’s words.',
    path: {
      id: { ...knownParameter, description: 'The load balancer, or the UDP listener.' },
      action: actionParameter,
    },
    answers: {
      202: {
        ...doneAnswer(
          'It is done.',
          `Configuration file is valid\nhaproxy daemon for ${id} started`,
          `Listener ${id} reloaded`,
          `Listener ${id} stoped`,
          'keepalivedlvs listener 0a5d7a0e-33b1-4bb2-9d2c-6f6f1f0b7c11 started',
          'keepalivedlvs listener 0a5d7a0e-33b1-4bb2-9d2c-6f6f1f0b7c11 restarted',
          'keepalivedlvs listener 0a5d7a0e-33b1-4bb2-9d2c-6f6f1f0b7c11 stoped',
        ),
        headers: appliedHeaderText,
      },
      400: unknownAction,
      404: notFound,
      500: refusalAnswer('It could not be done.', { message: 'Error reloading haproxy', details: '…' }),
    },
  },
};
