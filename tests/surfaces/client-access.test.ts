// Who may call beyond the handshake's own checks: revocation, names, readers; on new, kept and resumed connections, in
// both refusal modes.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCa, issueClient } from '../../agent/pki/issue';
import { eventually } from '../fakes/eventually';
import { startTestAgent, writeAgentFiles, type TestAgent, type TestAgentOptions } from './kit/agent';
import { createClient, type Answer } from './kit/client';
import { getInfo, openConnection, type Connection } from './kit/connection';
import { makeList } from './kit/crl';
import { endLeftovers, startDaemon } from './kit/daemon';
import { makePki, type Issued, type TestPki } from './kit/pki';

const day = 86_400_000;
const modes = ['http', 'handshake'] as const;
let directory: string;
let lists: string;
let pki: TestPki;
let viewer: Issued;
let intermediate: Awaited<ReturnType<typeof issueCa>>;
let below: Issued;
const agents: TestAgent[] = [];
const connections: Connection[] = [];

beforeAll(async () => {
  directory = mkdtempSync('/tmp/amph-');
  lists = join(directory, 'lists.pem');
  pki = await makePki();
  const now = Date.now();
  viewer = await issueClient(pki.ca, { commonName: 'viewer', names: ['viewer.example.com'], days: 10, now });
  intermediate = await issueCa({ commonName: 'intermediate', issuer: pki.ca, days: 10, now });
  below = await issueClient(intermediate, { commonName: 'controller', days: 10, now });
});
afterEach(async () => {
  for (const { socket } of connections.splice(0)) socket.destroy();
  await endLeftovers();
  await Promise.all(agents.splice(0).map((amphora) => amphora.stop()));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Reachable {
  readonly agent: { readonly port: number };
}

const start = async (amphorad: string, more: TestAgentOptions = {}): Promise<TestAgent> => {
  const amphora = await startTestAgent({ pki, amphorad, ...more });
  agents.push(amphora);
  return amphora;
};
const open = async (...args: Parameters<typeof openConnection>): Promise<Connection> => {
  const connection = await openConnection(...args);
  connections.push(connection);
  return connection;
};
const withLists = (text: string, mode = 'http'): string => {
  writeFileSync(lists, text);
  return `client_auth_failure = ${mode}\nclient_crl = ${lists}\n`;
};
const ask = async (amphora: Reachable, who: Issued, method = 'GET', path = '/info'): Promise<Answer> => {
  const certificatePem = who.bundlePem.slice(who.bundlePem.indexOf('-----BEGIN CERT'));
  const identity = { keyPem: who.keyPem, certificatePem };
  const client = createClient({ port: amphora.agent.port, ca: pki.ca.certificatePem, identity });
  try {
    return await client.call(method, path, method === 'GET' || method === 'HEAD' ? {} : { body: 'x' });
  } finally {
    client.close();
  }
};

const useNames = async (amphora: TestAgent, allowed: readonly string[]): Promise<void> => {
  appendFileSync(amphora.localPath, `allowed_client_names = ${allowed.join(', ')}\n`);
  await amphora.configs.reread();
};
/** A connection, unless it is closed before its handshake is over. */
const openOrNothing = (...args: Parameters<typeof openConnection>): Promise<Connection | undefined> =>
  open(...args).catch(() => undefined);

/** What a refused client sees: a 401 that says why, or no connection. */
const expectRefused = async (mode: string, asking: Promise<Answer>, reason: RegExp): Promise<void> => {
  if (mode === 'handshake') {
    await expect(asking).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL_|ECONNRESET|EPIPE)/),
    });
    return;
  }
  const answer = await asking;
  expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
  expect(answer.json()).toEqual({ message: 'Unauthorized', details: expect.stringMatching(reason) });
};

