// The configuration policy as a controller meets it: every hostile line is 400 and named, crt-lists are held to it at
// check and again at every reload.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configWith, hostileLines } from '../unit/haproxy/config/hostile-lines';
import { startTestAgent, type TestAgent } from './kit/agent';
import { amphoraId } from './kit/pki';
import { freePort, listenerConfig } from './kit/traffic';

const listener = '00000001-aaaa-4bbb-8ccc-dddddddddddd';
let amphora: TestAgent;

const upload = (text: string) => amphora.client.put(`/v0.1/listeners/${amphoraId}/${listener}/haproxy`, text);
const reload = () => amphora.client.put(`/v0.1/listeners/${listener}/reload`);

beforeAll(async () => {
  amphora = await startTestAgent();
});
afterAll(() => amphora.stop());

describe('an upload with a hostile line is 400 and names the line', () => {
  it.each(hostileLines.map((hostile) => [hostile.section, hostile.line, hostile] as const))(
    '%s: %s',
    async (_section, _line, hostile) => {
      const { text, number } = configWith(hostile);
      const answer = await upload(text);
      expect(answer.status).toBe(400);
      // Or the line before: the section itself is refused.
      expect(answer.json()).toEqual({
        message: 'Invalid request',
        details: expect.stringMatching(new RegExp(`^line (${number}|${number - 1}): `, 'm')),
      });
    },
  );
});

describe('a crt-list', () => {
  const list = (): string => join(amphora.basePath, 'certs', listener, 'list.pem');
  const write = (text: string): void => {
    mkdirSync(dirname(list()), { recursive: true, mode: 0o700 });
    writeFileSync(list(), text, { mode: 0o600 });
  };
  const config = async (): Promise<string> => {
    const port = await freePort();
    return listenerConfig({ port }).replace(
      `127.0.0.1:${port}\n`,
      `127.0.0.1:${port} ssl crt-list ${list()}\n`,
    );
  };

  it('that names a file outside is refused at check, naming the list and its line', async () => {
    write('# ours\n/etc/ssl/private/key.pem\n');
    const answer = await upload(await config());
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(`${list()} line 2: `)]);
  });

  it('that was changed since the upload is refused at the reload, and the old worker goes on', async () => {
    const name = `/v0.1/listeners/${listener}/certificates/good.pem`;
    expect((await amphora.client.put(name, amphora.pki.server.bundlePem)).status).toBe(201);
    write(`${join(dirname(list()), 'good.pem')}\n`);
    expect((await upload(await config())).status).toBe(201);
    expect((await reload()).status).toBe(202);
    write('/etc/ssl/private/key.pem\n');
    const answer = await reload();
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining(`${list()} line 1: `)]);
    expect((await amphora.client.get(`/v0.1/listeners/${listener}`)).json()).toMatchObject({
      status: 'ACTIVE',
      type: 'TERMINATED_HTTPS',
    });
  });
});
