// VRRP and topology over mTLS, in both dialects: every status and body of the contracts, with the real keepalived in a
// network namespace of the test's own.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { startTestAgent, type TestAgent } from './kit/agent';
import type { Answer } from './kit/client';
import { startController, type Controller } from './kit/controller';

const namespace = `amph-${process.pid}-vrrp`;
const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0;
const canRun =
  process.geteuid?.() === 0 && spawnSync('keepalived', ['-v']).status === 0 && ip('netns', 'add', namespace);
if (!canRun) process.stderr.write('skipped: no root, no keepalived or no namespaces, so no VRRP\n');

const vip = '192.168.50.10';
const instance = `vrrp_instance own {
    state BACKUP
    interface eth1
    virtual_router_id 9
    priority 90
    virtual_ipaddress {
        ${vip}/24 dev eth1
    }
}
`;
const pair = { topology: 'ACTIVE-STANDBY', role: 'ACTIVE', ha_ip: ` ${vip}`, secret: 'KeepAlive123!' };
const key = 'a-key-of-heartbeats';
let amphora: TestAgent;
let controller: Controller;

const said = (answer: Answer): readonly unknown[] => [answer.status, answer.json()];
const put = async (path: string, body?: string) => said(await amphora.client.put(path, body));
const post = async (body: unknown) =>
  said(await amphora.client.post('/v0.1/topology', typeof body === 'string' ? body : JSON.stringify(body)));
const path = (name: string): string => join(amphora.basePath, 'vrrp', name);
const details = async () => (await amphora.client.get('/v0.1/details')).json();
const addresses = (): string =>
  spawnSync('ip', ['-n', namespace, 'addr', 'show', 'eth1'], { encoding: 'utf8' }).stdout;

beforeAll(async () => {
  if (!canRun) return;
  ip('-n', namespace, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'other');
  ip('-n', namespace, 'addr', 'add', '192.168.50.11/24', 'dev', 'eth1');
  for (const name of ['lo', 'eth1', 'other']) ip('-n', namespace, 'link', 'set', name, 'up');
  controller = await startController(key);
  amphora = await startTestAgent({
    amphorad: `network_namespace = ${namespace}`,
    healthManager: `controller_ip_port_list = 127.0.0.1:${controller.port}\nheartbeat_interval = 3600\nheartbeat_key = ${key}`,
  });
});

afterAll(async () => {
  if (!canRun) return;
  await amphora.stop();
  await controller.close();
  ip('netns', 'delete', namespace);
});

const whenItCan = canRun ? describe : describe.skip;

whenItCan('before the first upload', () => {
  it.each(['start', 'stop', 'reload'])('every action fails in each dialect’s words: %s', async (action) => {
    const why = 'keepalived has no configuration';
    expect(await put(`/v0.1/vrrp/${action}`)).toEqual([
      500,
      { message: `Failed to ${action} keepalived service: ${why}`, details: why },
    ]);
    expect(await put(`/1.0/vrrp/${action}`)).toEqual([
      500,
      { message: `Failed to ${action} octavia-keepalived service`, details: why },
    ]);
  });

  it.each(['/v0.1', '/1.0'])('an unknown action of %s is 400', async (prefix) => {
    expect(await put(`${prefix}/vrrp/restart`)).toEqual([
      400,
      { message: 'Invalid Request', details: 'Unknown action: restart' },
    ]);
  });
});

whenItCan('GET /v0.1/topology', () => {
  it('200: a single amphora that is active', async () => {
    expect(said(await amphora.client.get('/v0.1/topology'))).toMatchObject([
      200,
      { topology: 'SINGLE', role: 'ACTIVE', ha_ip: '' },
    ]);
    expect(await details()).toMatchObject({ active: true, topology_status: 'OK' });
  });
});

