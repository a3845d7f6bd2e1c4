// The rows of routes/amphora.ts, described.

import type { Operations } from '../../../http/operation';
import { doneAnswer, refusalAnswer } from './answers';

const tag = 'The amphora';

const exampleInfo = {
  hostname: 'vm',
  haproxy_version: '2.6.12-1+deb12u4',
  api_version: '1.0',
  keepalived_version: '1:2.2.7-1+b2',
  ipvsadm_version: '',
};

export const amphoraOperations: Operations = {
  'GET /': {
    id: 'getV10Version',
    tag,
    summary: 'Tell the version of the API',
    answers: {
      200: {
        description: 'The version by which a controller chooses how it speaks.',
        schema: { $ref: '#/components/schemas/V10Version' },
        example: { api_version: '1.0' },
      },
    },
  },
  'GET /1.0/info': {
    id: 'getV10Info',
    tag,
    summary: 'Tell who the amphora is',
    answers: {
      200: {
        description: 'Its name, and the versions of packages.',
        schema: { $ref: '#/components/schemas/V10Info' },
        example: exampleInfo,
      },
    },
  },
  'GET /1.0/details': {
    id: 'getV10Details',
    tag,
    summary: 'Tell how the amphora is',
    answers: {
      200: {
        description: 'How it is.',
        schema: { $ref: '#/components/schemas/V10Details' },
        example: {
          ...exampleInfo,
          networks: { eth1: { network_tx: 3_300_138, network_rx: 982_001 } },
          active: true,
          haproxy_count: 1,
          cpu_count: 2,
          cpu: { total: 5_038_100, user: '252551', system: '239081', soft_irq: '2041' },
          memory: {
            total: 8_131_140,
            free: 3_011_096,
            buffers: 201_232,
            cached: 3_204_880,
            swap_used: 0,
            shared: 10_344,
            slab: 280_112,
          },
          disk: { used: 23_939_567_616, available: 85_004_726_272 },
          load: ['0.12', '0.20', '0.18'],
          active_tuned_profiles: '',
          topology: 'SINGLE',
          topology_status: 'OK',
          listeners: ['8f0d4f5e-2f5c-4a39-9a0e-5f1f8cf1c0de'],
          packages: {},
          lvs_listener_process_count: 0,
        },
      },
    },
  },
  'GET /1.0/interface/:ip': {
    id: 'getV10Interface',
    tag,
    summary: 'Find the interface that carries an address',
    path: {
      ip: {
        description: "An IPv4 or IPv6 address, in the amphora's namespace.",
        schema: { type: 'string' },
        example: '127.0.0.1',
      },
    },
    answers: {
      200: {
        description: 'Its name.',
        schema: { $ref: '#/components/schemas/V10Interface' },
        example: { message: 'OK', interface: 'lo' },
      },
      400: refusalAnswer('That is no address.', { message: 'Invalid IP address' }),
      404: refusalAnswer('No interface has it.', { message: 'Error interface not found for IP address' }),
    },
  },
  'PUT /1.0/certificate': {
    id: 'putV10Certificate',
    tag,
    summary: 'Replace the certificate of the agent itself',
    description:
      'Key, certificate and chain in one PEM text, looked at as in v0.1. New connections get the new one at once; a refused one leaves the old in service.',
    body: {
      mediaType: 'application/x-pem-file',
      description: 'Any content type is taken, or none.',
      example:
        '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n',
    },
    answers: {
      202: doneAnswer('It serves.'),
      400: refusalAnswer('It cannot serve.', {
        message: 'No certificate found',
        details: 'expected at least one PEM block of kind CERTIFICATE',
      }),
    },
  },
  'PUT /1.0/config': {
    id: 'putV10Config',
    tag,
    summary: 'Replace agent.conf',
    body: {
      mediaType: 'text/plain',
      description: 'The whole file. Any content type is taken, or none.',
      example: '[amphora_agent]\namphora_id = 3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01\n',
    },
    answers: {
      202: doneAnswer('It is stored, and what can be followed is.'),
      400: refusalAnswer('The agent could not start with it.', {
        message: 'Unable to update amphora-agent configuration.',
        details: '…',
      }),
      500: refusalAnswer('It could not be stored.', {
        message: 'Unable to update amphora-agent configuration.',
        details: '…',
      }),
    },
  },
};
