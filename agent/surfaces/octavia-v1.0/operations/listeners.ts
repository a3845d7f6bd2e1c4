// The rows of routes/listeners.ts, described.

import type { Operations } from '../../../http/operation';
import {
  amphoraParameter,
  doneAnswer,
  exampleId,
  exampleUdpListener,
  knownParameter,
  loadBalancerParameter,
  refusalAnswer,
  storedAnswer,
} from './answers';

const lists = 'Load balancers';
const tag = 'UDP listeners';

const exampleConfiguration = `net_namespace amphora-haproxy

virtual_server_group ipv4-group {
    10.0.0.5 53
}

virtual_server group ipv4-group {
    lb_algo wrr
    lb_kind NAT
    protocol UDP
    delay_loop 5

    # Configuration for Pool 20000000-0000-4000-8000-000000000001
    # Configuration for Member 10000000-0000-4000-8000-00000000000a
    real_server 10.0.0.10 53 {
        weight 1
    }
}
`;

export const listenerOperations: Operations = {
  'GET /1.0/listeners': {
    id: 'listV10Listeners',
    tag: lists,
    summary: 'List the listeners',
    description:
      'One for each frontend of the stored configurations of what runs, and every UDP and SCTP listener. Frontends with `prometheus` in their names are left out.',
    answers: {
      200: {
        description: 'All.',
        schema: { $ref: '#/components/schemas/V10Listeners' },
        example: [{ status: 'ACTIVE', uuid: '1c2a9b1e-7f5c-4f6e-8a53-0f0b7c1d2e3f', type: 'HTTP' }],
      },
    },
  },
  'DELETE /1.0/listeners/:id': {
    id: 'deleteV10Listener',
    tag: lists,
    summary: 'Delete a load balancer, or a UDP listener',
    description: '`listeners` is from the time when each was a load balancer of its own.',
    path: {
      id: {
        description: 'The load balancer, or the UDP listener.',
        schema: { type: 'string' },
        example: exampleId,
      },
    },
    answers: {
      200: doneAnswer('It is gone, or was not there.'),
      409: refusalAnswer('Another dialect uploaded it.', {
        message: `load balancer ${exampleId} belongs to octavia-v0.1`,
      }),
      500: refusalAnswer('It could not be stopped.', { message: 'Error stopping haproxy', details: '…' }),
    },
  },
  'PUT /1.0/listeners/:amphora/:listener/udp_listener': {
    id: 'putV10UdpListenerConfig',
    tag,
    summary: 'Upload the configuration of a UDP listener',
    description: 'keepalived checks the text; what runs is not touched.',
    path: {
      amphora: amphoraParameter,
      listener: { ...loadBalancerParameter, description: 'The listener.', example: exampleUdpListener },
    },
    body: {
      mediaType: 'text/plain',
      description:
        'What Octavia’s templates render for keepalived, of at most 100,000 lines and 4 MiB. Any content type is taken, or none.',
      example: exampleConfiguration,
    },
    answers: {
      200: storedAnswer('It is stored.'),
      400: refusalAnswer('keepalived, or what the agent allows, refuses it.', {
        message: 'Invalid request',
        details: '…',
      }),
      409: refusalAnswer('A load balancer has that id.'),
    },
  },
  'GET /1.0/listeners/:listener/udp_listener': {
    id: 'getV10UdpListenerConfig',
    tag,
    summary: 'Read the configuration of a UDP listener',
    path: { listener: { ...knownParameter, description: 'The listener.', example: exampleUdpListener } },
    answers: {
      200: {
        description: 'The last accepted upload.',
        mediaType: 'text/plain',
        example: exampleConfiguration,
      },
      404: refusalAnswer('There is no such UDP listener.', {
        message: 'UDP Listener Not Found',
        details: `No UDP listener with UUID: ${exampleUdpListener}`,
      }),
    },
  },
};
