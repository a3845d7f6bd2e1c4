// The rows of routes/certificates.ts, described.

import type { Operations, Parameter } from '../../../http/operation';
import { doneAnswer, knownParameter, loadBalancerParameter, refusalAnswer, storedAnswer } from './answers';

const tag = 'Certificates';
const row = '/1.0/loadbalancer/:lb/certificates/:name';

const name: Parameter = {
  description: 'The file name, which ends in `.pem`.',
  schema: { type: 'string', pattern: '\\.pem$' },
  example: 'www.example.com.pem',
};

const badName = refusalAnswer('Not a file name that can be.', { message: 'Filename has wrong format' });

export const certificateOperations: Operations = {
  [`PUT ${row}`]: {
    id: 'putV10Certificates',
    tag,
    summary: 'Store a certificate, a CA file, a revocation list or a crt-list',
    description:
      'Contents are not looked at. To rotate: PUT the same name, then reload. A reload that haproxy refuses is 500, and the old certificate serves on.',
    path: { lb: loadBalancerParameter, name },
    body: {
      mediaType: 'application/x-pem-file',
      description: 'Any content type is taken, or none.',
      example: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
    },
    answers: {
      200: storedAnswer('It is stored.'),
      400: badName,
      409: refusalAnswer('4,096 files and 64 MiB are kept for each load balancer.'),
    },
  },
  [`GET ${row}`]: {
    id: 'getV10Certificates',
    tag,
    summary: 'Tell the MD5 of a file',
    path: { lb: knownParameter, name },
    answers: {
      200: {
        description: 'The digest of all its bytes.',
        schema: { $ref: '#/components/schemas/V10Md5' },
        example: { md5sum: '0f343b0931126a20f133d67c2b018a3b' },
        headers: { ETag: 'The same digest, without quotes.' },
      },
      400: badName,
      404: refusalAnswer('There is no such file.', {
        message: 'Certificate Not Found',
        details: 'No certificate with filename: www.example.com.pem',
      }),
    },
  },
  [`DELETE ${row}`]: {
    id: 'deleteV10Certificates',
    tag,
    summary: 'Remove a file',
    path: { lb: knownParameter, name },
    answers: { 200: doneAnswer('It is gone, or was not there.'), 400: badName },
  },
};