whenItCan('POST /v0.1/topology', () => {
  it.each([
    [{ topology: 'BAD_TEST_DATA' }, 'Unknown topology: BAD_TEST_DATA'],
    [
      { topology: 'ACTIVE-STANDBY', role: 'x', secret: 's' },
      'role: expected ACTIVE or STANDBY, got "x"; ha_ip: required for ACTIVE-STANDBY',
    ],
    ['nonsense', 'body: expected a JSON object'],
    [
      { ...pair, ha_ip: '10.9.9.9' },
      'ha_ip: 10.9.9.9: no interface has it, or a subnet with it: plug the VIP, or name an interface',
    ],
    [{ ...pair, interface: 'eth7' }, 'interface: there is no eth7'],
  ])('400 with all that is wrong: %j', async (body, wrong) => {
    expect(await post(body)).toEqual([400, { message: 'Invalid request', details: wrong }]);
  });

  it('200 where nothing changes', async () => {
    expect(await post({ topology: 'SINGLE' })).toEqual([200, { message: 'OK' }]);
    expect(await post({ topology: 'ACTIVE-ACTIVE' })).toEqual([200, { message: 'OK' }]);
  });

  it('202 where a transition begins; 503 for whoever changes anything meanwhile; then a heartbeat', async () => {
    await eventually(() => {
      expect(controller.heard.length).toBeGreaterThan(0);
    });
    const before = controller.heard.length;
    // A check that fails keeps it from MASTER and BACKUP.
    writeFileSync(path('force-fail'), '');
    expect(await post({ ...pair, advert_interval: 0.3 })).toEqual([202, { message: 'OK' }]);
    expect(await details()).toMatchObject({ topology: 'ACTIVE-ACTIVE', topology_status: 'TOPOLOGY-CHANGE' });
    const busy = [503, { message: 'Topology transition in progress' }];
    expect(await post({ topology: 'SINGLE' })).toEqual(busy);
    expect(await put('/v0.1/vrrp/stop')).toEqual(busy);
    expect(await put('/1.0/vrrp/upload', instance)).toEqual(busy);
    expect(await put('/v0.1/certificate', 'x')).toEqual(busy);
    expect(said(await amphora.client.delete('/1.0/listeners/x'))).toEqual(busy);
    expect((await amphora.client.get('/1.0/listeners')).status).toBe(200);
    spawnSync('rm', [path('force-fail')]);
    await eventually(async () => {
      expect(await details()).toMatchObject({
        active: true,
        topology: 'ACTIVE-STANDBY',
        topology_status: 'OK',
        topology_note: expect.stringContaining('VRRP version 3'),
      });
    }, 15_000);
    expect(addresses()).toContain(`${vip}/24`);
    await eventually(() => {
      expect(controller.heard.length).toBeGreaterThan(before);
    });
    expect(await post({ ...pair, advert_interval: 0.3 })).toEqual([200, { message: 'OK' }]);
  }, 30_000);

  it('202 back to SINGLE: the VIP is on the interface again, keepalived is gone', async () => {
    expect(await post({ topology: 'SINGLE' })).toEqual([202, { message: 'OK' }]);
    await eventually(async () => {
      expect(await details()).toMatchObject({ active: true, topology: 'SINGLE', topology_status: 'OK' });
    });
    expect(addresses()).toContain(`${vip}/24`);
    expect(existsSync(path('octavia-keepalived.conf'))).toBe(false);
    ip('-n', namespace, 'addr', 'del', `${vip}/24`, 'dev', 'eth1');
  }, 30_000);
});

