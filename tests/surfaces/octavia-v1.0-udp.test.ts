// Configurations of UDP listeners over mTLS, tested by the real keepalived. What runs them: tests/live/udp-listeners.

import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { udpListener } from '../unit/keepalived/udp-listener';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId } from './kit/pki';

const canRun = spawnSync('keepalived', ['-v']).status === 0;
if (!canRun) process.stderr.write('skipped: no keepalived, so no UDP listeners\n');
const whenItCan = canRun ? describe : describe.skip;

const listener = '0a000000-0000-4000-8000-0000000000d1';
const unknown = '0a000000-0000-4000-8000-0000000000d9';
const text = udpListener().replaceAll('0a000000-0000-4000-8000-000000000001', listener);
const uploadPath = (id: string, amphora = amphoraId): string =>
  `/1.0/listeners/${amphora}/${id}/udp_listener`;
const readPath = (id: string): string => `/1.0/listeners/${id}/udp_listener`;
let amphora: TestAgent;

/** The text with the check script's path of this amphora. */
const own = (from = text): string => from.replaceAll('/var/lib/octavia', amphora.basePath);
const put = (body: string | Buffer, id = listener) => amphora.client.put(uploadPath(id), body);

beforeAll(async () => {
  if (canRun) amphora = await startTestAgent();
});
afterAll(async () => {
  if (canRun) await amphora.stop();
});

whenItCan('PUT /1.0/listeners/{amp}/{listener}/udp_listener', () => {
  it('200 OK with the MD5 of the bytes received; stored with mode 0600', async () => {
    const answer = await put(own());
    expect([answer.status, answer.json()]).toEqual([200, { message: 'OK' }]);
    expect(answer.headers.etag).toBe(createHash('md5').update(own()).digest('hex'));
    const path = join(amphora.basePath, 'lvs', `octavia-keepalivedlvs-${listener}.conf`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['what the policy refuses', () => own().replace('udp_check.sh', 'other.sh'), /line \d+: "misc_path"/],
    ['what keepalived refuses', () => own().replace('lb_algo wrr', 'lb_algo by-mood'), /by-mood/],
    ['a broken block', () => own().slice(0, -2), /not closed/],
    ['no text', () => Buffer.from([0xff, 0x00]), /UTF-8/],
  ])('400: %s; what was there stays', async (_what, body, wrong) => {
    const answer = await put(body());
    expect([answer.status, answer.json()]).toMatchObject([
      400,
      { message: expect.any(String), details: expect.stringMatching(wrong) },
    ]);
    expect((await amphora.client.get(readPath(listener))).text).toBe(own());
  });

  it.each(['.x', 'a%20b', 'x'.repeat(65)])('400: the id %s', async (id) => {
    expect((await put(own(), id)).status).toBe(400);
  });
});

whenItCan('GET /1.0/listeners/{listener}/udp_listener', () => {
  it('200: the text as it was sent', async () => {
    const answer = await amphora.client.get(readPath(listener));
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      200,
      'text/plain; charset=UTF-8',
      own(),
    ]);
  });

  it('it is listed as OFFLINE until it runs', async () => {
    expect((await amphora.client.get('/1.0/listeners')).json()).toEqual([
      { status: 'OFFLINE', uuid: listener, type: 'UDP' },
    ]);
  });

  it.each([unknown, 'x', '..%2fx'])('404 for the unknown %s, and for a deleted one', async (id) => {
    expect((await amphora.client.delete(`/1.0/listeners/${listener}`)).status).toBe(200);
    for (const each of [id, listener]) {
      const answer = await amphora.client.get(readPath(each));
      expect([answer.status, answer.json()]).toMatchObject([404, { message: 'UDP Listener Not Found' }]);
    }
  });
});
