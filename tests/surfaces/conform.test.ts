// `amphorad conform` against the real agent with a real haproxy over mTLS: it passes, leaves nothing, and finds a fault
// that a proxy in between plants.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAgent, type TestAgent } from './kit/agent';
import { endLeftovers, runToEnd } from './kit/daemon';
import { amphoraId } from './kit/pki';
import { freePort } from './kit/traffic';

const key = 'key-of-conform';
let amphora: TestAgent;
let heartbeatPort: number;
let files: { cert: string; key: string; ca: string; heartbeatKey: string };

beforeAll(async () => {
  heartbeatPort = await freePort();
  amphora = await startTestAgent({
    healthManager: `heartbeat_key = ${key}
heartbeat_interval = 0.2
controller_ip_port_list = 127.0.0.1:${heartbeatPort}
`,
  });
  const directory = join(amphora.directory, 'client');
  mkdirSync(directory);
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  files = {
    cert: file('client.crt', amphora.pki.client.certificatePem),
    key: file('client.key', amphora.pki.client.keyPem),
    ca: file('ca.pem', amphora.pki.ca.certificatePem),
    heartbeatKey: file('heartbeat.key', `${key}\n`),
  };
});
afterEach(endLeftovers);
afterAll(() => amphora.stop());

interface Document {
  readonly ok: boolean;
  readonly interrupted: boolean;
  readonly cases: readonly {
    readonly dialect: string;
    readonly group: string;
    readonly name: string;
    readonly verdict: string;
    readonly because: readonly string[];
  }[];
  readonly left_behind: readonly string[];
}

function argv(port: number, ...more: readonly string[]): readonly string[] {
  const identity = ['--cert', files.cert, '--key', files.key, '--ca', files.ca];
  const place = ['--base-path', amphora.basePath, '--namespace', ''];
  return ['conform', '--url', `https://127.0.0.1:${port}`, ...identity, ...place, ...more];
}

async function conform(port: number, ...more: readonly string[]) {
  const { code, stdout, stderr } = await runToEnd(argv(port, '--json', ...more));
  if (stdout === '') throw new Error(stderr);
  return { code, document: JSON.parse(stdout) as Document };
}

/** What there is of load balancers, for a comparison of before and after. */
function traces(): readonly string[] {
  const certs = join(amphora.basePath, 'certs');
  return [
    ...readdirSync(amphora.basePath),
    ...readdirSync(join(amphora.basePath, 'lvs')),
    ...(existsSync(certs) ? readdirSync(certs) : []),
  ]
    .filter((name) => /[0-9a-f]{8}-/.test(name))
    .sort();
}

