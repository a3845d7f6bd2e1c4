// The rows of routes/plug.ts, described.

import type { Answers, Operations, Parameter } from '../../../http/operation';
import { badRequest, doneAnswer, refusalAnswer } from './answers';

const tag = 'Ports and rules';

function refusals(failure: string): Answers {
  return {
    404: refusalAnswer('No interface has that MAC.', { details: 'No suitable network interface found' }),
    409: refusalAnswer('It is plugged already.', { message: 'Interface already exists' }),
    500: refusalAnswer(
      'It could not be done; everything is as it was. The details have the words of `ip` or `nft`, or say that no namespace is configured.',
      { message: failure, details: 'no network namespace is configured' },
    ),
  };
}

const vip: Parameter = {
  description: 'The VIP, IPv4 or IPv6.',
  schema: { type: 'string' },
  example: '10.0.0.5',
};

export const plugOperations: Operations = {
  'POST /1.0/plug/vip/:ip': {
    id: 'plugV10Vip',
    tag,
    summary: 'Bring the interface with the VIP into use',
    description:
      'IPv6 addresses are written out in full in `details`. Without `vrrp_ip` these end in `; no address was given for the port itself, and none is asked of DHCP or routers`; host routes that the kernel refuses and addresses that were not announced follow.',
    path: { ip: vip },
    body: {
      mediaType: 'application/json',
      description: '`application/json`, or `+json`; of any other type it is as if it were no JSON.',
      schema: { $ref: '#/components/schemas/PlugVip' },
      example: {
        subnet_cidr: '10.0.0.0/24',
        gateway: '10.0.0.1',
        mac_address: 'fa:16:3e:00:00:01',
        vrrp_ip: '10.0.0.7',
        mtu: 1_450,
      },
    },
    answers: {
      202: doneAnswer('It is plugged.', 'VIPs plugged on interface eth1: 10.0.0.5'),
      400: refusalAnswer(
        'No JSON, or a member that is missing, in the words of the framework; or a member that cannot be.',
        badRequest('Invalid subnet information'),
        { message: 'Invalid subnet information', details: 'mtu: must be integer' },
        { message: 'Invalid VIP: vip: expected the IP address of one interface, got "nonsense"' },
      ),
      ...refusals('Error plugging VIP'),
    },
    exampleStatus: 404,
  },
  'POST /1.0/plug/network': {
    id: 'plugV10Network',
    tag,
    summary: 'Bring the interface of another network into use, or change it',
    description:
      'A request for the port with the VIPs changes that interface. Without `fixed_ips` the `details` end as those of a VIP without `vrrp_ip`.',
    body: {
      mediaType: 'application/json',
      description: '`application/json`, or `+json`; of any other type it is as if it were no JSON.',
      schema: { $ref: '#/components/schemas/PlugNetwork' },
      example: {
        mac_address: 'fa:16:3e:00:00:02',
        fixed_ips: [{ ip_address: '10.0.1.7', subnet_cidr: '10.0.1.0/24' }],
      },
    },
    answers: {
      202: doneAnswer('It is plugged.', 'Plugged on interface eth2', 'Updated existing interface eth2'),
      400: refusalAnswer(
        'No JSON, or a member that is missing, in the words of the framework; or a member that cannot be.',
        badRequest('Invalid port information'),
        { message: 'Invalid network port' },
      ),
      ...refusals('Error plugging network'),
    },
    exampleStatus: 404,
  },
  'PUT /1.0/interface/:ip/rules': {
    id: 'putV10InterfaceRules',
    tag,
    summary: 'Say who may come in by an interface',
    description:
      'Replaces all its rules at once. They take the VIP of a pair also while the other half has it.',
    path: { ip: { ...vip, description: 'An address of a plugged port.' } },
    body: {
      mediaType: 'application/json',
      description: '`application/json`, or `+json`. `[]` admits nobody.',
      schema: { $ref: '#/components/schemas/InterfaceRules' },
      example: [
        { protocol: 'TCP', cidr: '10.0.0.0/8', port: 80 },
        { protocol: 'vrrp', cidr: null, port: 112 },
      ],
    },
    answers: {
      200: doneAnswer('They are in force.'),
      400: refusalAnswer(
        'No address, or no rules.',
        { message: 'Invalid IP address' },
        badRequest('Invalid rules information'),
      ),
      404: refusalAnswer('No plugged port has that address; `lo` is none.', {
        message: 'Error interface not found for IP address',
      }),
      500: refusalAnswer('nft could not set them; the former are in force.'),
    },
    exampleStatus: 404,
  },
};
