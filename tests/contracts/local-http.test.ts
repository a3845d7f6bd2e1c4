// The fake and the real HTTP over UNIX sockets keep one contract.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalHttp, LocalHttpRequest } from '../../agent/host/local-http';
import { createNodeLocalHttp } from '../../agent/host/node/local-http';
import { createScriptedLocalHttp, type Peer } from '../fakes/scripted-local-http';

interface Subject {
  readonly http: LocalHttp;
  listen(path: string, peer: Exclude<Peer, 'forbidden'>): Promise<void>;
  close(): Promise<void>;
}

function fakeSubject(): Subject {
  const http = createScriptedLocalHttp();
  return {
    http,
    listen: (path, peer) => {
      http.listen(path, peer);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let said = '';
  for await (const chunk of request) said += String(chunk);
  return said === '' ? undefined : (JSON.parse(said) as unknown);
}

function serverOf(peer: Exclude<Peer, 'forbidden'>): Server {
  if (peer === 'silence') return createServer((socket) => socket.on('error', () => undefined));
  if (peer === 'hang-up') return createServer((socket) => socket.destroy());
  if (peer === 'no-http')
    return createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.end('{"pid":77,"version":"0.1.0"}\n');
    });
  return createHttpServer((request, response) => {
    void (async () => {
      const { method, url = '', headers } = request;
      const body = await bodyOf(request);
      const asked = { method, path: url, body, headers, timeoutMs: 0 } as LocalHttpRequest;
      const { status = 200, headers: more = {}, json, text } = await peer(asked);
      response.writeHead(status, more).end(text ?? JSON.stringify(json));
    })();
  });
}

function realSubject(): Subject {
  const servers: Server[] = [];
  return {
    http: createNodeLocalHttp(),
    listen: (path, peer) =>
      new Promise((resolve) => {
        const server = serverOf(peer);
        servers.push(server);
        server.listen(path, resolve);
      }),
    close: async () => {
      for (const server of servers) server.close();
      await Promise.resolve();
    },
  };
}

describe.each([
  ['fake', fakeSubject],
  ['real', realSubject],
])('%s HTTP over a UNIX socket', (_kind, make) => {
  let directory: string;
  let subject: Subject;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync('/tmp/amph-');
    path = join(directory, 'x.sock');
    subject = make();
  });
  afterEach(async () => {
    await subject.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const get = { method: 'GET', path: '/a?b=c', timeoutMs: 5_000 } as const;

  it('brings method, path, query and body there, and status, headers and JSON back', async () => {
    await subject.listen(path, ({ method, path: what, body }) => ({
      status: 202,
      headers: { location: '/there' },
      json: { method, what, body },
    }));
    const answer = await subject.http.request(path, { ...get, method: 'POST', body: { ä: 1 } });
    expect([answer.status, answer.headers['location'], answer.json]).toEqual([
      202,
      '/there',
      { method: 'POST', what: '/a?b=c', body: { ä: 1 } },
    ]);
  });

  it('gives an answer of any status as it is, and what is no JSON as text', async () => {
    await subject.listen(path, () => ({ status: 500, text: 'no JSON' }));
    expect(await subject.http.request(path, get)).toMatchObject({
      status: 500,
      json: undefined,
      text: 'no JSON',
    });
  });

  it('says so where nobody listens, where the peer hangs up, is silent, or speaks no HTTP', async () => {
    await expect(subject.http.request(path, get)).rejects.toMatchObject({ kind: 'unavailable' });
    for (const [peer, kind] of [
      ['hang-up', 'unavailable'],
      ['silence', 'timeout'],
      ['no-http', 'version-mismatch'],
    ] as const) {
      const at = join(directory, `${peer}.sock`);
      await subject.listen(at, peer);
      await expect(subject.http.request(at, { ...get, timeoutMs: 200 })).rejects.toMatchObject({ kind });
    }
  });
});
