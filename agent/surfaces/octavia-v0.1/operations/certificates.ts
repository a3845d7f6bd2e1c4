// The rows of routes/certificates.ts, described.

import type { Operations, Parameter } from '../../../http/operation';
import { doneAnswer, exampleListener, listenerParameter, noSpace, refusalAnswer, tooLarge } from './answers';

const tag = 'Certificates of a listener';

const name: Parameter = {
  description: 'The file name, which ends in `.pem`.',
  schema: { type: 'string', pattern: '\\.pem$' },
  example: 'www.example.com.pem',
};

const path = { listener: listenerParameter, name };
const row = '/v0.1/listeners/:listener/certificates/:name';

const badName = refusalAnswer('Not a file name that can be, or no UUID.', {
  message: 'Filename has wrong format',
});
const missing = refusalAnswer(
  'There is no such file, or no such listener.',
  { message: 'Certificate Not Found', details: 'No certificate with file name: www.example.com.pem' },
  { message: 'Listener Not Found', details: `No listener with UUID: ${exampleListener}` },
);

export const certificateOperations: Operations = {
  [`PUT ${row}`]: {
    id: 'putV01ListenerCertificate',
    tag,
    summary: 'Store a certificate',
    description:
      'It may be there before the configuration of its listener. A new one serves from the next reload on, also when the configuration is unchanged.',
    path,
    body: {
      mediaType: 'application/x-pem-file',
      description:
        'Key, certificate and chain in one file, stored as sent. The key may stand before or behind the certificate, which must stand before its chain: haproxy takes the first certificate for the key’s. RSA and EC keys are taken; an encrypted key counts as none, two keys are refused.',
      example:
        '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n',
    },
    answers: {
      201: doneAnswer('It is stored.'),
      400: refusalAnswer(
        'It could not serve, or the name could not be.',
        { message: 'Filename has wrong format' },
        {
          message: 'No certificate found',
          details: 'expected at least one PEM block of kind CERTIFICATE',
        },
      ),
      409: refusalAnswer('4,096 files and 64 MiB are kept for each listener.'),
      413: tooLarge,
      507: noSpace,
    },
  },
  [`GET ${row}`]: {
    id: 'getV01ListenerCertificate',
    tag,
    summary: 'Tell the MD5 of a certificate file',
    description: 'Key material is never returned.',
    path,
    answers: {
      200: {
        description: 'The digest of all its bytes.',
        schema: { $ref: '#/components/schemas/V01Md5' },
        example: { md5sum: '0f343b0931126a20f133d67c2b018a3b' },
      },
      400: badName,
      404: missing,
    },
  },
  [`DELETE ${row}`]: {
    id: 'deleteV01ListenerCertificate',
    tag,
    summary: 'Remove a certificate file',
    description: 'The last one takes the directory along.',
    path,
    answers: { 200: doneAnswer('It is gone.'), 400: badName, 404: missing },
  },
};
