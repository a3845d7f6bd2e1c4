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

it('a path outside the prefixes is answered where a row has it, and what is unknown there is left to the next dialect', async () => {
  const router = createDialectRouter(
    {
      prefixes: ['/own'],
      outposts: ['/info'],
      slashes: 'lenient',
      routes: () => [{ method: 'GET', path: '/info', body: 'none', handle: () => json(200, {}) }],
      errorReply: () => json(500, {}),
      notFoundReply: () => json(404, {}),
      methodNotAllowedReply: () => json(405, {}),
    },
    {
      limits: { config: 1, pem: 1, json: 1 },
      log: createRecordedLog(),
      uploads: createUploads(createHandClock(), 1),
    },
  );
  const app = express()
    .use(router)
    .use((_request, response) => void response.status(418).end());
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, method = 'GET'): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method })).status;
  expect(
    await Promise.all(['/info', '/info/', '/info/x', '/own/x', '/other'].map((path) => ask(path))),
  ).toEqual([200, 200, 418, 404, 418]);
  expect([await ask('/info', 'HEAD'), await ask('/info', 'PUT')]).toEqual([200, 405]);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