describe('amphorad conform on our agent', () => {
  it.each(['v0.1', '1.0'])(
    'passes %s whole, heartbeats, rotation and agent.conf included, and leaves nothing',
    async (dialect) => {
      const { code, document } = await conform(
        amphora.agent.port,
        ...['--dialect', dialect, '--allow-changes'],
        ...['--listen', `127.0.0.1:${heartbeatPort}`, '--heartbeat-key-file', files.heartbeatKey],
        ...['--rotate', amphora.serverPath, '--replace-config', join(amphora.directory, 'agent.conf')],
      );
      expect(document.cases.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
      expect([code, document.ok, document.left_behind]).toEqual([0, true, []]);
      const left = document.cases.filter(({ verdict }) => verdict === 'not applicable');
      for (const { because } of left) expect(because.join()).toMatch(/no network namespace|ip_vs|keepalived/);
      expect(document.cases.length).toBeGreaterThan(90);
      expect(traces()).toEqual([]);
    },
    120_000,
  );

  it('touches nothing of what is there already, and without leave changes nothing at all', async () => {
    const id = '0a000000-0000-4000-8000-0000000000c1';
    const text = `global\ndefaults\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\nfrontend f\n    bind 127.0.0.1:${await freePort()}\n`;
    const put = await amphora.client.put(`/v0.1/listeners/${amphoraId}/${id}/haproxy`, text);
    expect(put.status).toBe(201);
    expect((await amphora.client.put(`/v0.1/listeners/${id}/start`)).status).toBe(202);
    const before = (await amphora.client.get('/v0.1/listeners')).json();
    const { code } = await conform(amphora.agent.port);
    expect(code).toBe(0);
    const withLeave = await conform(amphora.agent.port, '--allow-changes', '--only', 'delete');
    expect(withLeave.code).toBe(0);
    expect((await amphora.client.get('/v0.1/listeners')).json()).toEqual(before);
    expect(traces()).toEqual([id]);
    expect((await amphora.client.delete(`/v0.1/listeners/${id}`)).status).toBe(200);
  }, 120_000);

  it('removes what it made when it is interrupted', async () => {
    const { code, stdout } = await runToEnd(argv(amphora.agent.port, '--allow-changes'), {
      until: '1.0/life cycle: start of what runs',
    });
    expect([code, stdout]).toEqual([1, expect.stringContaining('interrupted')]);
    expect(traces()).toEqual([]);
  }, 120_000);
});

describe('amphorad conform on an agent with a fault', () => {
  let proxy: Server | undefined;
  afterEach(async () => {
    await new Promise((resolve) => (proxy === undefined ? resolve(undefined) : proxy.close(resolve)));
    proxy = undefined;
  });

  /** Stands in for the agent, with its certificate; `alter` changes the bodies of one path. */
  function plant(path: RegExp, alter: (body: string) => string): Promise<number> {
    const { server, ca, client } = amphora.pki;
    const own = { key: server.keyPem, cert: server.certificatePem, ca: ca.certificatePem };
    const made = createServer({ ...own, requestCert: true, rejectUnauthorized: true }, (asked, answer) => {
      const { method, headers, url = '/' } = asked;
      const passed = httpsRequest(
        {
          ...{ host: '127.0.0.1', port: amphora.agent.port, method, path: url, headers },
          ...{ ca: ca.certificatePem, key: client.keyPem, cert: client.certificatePem, agent: false },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.once('end', () => {
            const body = Buffer.concat(parts).toString('utf8');
            const { 'content-length': length, ...kept } = response.headers;
            answer.writeHead(response.statusCode ?? 0, length === undefined ? response.headers : kept);
            answer.end(path.test(url) ? alter(body) : body);
          });
        },
      );
      passed.once('error', () => answer.destroy());
      asked.pipe(passed);
    });
    proxy = made;
    return new Promise((resolve) =>
      made.listen(0, '127.0.0.1', () => resolve((made.address() as AddressInfo).port)),
    );
  }

  it('ends with 1 and the row that is wrong, and no other', async () => {
    const port = await plant(/^\/1\.0\/info$/, (body) =>
      body.replace('keepalived_version', 'keepalive_version'),
    );
    const { code, document } = await conform(port, '--dialect', '1.0', '--only', '1.0/amphora');
    const failed = document.cases.filter(({ verdict }) => verdict === 'fail');
    expect([code, document.ok]).toEqual([1, false]);
    expect(failed.map(({ group, name, because }) => [group, name, because])).toEqual([
      ['amphora', 'GET /1.0/info', ['body.keepalived_version: nothing, not text']],
    ]);
  });

  it('shows case, expectation and what came in the table', async () => {
    const port = await plant(/\/interface\/127/, () => '{"message":"OK","interface":"eth9"}');
    const { code, stdout } = await runToEnd(argv(port, '--dialect', '1.0', '--only', 'interface/127'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +1\.0\/amphora: GET \/1\.0\/interface\/127\.0\.0\.1 +200 \{.*\} +200 \{/m);
    expect(stdout).toContain('- body.interface: "eth9", not "lo"');
    expect(stdout).toMatch(/1 cases: 0 pass, 1 fail/);
  });
});

describe('amphorad conform', () => {
  it('ends with 69 when nobody is there, or it is somebody else', async () => {
    const nobody = await runToEnd(argv(await freePort()));
    expect([nobody.code, nobody.stderr]).toEqual([69, expect.stringContaining('ECONNREFUSED')]);
    const other = await runToEnd(argv(amphora.agent.port, '--amphora-id', 'another'));
    expect([other.code, other.stderr]).toEqual([69, expect.stringContaining('not who it should be')]);
  });

  it('ends with 64 and its usage for options that are none', async () => {
    const { code, stderr } = await runToEnd(['conform', '--nonsense']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('usage: amphorad conform --url')]);
  });
});
