// A reload with Octavia's `load-server-state-from-file`: the configuration has the last word of each member, and health
// that was known stays known.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { startTestAgent, type TestAgent } from './kit/agent';
import { endLeftovers } from './kit/daemon';
import { amphoraId } from './kit/pki';
import { freePort } from './kit/traffic';

const id = '00000009-aaaa-4bbb-8ccc-ddddddddddd9';
const sockets = createNodeUnixSockets();
let amphora: TestAgent;
let port: number;

/** `revision` makes every text one that needs a reload. */
const config = (server: string, revision: number): string => `global
    maxconn 100
    server-state-file ${join(amphora.basePath, id, 'servers-state')}
defaults
    mode http
    timeout connect 2s
    timeout client ${10 + revision}s
    timeout server 10s
frontend front
    bind 127.0.0.1:${port}
    default_backend pool
backend pool
    load-server-state-from-file global
    server one ${server}
`;

async function serversAfter(server: string, revision: number): Promise<Readonly<Record<string, string>>> {
  const upload = await amphora.client.put(
    `/v0.1/listeners/${amphoraId}/${id}/haproxy`,
    config(server, revision),
  );
  expect([upload.status, upload.text]).toEqual([201, expect.anything()]);
  const verb = revision === 0 ? 'start' : 'reload';
  const answer = await amphora.client.put(`/v0.1/listeners/${id}/${verb}`);
  expect(answer.status).toBe(202);
  if (revision > 0) expect(answer.headers['x-amphora-applied']).toBe('reload');
  const path = join(amphora.basePath, id, 'master.sock');
  const table = await sockets.request(path, '@1 show servers state', { timeoutMs: 5_000 });
  const [, head = '', row = ''] = table.split('\n');
  const cells = row.split(' ');
  return Object.fromEntries(
    head
      .slice(2)
      .split(' ')
      .map((name, at) => [name, cells[at] ?? '']),
  );
}

beforeAll(async () => {
  amphora = await startTestAgent();
  port = await freePort();
});
afterAll(async () => {
  await amphora.client.delete(`/v0.1/listeners/${id}`);
  await amphora.stop();
  await endLeftovers();
});

it('a member gets the port, TLS and the check of the new configuration', async () => {
  const check = 'check inter 60s';
  await serversAfter(`127.0.0.1:7 ${check} port 5`, 0);
  expect(await serversAfter(`127.0.0.1:8 ${check} port 5`, 1)).toMatchObject({ srv_port: '8' });
  expect(await serversAfter(`127.0.0.1:8 ${check} port 6 ssl verify none`, 2)).toMatchObject({
    srv_port: '8',
    srv_use_ssl: '1',
    srv_check_port: '6',
  });
  expect(await serversAfter(`127.0.0.1:8 ${check} ssl verify none`, 3)).toMatchObject({
    srv_check_port: '0',
  });
  expect(await serversAfter(`127.0.0.1:8 ${check}`, 4)).toMatchObject({ srv_use_ssl: '0' });
});

it('a member that was found down is down at once', async () => {
  const path = join(amphora.basePath, id, 'master.sock');
  await sockets.request(path, '@1 set server pool/one health down', { timeoutMs: 5_000 });
  expect(await serversAfter('127.0.0.1:8 check inter 60s', 5)).toMatchObject({ srv_op_state: '0' });
});