describe.each(modes)('client_auth_failure = %s', (mode) => {
  it('a revoked client is refused, another is let in', async () => {
    const amphora = await start(withLists(makeList(pki.ca, { revoked: [viewer.certificatePem] }), mode));
    // OpenSSL's own finding: it has the lists too.
    await expectRefused(mode, ask(amphora, viewer), /^the client certificate, or a CA above it, is revoked$/);
    expect(amphora.log.messages()).not.toContain('connection refused');
    expect((await ask(amphora, pki.client)).status).toBe(200);
  });

  it('a list past its date refuses everybody', async () => {
    const past = makeList(pki.ca, { from: Date.now() - 9 * day, to: Date.now() - day });
    const amphora = await start(withLists(past, mode));
    await expectRefused(mode, ask(amphora, pki.client), /past its date/);
    expect(amphora.log.messages('error').join()).toMatch(
      /^The revocation list of CN=test CA was good until /,
    );
  });

  it('who is not on the list of names is refused', async () => {
    const amphora = await start(`client_auth_failure = ${mode}\nallowed_client_names = other, controller\n`);
    expect((await ask(amphora, pki.client)).status).toBe(200);
    await expectRefused(mode, ask(amphora, viewer), /no name of the client certificate/);
    const reasons = amphora.log.entries.map(({ fields }) => fields['reason']);
    expect(reasons).toContain('no name of the client certificate is among those that may call');
  });

  it('a reader may GET and HEAD; what would write is 403 before anything is done', async () => {
    const amphora = await start(
      `client_auth_failure = ${mode}\nread_only_client_names = Viewer.example.com\n`,
    );
    const statuses = [];
    for (const method of ['GET', 'HEAD']) statuses.push((await ask(amphora, viewer, method)).status);
    expect(statuses).toEqual([200, 200]);
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
      const answer = await ask(amphora, viewer, method, '/v0.1/certificate');
      expect([answer.status, answer.json()]).toEqual([
        403,
        { message: 'Forbidden', details: 'this client certificate may only read (GET, HEAD)' },
      ]);
    }
    expect((await ask(amphora, pki.client, 'PUT', '/v0.1/certificate')).status).toBe(400);
  });

  it('a kept connection ends when its certificate is revoked and the list read again, and only it', async () => {
    const amphora = await start(withLists(makeList(pki.ca), mode));
    const [revoked, other] = [await open(amphora, viewer), await open(amphora, pki.client)];
    for (const each of [revoked, other]) expect(await each.ask(getInfo)).toContain('200 OK');
    writeFileSync(lists, makeList(pki.ca, { revoked: [viewer.certificatePem] }));
    await amphora.agent.rereadCertificates();
    await revoked.closed;
    await expectRefused(mode, ask(amphora, viewer), /is revoked/);
    expect(await other.ask(getInfo)).toContain('200 OK');
  });

  it('a kept connection ends when its name is taken off the list', async () => {
    const amphora = await start(`client_auth_failure = ${mode}\nallowed_client_names = viewer\n`);
    const kept = await open(amphora, viewer);
    expect(await kept.ask(getInfo)).toContain('200 OK');
    await useNames(amphora, ['controller']);
    await kept.closed;
    await expectRefused(mode, ask(amphora, viewer), /no name of the client certificate/);
  });

  it('an answer under way arrives before the connection of a revoked client ends', async () => {
    const amphora = await start(withLists(makeList(pki.ca), mode));
    const kept = await open(amphora, viewer);
    kept.socket.write(
      'PUT /v0.1/certificate HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
    );
    // The 100 tells that the agent is in the request.
    await new Promise((resolve) => kept.socket.once('data', resolve));
    writeFileSync(lists, makeList(pki.ca, { revoked: [viewer.certificatePem] }));
    await amphora.agent.rereadCertificates();
    const answer = await kept.ask('none');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toMatch(/^Connection: close\r$/m);
    await kept.closed;
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a resumed session is judged as a new one: %s',
    async (maxVersion) => {
      const amphora = await start(withLists(makeList(pki.ca) + makeList(intermediate), mode));
      const first = await open(amphora, below, { maxVersion });
      expect(await first.ask(getInfo)).toContain('200 OK');
      const resumed = await open(amphora, below, { maxVersion, session: first.session() });
      expect(await resumed.ask(getInfo)).toContain('200 OK');
      expect(resumed.socket.isSessionReused()).toBe(true);

      await useNames(amphora, ['viewer']);
      const unnamed = await openOrNothing(amphora, below, { maxVersion, session: resumed.session() });
      const answer = await unnamed?.ask(getInfo);
      expect(unnamed?.socket.isSessionReused()).not.toBe(false);
      expect(answer ?? '').toMatch(mode === 'http' ? /401 Unauthorized[^]*no name of the client/ : /^$/);

      await useNames(amphora, []);
      writeFileSync(lists, makeList(pki.ca) + makeList(intermediate, { revoked: [below.certificatePem] }));
      await amphora.agent.rereadCertificates();
      const revoked = await openOrNothing(amphora, below, { maxVersion, session: resumed.session() });
      expect((await revoked?.ask(getInfo)) ?? '').toMatch(
        mode === 'http' ? /401 Unauthorized[^]*is revoked/ : /^$/,
      );
    },
  );

  it('a chain over an intermediate needs a list of each CA, none of which names it', async () => {
    const [root, own] = [makeList(pki.ca), makeList(intermediate)];
    const amphora = await start(withLists(root + own, mode));
    expect((await ask(amphora, below)).status).toBe(200);
    const cases: readonly (readonly [string, RegExp])[] = [
      [root, /no revocation list/],
      [own, /no revocation list/],
      [root + makeList(intermediate, { revoked: [below.certificatePem] }), /is revoked/],
      [makeList(pki.ca, { revoked: [intermediate.certificatePem] }) + own, /is revoked/],
    ];
    for (const [text, reason] of cases) {
      writeFileSync(lists, text);
      await amphora.agent.rereadCertificates();
      await expectRefused(mode, ask(amphora, below), reason);
    }
  });

  it('a list that cannot be used leaves the one before in force', async () => {
    const amphora = await start(withLists(makeList(pki.ca, { revoked: [viewer.certificatePem] }), mode));
    const impostor = await issueCa({ commonName: 'test CA', days: 10, now: Date.now() });
    for (const text of ['garbage', makeList(impostor)]) {
      writeFileSync(lists, text);
      await amphora.agent.rereadCertificates();
      await expectRefused(mode, ask(amphora, viewer), /is revoked/);
      expect((await ask(amphora, pki.client)).status).toBe(200);
    }
    const words = 'a file about clients is not read again, what it said before stays in force';
    expect(amphora.log.messages('error')).toEqual([words, words]);
  });
});

