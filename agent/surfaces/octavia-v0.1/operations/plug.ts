// The rows of routes/plug.ts, described. Bodies are those of every dialect of the amphora API.

import type { Answers, Operations } from '../../../http/operation';
import { doneAnswer, refusalAnswer } from './answers';

const tag = 'Ports';

function refusals(failure: string): Answers {
  return {
    400: refusalAnswer(
      'No JSON object, a member that is missing, or one that cannot be.',
      { message: 'Invalid subnet information', details: 'mtu: must be integer' },
      { message: 'Invalid VIP', details: 'vip: expected the IP address of one interface, got "nonsense"' },
    ),
    404: refusalAnswer('No interface has that MAC.', { message: 'No suitable network interface found' }),
    409: refusalAnswer('It is plugged already.', { message: 'Interface already exists' }),
    500: refusalAnswer(
      'It could not be done; everything is as it was. The details have the words of `ip` or `nft`, or say that no namespace is configured.',
      { message: failure, details: 'no network namespace is configured' },
    ),
  };
}

export const plugOperations: Operations = {
  'POST /v0.1/plug/vip/:ip': {
    id: 'plugV01Vip',
    tag,
    summary: 'Bring the interface with the VIP into use',
    path: {
      ip: { description: 'The VIP, IPv4 or IPv6.', schema: { type: 'string' }, example: '10.0.0.5' },
    },
    body: {
      mediaType: 'application/json',
      description: 'Any content type is taken.',
      schema: { $ref: '#/components/schemas/PlugVip' },
      example: { subnet_cidr: '10.0.0.0/24', gateway: '10.0.0.1', mac_address: 'fa:16:3e:00:00:01' },
    },
    answers: {
      202: doneAnswer('It is plugged.', 'VIP 10.0.0.5 plugged on interface eth1'),
      ...refusals('Error plugging VIP'),
    },
    exampleStatus: 404,
  },
  'POST /v0.1/plug/network': {
    id: 'plugV01Network',
    tag,
    summary: 'Bring the interface of another network into use',
    body: {
      mediaType: 'application/json',
      description: 'Any content type is taken.',
      schema: { $ref: '#/components/schemas/PlugNetwork' },
      example: { mac_address: 'fa:16:3e:00:00:02' },
    },
    answers: {
      202: doneAnswer('It is plugged.', 'Plugged interface eth2'),
      ...refusals('Error plugging Port'),
    },
    exampleStatus: 404,
  },
};
