// `amphorad check`: what an operator reads before the agent is restarted.

import { describe, expect, it } from '@jest/globals';
import { runCheck } from '../../../agent/boot/check';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { crlFixture } from '../../fixtures/crl/fixture';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const key = 'a very secret key';
const good = `[amphora_agent]
amphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11
agent_server_cert = /certs/server.pem
agent_server_ca = /certs/ca.pem
[health_manager]
heartbeat_key = ${key}
`;

const check = async (changes: Record<string, string> = {}, now = Date.UTC(2026, 0, 15)) => {
  const files = createMemoryFiles({
    '/etc/agent.conf': good,
    '/certs/server.pem': fixture('ec.key') + fixture('ec.crt'),
    '/certs/ca.pem': fixture('root.crt'),
    ...changes,
  });
  const before = files.snapshot();
  const printed = { out: '', err: '' };
  const host = {
    files,
    clock: createHandClock(now),
    system: createLiteralSystem(),
    sockets: createScriptedSockets(),
    localServers: createScriptedLocalServers(),
    runner: createScriptedRunner(),
  };
  const sources = {
    configFiles: ['/etc/agent.conf'],
    configDirs: [],
    localFiles: [{ path: '/etc/local.conf', required: false }],
    environment: {},
  };
  const status = await runCheck(sources, host, {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  expect(files.snapshot()).toEqual(before);
  return { status, ...printed };
};

describe('a check', () => {
  it('of a right configuration prints what is in force and on what machine, without secrets', async () => {
    const { status, out, err } = await check();
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('/certs/server.pem');
    expect(out).toContain('Debian GNU/Linux 12, kernel 6.1.0-18-amd64 x64 (KVM); 2 × Intel Xeon; 977 MiB');
    expect(out).not.toContain(key);
  });

  it('warns of what has no effect', async () => {
    const { status, err } = await check({ '/etc/agent.conf': `${good}no_such_key = 1\n` });
    expect(status).toBe(0);
    expect(err).toMatch(/^warning: .*no_such_key/);
  });

  it('prints all that is wrong at once', async () => {
    const wrong = `${good}heartbeat_interval = soon\n[haproxy_amphora]\nbind_port = 70000\n`;
    const { status, out, err } = await check({ '/etc/agent.conf': wrong });
    expect([status, out]).toEqual([78, '']);
    expect(err).toMatch(/^error: .*heartbeat_interval/m);
    expect(err).toMatch(/^error: .*bind_port/m);
  });

  it('says which certificate cannot be used, and why', async () => {
    const { status, err } = await check({ '/certs/ca.pem': 'garbage' });
    expect(status).toBe(78);
    expect(err).toMatch(/^error: agent_server_ca: \/certs\/ca\.pem: No CA certificate found: expected/);
  });

  it('says which templates replace those built in, and which cannot be used', async () => {
    const directory = '/etc/amphorad/templates';
    const other = 'global\n stats socket {{adminSocket}}\n{{#each logs}} log {{this}}\n{{/each}}';
    const { status, out } = await check({ [`${directory}/haproxy-overlay.cfg.hbs`]: other });
    expect(status).toBe(0);
    expect(out).toContain(`# in place of a built-in template: ${directory}/haproxy-overlay.cfg.hbs\n`);
    const broken = await check({ [`${directory}/firewall.nft.hbs`]: '{{#if' });
    expect(broken.status).toBe(78);
    expect(broken.err).toMatch(
      /^error: \/etc\/amphorad\/templates\/firewall\.nft\.hbs: Parse error on line 1/m,
    );
    const strange = await check({ [`${directory}/haproxy.cfg.hbs`]: '' });
    expect([strange.status, strange.err]).toEqual([
      0,
      `warning: ${directory}/haproxy.cfg.hbs: no template has this name\n`,
    ]);
  });

  const withLists = {
    '/etc/agent.conf': good,
    '/etc/local.conf': '[amphorad]\nclient_crl = /certs/crl.pem\n',
  };

  it('says which revocation list cannot be used, and why', async () => {
    const { status, err } = await check({ ...withLists, '/certs/crl.pem': crlFixture('root-delta.crl') });
    expect(status).toBe(78);
    expect(err).toMatch(
      /^error: client_crl: \/certs\/crl\.pem: Revocation list cannot be used: .* is a delta list/,
    );
  });

  it('warns of lists that are missing or run out', async () => {
    const { status, err } = await check(
      {
        ...withLists,
        '/certs/ca.pem': crlFixture('root.crt') + fixture('root.crt'),
        '/certs/crl.pem': crlFixture('root.crl'),
      },
      Date.UTC(2026, 0, 30),
    );
    expect(status).toBe(0);
    expect(err).toMatch(/^warning: There is no revocation list of CN=Fixture RSA root\./m);
    expect(err).toMatch(/^warning: The revocation list of CN=CRL fixture root is good until 2026-02-01/m);
  });
});