it('a list that runs out refuses the next request of a kept connection: 401, and the connection ends', async () => {
  let shiftMs = 0;
  const amphora = await start(withLists(makeList(pki.ca, { to: Date.now() + 2 * day })), {
    wallShiftMs: () => shiftMs,
  });
  const kept = await open(amphora, pki.client);
  expect(await kept.ask(getInfo)).toContain('200 OK');
  shiftMs = 3 * day;
  const answer = await kept.ask(getInfo);
  expect(answer).toMatch(/^HTTP\/1.1 401 /);
  expect(answer).toMatch(/the revocation list of CN=test CA is past its date/);
  await kept.closed;
});

it('SIGHUP reads lists and names again; of the configuration, what is wrong leaves the names before', async () => {
  const { main, local } = writeAgentFiles(directory, pki, {
    amphorad: `client_crl = ${lists}\nallowed_client_names = controller\n`,
  });
  writeFileSync(lists, makeList(pki.ca));
  const daemon = await startDaemon(['serve', '--config-file', main, '--local-config', local, '--ready-json']);
  const amphora = { agent: { port: daemon.ready.port } };
  const statusOf = async (who: Issued): Promise<number> => (await ask(amphora, who)).status;
  expect([await statusOf(pki.client), await statusOf(viewer)]).toEqual([200, 401]);

  const text = readFileSync(local, 'utf8');
  writeFileSync(local, text.replace('= controller', '= viewer'));
  daemon.child.kill('SIGHUP');
  await eventually(async () =>
    expect([await statusOf(pki.client), await statusOf(viewer)]).toEqual([401, 200]),
  );

  writeFileSync(local, `${text}log_level = loud\n`);
  writeFileSync(lists, makeList(pki.ca, { revoked: [viewer.certificatePem] }));
  daemon.child.kill('SIGHUP');
  await eventually(async () => expect(await statusOf(viewer)).toBe(401));
  await eventually(() => expect(daemon.stderr()).toContain('configuration not read again'));
  expect(await statusOf(pki.client)).toBe(401);
  expect(await daemon.end()).toBe(0);
});
