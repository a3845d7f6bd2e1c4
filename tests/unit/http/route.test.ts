// The router of a dialect over a real loopback listener.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import express from 'express';
import { json } from '../../../agent/http/reply';
import { createDialectRouter } from '../../../agent/http/route';
import { createUploads } from '../../../agent/http/uploads';
import { AgentError } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';

it('a change whose body was still coming when changes were closed is refused, too', async () => {
  let asked = 0;
  let done = 0;
  const log = createRecordedLog();
  const router = createDialectRouter(
    {
      prefixes: [''],
      slashes: 'lenient',
      routes: () => [
        {
          method: 'PUT',
          path: '/thing',
          body: 'config',
          handle: () => {
            done += 1;
            return json(200, {});
          },
        },
      ],
      errorReply: ({ kind }) => json(kind === 'unavailable' ? 503 : 500, {}),
      notFoundReply: () => json(404, {}),
      methodNotAllowedReply: () => json(405, {}),
    },
    {
      limits: { config: 1_000, pem: 1_000, json: 1_000 },
      log,
      uploads: createUploads(createHandClock(), 10_000),
      // Open while the headers come, closed once the body is whole.
      refuseChange: () => ((asked += 1) === 1 ? undefined : new AgentError('unavailable', 'busy')),
    },
  );
  const server = createServer(express().use(router)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, method: 'PUT', path: '/thing' });
  outgoing.end('text');
  const [response] = (await once(outgoing, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect([response.statusCode, done]).toEqual([503, 0]);
  server.close();
  await once(server, 'close');
});
