// The same cases on the scripted and on the real HTTPS client: what a server answers, refuses and is.

import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpsClient, HttpsTarget } from '../../agent/host/https';
import { createNodeHttpsClient } from '../../agent/host/node/https-client';
import { issueCa, issueClient, issueServer } from '../../agent/pki/issue';
import { AgentError } from '../../agent/model/errors';
import { createScriptedHttps, scriptedAnswer } from '../fakes/scripted-https';

type Issued = Awaited<ReturnType<typeof issueClient>>;
const validity = { now: Date.now(), days: 2 };
const timeoutMs = 5_000;
const name = 'amphora.example';

let authority: Awaited<ReturnType<typeof issueCa>>;
let other: typeof authority;
let client: Issued;
let server: Issued;
let closed: number;
const servers: Server[] = [];

function listen(each: Server): Promise<number> {
  servers.push(each);
  return new Promise((resolve) =>
    each.listen(0, '127.0.0.1', () => resolve((each.address() as AddressInfo).port)),
  );
}

beforeAll(async () => {
  [authority, other] = (await Promise.all(
    ['one', 'another'].map((commonName) => issueCa({ commonName, ...validity })),
  )) as [typeof authority, typeof authority];
  client = await issueClient(authority, { commonName: 'client', ...validity });
  server = await issueServer(authority, { amphoraId: name, ...validity });
  const passing = createTcp();
  closed = await listen(passing);
  await new Promise((resolve) => passing.close(resolve));
});
afterAll(() => Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve)))));

interface Stage {
  readonly https: HttpsClient;
  readonly port: number;
}

/** A server that tells what it was asked, and hangs up on who has no certificate. */
async function real(): Promise<Stage> {
  const secure = createHttps(
    {
      key: server.keyPem,
      cert: server.certificatePem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.once('end', () => {
        response.writeHead(404, { 'Content-Type': 'application/json', 'X-Asked': request.method });
        const length = request.headers['content-length'] ?? 'none';
        response.end(JSON.stringify({ body: Buffer.concat(parts).toString('utf8'), length }));
      });
    },
  );
  return { https: createNodeHttpsClient(), port: await listen(secure) };
}

function scripted(): Promise<Stage> {
  const https = createScriptedHttps((request, target) => {
    if (target.port === closed) throw new AgentError('unavailable', 'no connection');
    if (target.caPem !== authority.certificatePem) throw new AgentError('unauthorized', 'another');
    if (target.serverName !== name) throw new AgentError('unauthorized', 'another name');
    if (request.identity === undefined) return { kind: 'ended', why: 'ECONNRESET' };
    const body = request.body?.toString() ?? '';
    const length = request.chunked === true ? 'none' : String(body.length);
    const answer = scriptedAnswer(404, { body, length }, { 'x-asked': request.method });
    return { ...answer, certificatePem: server.certificatePem };
  });
  return Promise.resolve({ https, port: 1 });
}

describe.each([
  ['as a script', scripted],
  ['for real', real],
])('an HTTPS server %s', (_how, make) => {
  const at = (port: number, more: Partial<HttpsTarget> = {}): HttpsTarget => ({
    host: '127.0.0.1',
    port,
    caPem: authority.certificatePem,
    serverName: name,
    ...more,
  });
  const put = { method: 'PUT', path: '/x', body: 'text', timeoutMs };

  it('answers whole, an error status too, with its certificate', async () => {
    const { https, port } = await make();
    const answer = await https.request(at(port), { ...put, identity: client });
    expect(answer).toMatchObject({
      kind: 'answer',
      status: 404,
      headers: { 'content-type': 'application/json', 'x-asked': 'PUT' },
    });
    if (answer.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(answer.body.toString())).toEqual({ body: 'text', length: '4' });
    expect(answer.certificatePem.trim()).toBe(server.certificatePem.trim());
  });

  it('gets chunks without a length when told so', async () => {
    const { https, port } = await make();
    const answer = await https.request(at(port), { ...put, chunked: true, identity: client });
    if (answer.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(answer.body.toString())).toEqual({ body: 'text', length: 'none' });
  });

  it('that hangs up on a client has refused it: that is no failure to reach it', async () => {
    const { https, port } = await make();
    expect(await https.request(at(port), put)).toMatchObject({ kind: 'ended' });
  });

  it('that nobody runs is unavailable', async () => {
    const { https } = await make();
    await expect(https.request(at(closed), put)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it.each(['of another authority', 'of another name'])(
    '%s is unauthorized, before anything is sent',
    async (what) => {
      const { https, port } = await make();
      const wrong =
        what === 'of another name' ? { serverName: 'other.example' } : { caPem: other.certificatePem };
      await expect(https.request(at(port, wrong), { ...put, identity: client })).rejects.toMatchObject({
        kind: 'unauthorized',
      });
    },
  );
});

describe('the real HTTPS client', () => {
  it('gives up on a server that says nothing', async () => {
    const silent = createTcp((socket) => socket.on('error', () => undefined).resume());
    const port = await listen(silent);
    const target = { host: '127.0.0.1', port, caPem: authority.certificatePem };
    await expect(
      createNodeHttpsClient().request(target, { method: 'GET', path: '/', timeoutMs: 50 }),
    ).rejects.toMatchObject({ kind: 'timeout' });
  });
});
