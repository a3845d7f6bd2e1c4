// A server that is added to a running haproxy in the planner's words against the same server read from a file: what
// haproxy tells of both, what its checks find, and what arrives at the member.

import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { planRuntimeChange } from '../../agent/haproxy/runtime-plan';
import type { NewServer } from '../../agent/haproxy/runtime-change';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory } from './kit/agent';
import { startHaproxy, type TestHaproxy } from './kit/haproxy';
import { makePki, type TestPki } from './kit/pki';
import { freePort } from './kit/traffic';

const sockets = createNodeUnixSockets();
const checked = 'check inter 100 fall 2 rise 2';
const httpCheck = ['option httpchk GET /', 'http-check expect rstatus 200'];
const tls = 'ssl verify none sni str(localhost) ciphers ECDHE+AESGCM no-sslv3 no-tlsv10 no-tlsv11 no-tlsv13';

interface Case {
  readonly words: string;
  readonly lines?: readonly string[];
  readonly isTls?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  plain: { words: 'weight 3' },
  limited: { words: 'weight 3 maxconn 7 backup', lines: ['option allbackups'] },
  checked: { words: `weight 1 ${checked}` },
  'checked over HTTP': { words: checked, lines: httpCheck },
  'checked on a port of its own': { words: `${checked} send-proxy port MEMBER addr 127.0.0.1` },
  'default-server': { words: 'no-backup', lines: [`default-server ${checked} weight 9 maxconn 4 backup`] },
  'PROXY v1': { words: `send-proxy ${checked}` },
  'PROXY v2': { words: `send-proxy-v2 ${checked}`, lines: httpCheck },
  'PROXY v2 with names': { words: `send-proxy-v2-ssl-cn ${checked}` },
  TLS: { words: `${tls} ${checked}`, isTls: true },
  'TLS, checked over TLS by word': { words: `check-ssl verify none ${checked} ssl`, isTls: true },
  'TLS with a client certificate': {
    words: `${tls} crt CLIENT ca-file CA verify required ${checked}`,
    isTls: true,
  },
  'TLS with a protocol': { words: `ssl verify none alpn http/1.1 ${checked}`, lines: httpCheck, isTls: true },
};
const names = Object.keys(cases);

/** A member that answers 200 and notes how each connection began. */
interface Member {
  readonly port: number;
  readonly beginnings: Set<string>;
  readonly count: () => number;
  end(): Promise<void>;
}

let directory: string;
let pki: TestPki;
let haproxy: TestHaproxy;
let port: number;
const members = new Map<string, Member>();
const added = new Map<string, NewServer>();

const ask = (command: string): Promise<string> =>
  sockets.request(haproxy.socket('admin'), command, { timeoutMs: 5_000 });

