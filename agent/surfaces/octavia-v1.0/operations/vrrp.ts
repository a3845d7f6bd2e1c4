// The rows of routes/vrrp.ts, described.

import type { Operations } from '../../../http/operation';
import { actionParameter, doneAnswer, refusalAnswer, storedAnswer, unknownAction } from './answers';

const tag = 'VRRP';

export const vrrpOperations: Operations = {
  'PUT /1.0/vrrp/upload': {
    id: 'putV10VrrpConfig',
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
      200: storedAnswer('It is stored.'),
      400: refusalAnswer('keepalived, or what the agent allows, refuses it.', {
        message: 'Invalid request',
        details: '…',
      }),
    },
  },
  'PUT /1.0/vrrp/:action': {
    id: 'putV10VrrpAction',
    tag,
    summary: 'Start, reload or stop keepalived',
    description:
      'A start of what runs is a reload, a stop of what is stopped is 202. A reload of what is stopped, and any action before the first upload, is 500.',
    path: { action: { ...actionParameter, example: 'stop' } },
    answers: {
      202: doneAnswer('It is done.', 'keepalived stoped', 'keepalived started', 'keepalived reloaded'),
      400: unknownAction,
      500: refusalAnswer('It could not be done.', {
        message: 'Failed to start octavia-keepalived service',
        details: 'keepalived has no configuration',
      }),
    },
  },
};