whenItCan.each([
  ['/v0.1', 'Failed to upload keepalived configuration.'],
  ['/1.0', 'Invalid request'],
])('PUT %s/vrrp/upload', (prefix, message) => {
  it.each([
    ['nothing', '', /empty/],
    ['what the policy refuses', `include /etc/x\n${instance}`, /line 1: "include"/],
    ['what keepalived refuses', instance.replace('eth1\n', 'eth9\n'), /eth9/],
    ['a broken block', instance.slice(0, -2), /not closed/],
  ])('400: %s', async (_what, text, wrong) => {
    expect(await put(`${prefix}/vrrp/upload`, text)).toEqual([
      400,
      { message, details: expect.stringMatching(wrong) },
    ]);
    expect(existsSync(path('octavia-keepalived.candidate'))).toBe(false);
  });

  it('400: no text', async () => {
    const answer = await amphora.client.put(`${prefix}/vrrp/upload`, Buffer.from([0xff, 0x00]));
    expect(answer.status).toBe(400);
  });
});

whenItCan('PUT /1.0/vrrp/upload', () => {
  it('200 with the digest of what came, which starts nothing', async () => {
    const answer = await amphora.client.put('/1.0/vrrp/upload', instance);
    expect(said(answer)).toEqual([200, { message: 'OK' }]);
    expect(answer.headers.etag).toBe(createHash('md5').update(instance).digest('hex'));
    expect(readFileSync(path('octavia-keepalived.conf'), 'utf8')).toBe(instance);
    expect(existsSync(path('octavia-keepalived.pid'))).toBe(false);
  });
});

whenItCan('PUT /1.0/vrrp/{start|stop|reload}', () => {
  it('500 to reload what is stopped', async () => {
    expect(await put('/1.0/vrrp/reload')).toEqual([
      500,
      { message: 'Failed to reload octavia-keepalived service', details: 'keepalived is not running' },
    ]);
  });

  it('202 in any letter case, by Octavia’s spelling; a start of what runs reloads it', async () => {
    const done = (what: string) => [202, { message: 'OK', details: `keepalived ${what}` }];
    expect(await put('/1.0/vrrp/START')).toEqual(done('started'));
    expect(await put('/1.0/vrrp/start')).toEqual(done('reloaded'));
    expect(await put('/1.0/vrrp/Reload')).toEqual(done('reloaded'));
    expect(await put('/1.0/vrrp/stop')).toEqual(done('stoped'));
    expect(await put('/1.0/vrrp/stop')).toEqual(done('stoped'));
  }, 20_000);
});

whenItCan('PUT /v0.1/vrrp/upload', () => {
  it('200', async () => {
    expect(await put('/v0.1/vrrp/upload', instance)).toEqual([200, { message: 'OK' }]);
  });

  it('wins over a topology, which is then recorded and nothing more', async () => {
    expect(await post(pair)).toEqual([200, { message: 'OK' }]);
    expect(readFileSync(path('octavia-keepalived.conf'), 'utf8')).toBe(instance);
    expect(await details()).toMatchObject({ topology: 'ACTIVE-STANDBY', active: false });
  });
});

whenItCan('PUT /v0.1/vrrp/:action', () => {
  it('202 for each; the role that keepalived reports shows', async () => {
    const done = (what: string) => [202, { message: 'OK', details: `keepalived ${what}` }];
    expect(await put('/v0.1/vrrp/start')).toEqual(done('started'));
    expect(await put('/v0.1/vrrp/reload')).toEqual(done('reloaded'));
    await eventually(async () => {
      expect((await amphora.client.get('/v0.1/topology')).json()).toMatchObject({
        topology: 'ACTIVE-STANDBY',
        role: 'ACTIVE',
        ha_ip: vip,
      });
    }, 15_000);
    expect(await put('/v0.1/vrrp/stop')).toEqual(done('stopped'));
    expect(addresses()).not.toContain(vip);
  }, 30_000);

  it('500 for a stop whose pid file names a process that is none', async () => {
    writeFileSync(path('octavia-keepalived.pid'), '4194305\n', { mode: 0o600 });
    const why = 'keepalived process with PID 4194305 not found';
    expect(await put('/v0.1/vrrp/stop')).toEqual([
      500,
      { message: `Failed to stop keepalived service: ${why}`, details: why },
    ]);
  });
});