async function startMember(isTls: boolean): Promise<Member> {
  const beginnings = new Set<string>();
  const open = new Set<Socket>();
  let connections = 0;
  const answer = (socket: Socket | TLSSocket, begins: (chunk: Buffer) => string): void => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      beginnings.add(begins(chunk));
      if (chunk.includes('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  };
  const server: Server = isTls
    ? createTlsServer(
        {
          key: pki.server.keyPem,
          cert: pki.server.certificatePem,
          requestCert: true,
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
        },
        (socket) => answer(socket, () => describeTls(socket)),
      )
    : createServer((socket) => answer(socket, describeStart));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    beginnings,
    count: () => connections,
    end: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function describeTls(socket: TLSSocket): string {
  const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
  // Its type says string; without SNI it is false.
  const { servername } = socket as unknown as { servername: unknown };
  return [servername, socket.getProtocol(), socket.getCipher().name, socket.alpnProtocol, subject?.CN].join(
    ' ',
  );
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Says how a connection began, but for the ports that differ from one to the next. */
function describeStart(chunk: Buffer): string {
  if (!chunk.subarray(0, 12).equals(signature)) {
    return (chunk.toString('latin1').split('\r\n')[0] ?? '')
      .replace(/ \d+ \d+$/, '')
      .replace(/ \/[fd]\d+ /, ' / ');
  }
  const length = chunk.readUInt16BE(14);
  const header = Buffer.from(chunk.subarray(0, 16 + length));
  if (header[13] === 0x11) header.fill(0, 24, 28);
  return header.toString('hex');
}

function backend(name: string, { lines = [] }: Case, server: string): string {
  return `backend ${name}
  http-reuse always
${lines.map((line) => `  ${line}\n`).join('')}${server}`;
}

// f0, f1 … have the server from the file, d0, d1 … get it.
function textOf(has: boolean): string {
  const pairs = names.map((name, at) => {
    const each = cases[name] ?? { words: '' };
    const member = (kind: string): string => String(members.get(`${kind}${at}`)?.port);
    const server = (kind: string): string =>
      `  server s 127.0.0.1:${member(kind)} ${each.words
        .replace('MEMBER', member(kind))
        .replace('CLIENT', join(directory, 'client.pem'))
        .replace('CA', join(directory, 'ca.pem'))}\n`;
    return backend(`f${at}`, each, server('f')) + backend(`d${at}`, each, has ? server('d') : '');
  });
  return `frontend front
  bind 127.0.0.1:${port}
  use_backend %[path,field(2,/)]
${pairs.join('')}`;
}

beforeAll(async () => {
  directory = temporaryDirectory();
  [pki, port] = await Promise.all([makePki(), freePort()]);
  writeFileSync(join(directory, 'client.pem'), `${pki.client.certificatePem}${pki.client.keyPem}`);
  writeFileSync(join(directory, 'ca.pem'), pki.ca.certificatePem);
  for (const [at, name] of names.entries()) {
    for (const kind of ['f', 'd'])
      members.set(`${kind}${at}`, await startMember(cases[name]?.isTls === true));
  }
  haproxy = await startHaproxy(textOf(false), '  nbthread 1');
  const plan = planRuntimeChange({
    running: `global\n${textOf(false)}`,
    wanted: `global\n${textOf(true)}`,
    changedFiles: [],
    crtLists: new Map(),
    version: '2.6.0',
  });
  if (plan.kind === 'reload') throw new Error(plan.reason);
  for (const change of plan.changes) {
    if (change.kind !== 'add') throw new Error(change.kind);
    const { server } = change;
    added.set(server.backend, server);
    const name = `${server.backend}/${server.server}`;
    expect(await ask(`add server ${name} ${server.place} ${server.words.join(' ')}`)).toContain('registered');
    if (server.checks) await ask(`enable health ${name}`);
    await ask(`set server ${name} state ready`);
  }
});
afterAll(async () => {
  await haproxy.clean();
  for (const member of members.values()) await member.end();
});

const stateColumns = `srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_status srv_check_result
  srv_check_state srv_use_ssl srv_check_addr`.split(/\s+/);
const statColumns =
  `status weight act bck slim qlimit check_status check_rise check_fall check_health mode cookie
  check_desc`.split(/\s+/);

function pick(text: string, separator: string, columns: readonly string[], backendName: string): unknown {
  const lines = text.split('\n').filter((line) => line !== '' && line !== '1');
  const head = (lines[0] ?? '').replace(/^# /, '').split(separator);
  const row = lines.slice(1).map((line) => line.split(separator));
  const mine = row.find((cells) => cells.includes(backendName) && cells.includes('s')) ?? [];
  return Object.fromEntries(columns.map((column) => [column, mine[head.indexOf(column)]]));
}

async function toldOf(name: string): Promise<unknown> {
  const state = pick(await ask('show servers state'), ' ', stateColumns, name);
  return { state, stat: pick(await ask('show stat -1 4 -1'), ',', statColumns, name) };
}

function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const request = get({ host: '127.0.0.1', port, path, agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject);
  });
}

describe.each(names)('a server that is added and one of a file: %s', (name) => {
  const at = names.indexOf(name);
  const memberOf = (kind: string): Member => {
    const member = members.get(`${kind}${at}`);
    if (member === undefined) throw new Error('no such member');
    return member;
  };

  it('stand the same, and their checks find the same', async () => {
    await eventually(async () => {
      const [file, run] = await Promise.all([toldOf(`f${at}`), toldOf(`d${at}`)]);
      expect(JSON.stringify(file)).toMatch(/"status":"(?:UP|no check)"/);
      expect(run).toEqual(file);
    });
  });

  it('come back from maintenance in the same way', async () => {
    for (const kind of ['f', 'd']) await ask(`set server ${kind}${at}/s state maint`);
    expect(await toldOf(`d${at}`)).toEqual(await toldOf(`f${at}`));
    for (const kind of ['f', 'd']) await ask(`set server ${kind}${at}/s state ready`);
    await eventually(async () => {
      const [file, run] = await Promise.all([toldOf(`f${at}`), toldOf(`d${at}`)]);
      expect(JSON.stringify(file)).toMatch(/"status":"(?:UP|no check)"/);
      expect(run).toEqual(file);
    });
  });

  it('are spoken to in the same way, over connections that are used again', async () => {
    const before = ['f', 'd'].map((kind) => memberOf(kind).count());
    const hasChecks = added.get(`d${at}`)?.checks === true;
    for (let count = 0; count < 3; count += 1) {
      for (const kind of ['f', 'd']) expect(await statusOf(`/${kind}${at}`)).toBe(200);
    }
    const made = ['f', 'd'].map((kind, index) => memberOf(kind).count() - (before[index] ?? 0));
    // Checks make connections of their own.
    if (!hasChecks) expect(made).toEqual([1, 1]);
    await eventually(() => {
      expect(memberOf('d').beginnings).toEqual(memberOf('f').beginnings);
      return Promise.resolve();
    });
  });
});
