// `amphorad conform` over a scripted agent: what it sends, what it leaves, how it ends.

import { beforeAll, describe, expect, it } from '@jest/globals';
import { runConform, type ConformOptions } from '../../../agent/conform/conform';
import { parseConformArguments } from '../../../agent/boot/conform-command';
import { wrapEnvelope } from '../../../agent/heartbeat/codec';
import type { HttpsAnswer, HttpsEnd, HttpsRequest } from '../../../agent/host/https';
import { AgentError } from '../../../agent/model/errors';
import { issueCa } from '../../../agent/pki/issue';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedUdp } from '../../fakes/recorded-udp';
import { createScriptedHttps, scriptedAnswer } from '../../fakes/scripted-https';

const amphoraId = '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01';
const words = ['--url', 'https://127.0.0.1:9443', '--cert', '/c', '--ca', '/ca', '--amphora-id', amphoraId];
let caPem = '';

beforeAll(async () => {
  caPem = (await issueCa({ commonName: 'CA', now: Date.now(), days: 2 })).certificatePem;
});

function options(...more: readonly string[]): ConformOptions {
  const parsed = parseConformArguments([...words, ...more]);
  if (parsed === 'help') throw new Error('no options');
  return parsed;
}

function run(
  given: ConformOptions,
  answer: (request: HttpsRequest) => HttpsAnswer | HttpsEnd = () => scriptedAnswer(404, {}),
  ended = new AbortController(),
) {
  const https = createScriptedHttps(answer);
  const clock = createHandClock(Date.now());
  const udp = createRecordedUdp();
  const printed: string[] = [];
  const files = createMemoryFiles({ '/c': 'client', '/ca': caPem, '/key': 'the-key\n' });
  const print = (text: string) => void printed.push(text);
  const status = runConform(given, { https, clock, udp, files, print, signal: ended.signal });
  return { status, https, udp, clock, printed, text: () => printed.join('') };
}

describe('what is sent', () => {
  it('without leave to change anything is GET, HEAD and OPTIONS; what was left out is said', async () => {
    const { status, https, text } = run(options());
    expect(await status).toBe(1);
    expect([...new Set(https.asked.map(({ method }) => method))].sort()).toEqual(['GET', 'HEAD', 'OPTIONS']);
    expect(text()).toMatch(/left out: 1\.0\/life cycle, \d+ cases: --allow-changes was not given/);
  });

  it('is of one dialect when one is chosen, and of the cases that are meant', async () => {
    const { status, https } = run(options('--dialect', '1.0', '--only', 'GET /1.0/info'));
    await status;
    expect([...new Set(https.asked.map(({ path }) => path))].sort()).toEqual([
      '/',
      '/1.0/info',
      '/1.0/info/',
    ]);
  });

  it('is refused when no case is meant', async () => {
    const { status } = run(options('--only', 'no such case'));
    await expect(status).rejects.toMatchObject({ kind: 'invalid-input' });
  });
});

describe('what was made', () => {
  it('is deleted when it is interrupted, and it says that it was', async () => {
    const ended = new AbortController();
    const made = new Set<string>();
    const { status, https, text } = run(
      options('--dialect', '1.0', '--allow-changes'),
      ({ method, path }) => {
        const id = /\/loadbalancer\/[^/]+\/([^/]+)\/haproxy$/.exec(path)?.[1];
        if (method === 'PUT' && id !== undefined) made.add(id);
        if (path.endsWith('/reload')) ended.abort();
        return scriptedAnswer(method === 'GET' ? 404 : 202, { message: 'OK' });
      },
      ended,
    );
    expect(await status).toBe(1);
    const deleted = https.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    expect(made.size).toBeGreaterThan(1);
    for (const id of made) expect(deleted).toContain(`/1.0/listeners/${id}`);
    expect(text()).toContain('interrupted');
    const udpCalls = https.asked.filter(({ path }) => path.includes('/udp_listener'));
    expect(udpCalls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('and is still there is named, and no success', async () => {
    const { status, text } = run(options('--dialect', '1.0', '--allow-changes'), ({ method, path }) =>
      method === 'GET' && path.endsWith('/haproxy')
        ? scriptedAnswer(200, 'global')
        : scriptedAnswer(202, { message: 'OK' }),
    );
    expect(await status).toBe(1);
    expect(text()).toMatch(/LEFT BEHIND: 1\.0 \S+: \S+\/haproxy is still there/);
  });
});

describe('an agent', () => {
  it.each<[string, () => HttpsAnswer | HttpsEnd, AgentError['kind']]>([
    ['that ends the connection', () => ({ kind: 'ended', why: 'ECONNRESET' }), 'unauthorized'],
    ['that refuses the certificate', () => scriptedAnswer(401, {}), 'unauthorized'],
    [
      'that is not there',
      () => {
        throw new AgentError('unavailable', 'no connection');
      },
      'unavailable',
    ],
  ])('%s is no list of failures', async (_what, answer, kind) => {
    const { status, text } = run(options(), answer);
    await expect(status).rejects.toMatchObject({ kind });
    expect(text()).toBe('');
  });

  it('that is gone later fails its cases by what happened', async () => {
    let asked = 0;
    const { status, text } = run(options('--dialect', '1.0', '--only', 'GET /1.0/details$'), () => {
      asked += 1;
      if (asked > 1) throw new AgentError('unavailable', 'no connection to there');
      return scriptedAnswer(200, {});
    });
    expect(await status).toBe(1);
    expect(text()).toContain('- no connection to there');
  });
});

describe('heartbeats', () => {
  const given = ['--listen', '127.0.0.1:5555', '--heartbeat-key-file', '/key', '--only', 'heartbeat:'];
  const heartbeat = (seq: number) =>
    wrapEnvelope(JSON.stringify({ id: amphoraId, seq, ver: 3, listeners: {}, pools: {} }), 'the-key', 9);

  it('are waited for and held against the contract', async () => {
    const { status, udp, clock, text } = run(options('--dialect', '1.0', ...given));
    const result = { status: undefined as number | undefined };
    void status.then((value) => (result.status = value));
    for (let seq = 0; result.status === undefined; seq += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      udp.deliver(5555, heartbeat(seq));
      await clock.advance(100);
    }
    expect([result.status, text()]).toEqual([0, expect.stringContaining('2 cases: 2 pass')]);
  });

  it('need an address and a key', async () => {
    const { status } = run(options('--listen', '127.0.0.1:5555'));
    await expect(status).rejects.toMatchObject({ kind: 'invalid-input' });
  });
});

describe('its command line', () => {
  it.each([
    [['--dialect', '2.0'], '--dialect'],
    [['--base-path', 'relative'], '--base-path'],
    [['--base-path', '/a b'], '--base-path'],
    [['--namespace', 'a b'], '--namespace'],
    [['--network', 'eth0'], '--network'],
    [['--heartbeat-wait', 'long'], '--heartbeat-wait'],
    [['--nonsense'], '--nonsense'],
  ])('refuses %j by name', (more, name) => {
    expect(() => options(...more)).toThrow(name);
  });

  it('needs to know where and as whom', () => {
    expect(() => parseConformArguments(['--url', 'https://x'])).toThrow('amphorad conform');
  });
});
