// What those who watch an amphora get: over mTLS and over the plain listener, of load balancers with real haproxies.

import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUnixSockets } from '../../agent/host/node/unix-socket';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import { createClient } from './kit/client';
import { startController, type Controller } from './kit/controller';
import { amphoraId } from './kit/pki';
import { askPromtool, promtool } from './kit/promtool';
import { fetchText, freePort, listenerConfig, startBackend, type Backend } from './kit/traffic';

const id = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-dddddddddddd`;
const sockets = createNodeUnixSockets();
const key = 'a-key-that-no-metric-may-tell';
let amphora: TestAgent;
let controller: Controller;
let one: Backend;
let two: Backend;

interface PlainAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Asks the listener without TLS. */
function plain(
  path: string,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<PlainAnswer> {
  const { address: host = '', port = 0 } = amphora.agent.metrics ?? {};
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

const scrape = async (): Promise<string> => (await plain('/metrics')).text;
const put = (path: string, body?: string): Promise<{ readonly status: number; readonly text: string }> =>
  amphora.client.put(`/v0.1/listeners/${path}`, body);
const upload = (listener: string, text: string): ReturnType<typeof put> =>
  put(`${amphoraId}/${listener}/haproxy`, text);
const tell = (listener: string, command: string): Promise<string> =>
  sockets.request(join(amphora.basePath, listener, 'master.sock'), command, { timeoutMs: 5_000 });

async function serving(listener: string): Promise<number> {
  const port = await freePort();
  const text = listenerConfig({ port, backends: [one, two] });
  const withDead = `${text}    server dead 127.0.0.1:${await freePort()} check inter 100ms\n`;
  expect((await upload(listener, withDead)).status).toBe(201);
  expect((await put(`${listener}/start`)).status).toBe(202);
  return port;
}

beforeAll(async () => {
  [one, two] = await Promise.all([startBackend('one'), startBackend('two')]);
  controller = await startController(key);
  amphora = await startTestAgent({
    amphorad: '[metrics]\nbind = 127.0.0.1:0',
    healthManager: `controller_ip_port_list = 127.0.0.1:${controller.port}\nheartbeat_key = ${key}\nheartbeat_interval = 1`,
  });
});
afterAll(async () => {
  await amphora.stop();
  await Promise.all([one.close(), two.close(), controller.close()]);
});

describe('GET /metrics', () => {
  let port = 0;
  beforeAll(async () => {
    port = await serving(id(1));
    await serving(id(2));
    for (let n = 0; n < 4; n += 1) await fetchText(port);
    await tell(id(1), '@1 set server pool-1/two state drain');
    expect((await put(`${id(2)}/stop`)).status).toBe(202);
    expect((await upload(id(1), 'frontend f\n  nonsense\n')).status).toBe(400);
    expect((await put(`${id(1)}/reload`)).status).toBe(202);
    const nowhere = join(amphora.basePath, id(1), 'sockets', 'of-nobody', 'x.sock');
    const stored = (await amphora.client.get(`/v0.1/listeners/${id(1)}/haproxy`)).text;
    const unbindable = stored.replace('default_backend', `bind unix@${nowhere}\n    default_backend`);
    expect((await upload(id(1), unbindable)).status).toBe(201);
    expect((await put(`${id(1)}/reload`)).status).toBe(500);
    await amphora.client.get('/v0.1/details');
    await amphora.client.get('/v0.1/nothing-here');
  });

  it('tells of each member whether it is up, drained or down', async () => {
    const member = (server: string, state: string): string =>
      `amphorad_member_state{load_balancer="${id(1)}",backend="pool-1",server="${server}",state="${state}"} 1`;
    await eventually(async () => {
      const lines = (await scrape()).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([member('one', 'up'), member('two', 'drain'), member('dead', 'down')]),
      );
      expect(lines.filter((line) => line.includes(`"${id(1)}",backend="pool-1",server=`))).toHaveLength(3);
    }, 15_000);
  });

  it('tells which load balancers run, which should, and what was done to them', async () => {
    await eventually(async () => {
      const lines = (await scrape()).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'amphorad_load_balancers 2',
          `amphorad_load_balancer_up{load_balancer="${id(1)}"} 1`,
          `amphorad_load_balancer_wanted{load_balancer="${id(2)}"} 0`,
          `amphorad_load_balancer_up{load_balancer="${id(2)}"} 0`,
          `amphorad_load_balancer_older_configuration{load_balancer="${id(1)}"} 0`,
          'amphorad_uploads_total{program="haproxy",result="accepted"} 3',
          'amphorad_uploads_total{program="haproxy",result="config-rejected"} 1',
          'amphorad_activations_total{program="haproxy",action="start",result="done"} 2',
          'amphorad_activations_total{program="haproxy",action="reload",result="reload-failed"} 1',
          'amphorad_activations_total{program="haproxy",action="reload",result="done",outcome="none"} 1',
          'amphorad_activation_duration_seconds_count{program="haproxy",action="reload"} 2',
          `amphorad_backend_up{load_balancer="${id(1)}",backend="pool-1"} 1`,
        ]),
      );
    }, 15_000);
  });

  it('counts requests by the API that answered them, never by their path', async () => {
    const text = await scrape();
    expect(text).toMatch(/amphorad_requests_total\{surface="octavia-v0\.1",method="GET",status="4xx"\} 1\n/);
    expect(text).toMatch(/amphorad_request_duration_seconds_count\{surface="octavia-v0\.1"\} \d+\n/);
    expect(text).not.toContain('nothing-here');
  });

  it('tells of heartbeats, certificates and the agent itself', async () => {
    await eventually(async () => {
      const text = await scrape();
      expect(text).toMatch(/amphorad_heartbeats_total\{result="sent"\} [1-9]/);
      expect(text).toMatch(/amphorad_heartbeat_bytes_total [1-9]/);
      expect(text).toContain('amphorad_heartbeat_size_step 1\n');
      expect(text).toMatch(/amphorad_server_certificate_not_after_seconds \d{10}/);
      expect(text).toMatch(/amphorad_event_loop_lag_seconds_count [1-9]/);
      expect(text).toMatch(/amphorad_process_resident_memory_bytes \d{8}/);
      expect(text).toMatch(/amphorad_build_info\{version="[^"]+",node="v[^"]+"\} 1/);
      expect(text).toContain('amphorad_scrape_failures 0\n');
    }, 15_000);
  });

  it('tells no secret', async () => {
    expect(await scrape()).not.toContain(key);
  });

  it('is the same over mTLS, and asks for a certificate there', async () => {
    const answer = await amphora.client.get('/metrics');
    expect([answer.status, answer.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(answer.text).toContain('amphorad_load_balancers 2');
    const stranger = createClient({
      port: amphora.agent.port,
      ca: amphora.pki.ca.certificatePem,
      identity: undefined,
    });
    expect((await stranger.get('/metrics')).status).toBe(401);
    stranger.close();
  });

  it('speaks OpenMetrics to those who ask for it', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    const { type, text } = await plain('/metrics', 'GET', { Accept: accept });
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toContain('# TYPE amphorad_uploads counter\n');
    expect(text).toContain('amphorad_uploads_total{program="haproxy",result="accepted"} 3\n');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  it('shows a load balancer that was removed no more', async () => {
    await amphora.client.delete(`/v0.1/listeners/${id(2)}`);
    await eventually(async () => expect(await scrape()).not.toContain(id(2)), 15_000);
  });

  const ifThere = promtool === undefined ? it.skip : it;
  ifThere('has nothing that promtool complains about', async () => {
    const text = await scrape();
    expect(askPromtool(['check', 'metrics'], text)).toEqual({ status: 0, printed: '' });
  });
});

describe('GET /livez', () => {
  it('says that the agent does its work, on both listeners, in JSON or in text', async () => {
    const answer = await amphora.client.get('/livez');
    expect([answer.status, answer.json()]).toEqual([200, { live: true, reasons: [] }]);
    expect(await plain('/livez', 'GET', { Accept: 'text/plain' })).toEqual({
      status: 200,
      type: 'text/plain; charset=UTF-8',
      text: 'live\n',
    });
  });

  it('takes no other method', async () => {
    expect((await plain('/livez', 'POST')).status).toBe(405);
  });
});

describe('GET /readyz', () => {
  it('says why not while what should run does not, in words that name no tenant', async () => {
    const mine = await startTestAgent({ pki: amphora.pki, amphorad: 'hang_timeout = 1 s' });
    try {
      const port = await freePort();
      const path = `/v0.1/listeners/${id(5)}`;
      const text = listenerConfig({ port, backends: [one] });
      const ready = await mine.client.get('/readyz');
      expect([ready.status, ready.json()]).toEqual([200, { ready: true, reasons: [] }]);
      await mine.client.put(`/v0.1/listeners/${amphoraId}/${id(5)}/haproxy`, text);
      const started = await mine.client.put(`${path}/start`);
      const pid = Number(/pid (\d+)/.exec(started.text)?.[1]);
      expect(pid).toBeGreaterThan(1);
      process.kill(pid, 'SIGSTOP');
      try {
        await eventually(async () => {
          const answer = await mine.client.get('/readyz');
          expect([answer.status, answer.json()]).toEqual([
            503,
            {
              ready: false,
              reasons: [{ check: 'load-balancers', what: '1 load balancer should run and does not' }],
            },
          ]);
        }, 20_000);
        expect((await mine.client.get('/livez')).status).toBe(200);
        expect((await mine.client.get('/metrics')).text).toContain(
          `amphorad_load_balancer_up{load_balancer="${id(5)}"} 0`,
        );
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await eventually(async () => expect((await mine.client.get('/readyz')).status).toBe(200), 20_000);
    } finally {
      await mine.stop();
    }
  });
});

describe('the listener without TLS', () => {
  it('serves nothing else', async () => {
    for (const path of ['/', '/v0.1/info', '/1.0/info', '/metrics/more', '/v0.1/listeners']) {
      expect((await plain(path)).status).toBe(404);
    }
  });

  it('is not there unless the configuration says so', async () => {
    const mine = await startTestAgent({ pki: amphora.pki });
    expect(mine.agent.metrics).toBeUndefined();
    await mine.stop();
  });
});

const whereJudged = promtool === undefined ? describe.skip : describe;
whereJudged('the examples of docs/metrics.md', () => {
  const examples = join(__dirname, '..', '..', 'docs', 'examples', 'monitoring');

  it('has rules that Prometheus takes', () => {
    const { status, printed } = askPromtool(['check', 'rules', '--lint-fatal', join(examples, 'alerts.yml')]);
    expect([status, printed]).toEqual([0, expect.stringMatching(/SUCCESS: \d+ rules found/)]);
  });

  it('has a configuration that Prometheus takes', () => {
    const { status, printed } = askPromtool([
      'check',
      'config',
      '--syntax-only',
      join(examples, 'prometheus.yml'),
    ]);
    expect([status, printed]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
