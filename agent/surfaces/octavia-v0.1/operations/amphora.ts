// The rows of routes/amphora.ts, described.

import type { Operation, Operations } from '../../../http/operation';
import { refusalAnswer, tooLarge } from './answers';

const tag = 'The amphora';

const exampleInfo = {
  hostname: 'vm',
  uuid: 'c4ef7365-0b08-4500-91ec-0e6cf543040c',
  haproxy_version: '2.6.12-1+deb12u4',
  api_version: '0.1',
};

function info(id: string, summary: string): Operation {
  return {
    id,
    tag,
    summary,
    answers: {
      200: {
        description: 'Who it is.',
        schema: { $ref: '#/components/schemas/V01Info' },
        example: exampleInfo,
      },
    },
  };
}

/** The same call under the two names that controllers use. */
function rotation(id: string): Operation {
  return {
    id,
    tag,
    summary: 'Replace the certificate of the agent itself',
    description:
      'Key, certificate and chain in one PEM text. New connections get the new one at once. What is wrong is looked for in the order of the messages below; a refused certificate leaves the old one in service.',
    body: {
      mediaType: 'application/x-pem-file',
      description: 'Key, certificate and chain. Any content type is taken, or none.',
      example:
        '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n',
    },
    answers: {
      202: {
        description: 'It serves.',
        schema: { $ref: '#/components/schemas/V01Done' },
        example: { message: 'OK' },
      },
      400: refusalAnswer(
        'It cannot serve.',
        {
          message: 'No certificate found',
          details: 'expected at least one PEM block of kind CERTIFICATE',
        },
        {
          message: 'No RSA key found',
          details: 'expected a PEM block with an unencrypted RSA or EC private key',
        },
        {
          message: 'Certificate and key do not match',
          details: 'the public key of no certificate in the bundle belongs to the private key',
        },
        {
          message: 'Certificate is expired or not yet valid',
          details: 'valid from … to …, now …',
        },
      ),
      413: tooLarge,
    },
  };
}

export const amphoraOperations: Operations = {
  'GET /info': info('getInfo', 'Tell who the amphora is, outside any version'),
  'GET /v0.1/info': info('getV01Info', 'Tell who the amphora is'),
  'GET /v0.1/details': {
    id: 'getV01Details',
    tag,
    summary: 'Tell how the amphora is: its load, topology and listeners',
    answers: {
      200: {
        description: 'How it is.',
        schema: { $ref: '#/components/schemas/V01Details' },
        example: {
          ...exampleInfo,
          networks: { eth0: { network_tx: 0, network_rx: 0 } },
          active: true,
          haproxy_count: 1,
          cpu: { total: 0.1544, user: 0.132, system: 0.0201, soft_irq: 0.002 },
          memory: {
            total: 8_131_140,
            free: 3_011_096,
            available: 6_402_332,
            buffers: 201_232,
            cached: 3_204_880,
            swap_used: 0,
            shared: 10_344,
            slab: 280_112,
            committed_as: 2_733_812,
          },
          disk: { used: 23_378_484, available: 83_012_428 },
          load: [0.12, 0.2, 0.18],
          topology: 'SINGLE',
          topology_status: 'OK',
          listeners: ['6e1a3c52-7a65-4a1c-a5f0-2b8f3fd5c1a7'],
          packages: [{ haproxy: '2.6.12-1+deb12u4' }, { openssl: '3.0.19-1~deb12u2' }, { amphorad: '0.1.0' }],
        },
      },
    },
  },
  'GET /v0.1/topology': {
    id: 'getV01Topology',
    tag,
    summary: 'Tell the topology and the role in it',
    description:
      'The topology is what was posted last, else what `loadbalancer_topology` says; there it is spelled `ACTIVE_STANDBY`.',
    answers: {
      200: {
        description: 'Topology and role.',
        schema: { $ref: '#/components/schemas/V01Topology' },
        example: {
          hostname: 'vm',
          uuid: 'c4ef7365-0b08-4500-91ec-0e6cf543040c',
          topology: 'SINGLE',
          role: 'ACTIVE',
          ha_ip: '',
        },
      },
    },
  },
  'GET /v0.1/interface/:ip': {
    id: 'getV01Interface',
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
        schema: { $ref: '#/components/schemas/V01Interface' },
        example: { message: 'OK', interface: 'lo' },
      },
      400: refusalAnswer('That is no address.', {
        message: 'Bad IP address version',
        details: 'expected an IP address, got "10.0.0"',
      }),
      404: refusalAnswer('No interface has it.', { message: 'Error interface not found for IP address' }),
    },
  },
  'PUT /v0.1/certificate': rotation('putV01Certificate'),
  'PUT /v0.1/certificates': rotation('putV01CertificateOfPlural'),
};
