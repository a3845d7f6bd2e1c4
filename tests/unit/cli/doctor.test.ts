// The doctor on machines of fakes: what it sees, what it says to do, and the status it ends with.

import { describe, expect, it } from '@jest/globals';
import { version } from '../../../agent/generated/version';
import type { Finding } from '../../../agent/model/finding';
import { answering, id, limits, well, type Machine } from './doctor-scene';

describe('amphorad doctor', () => {
  it('says ok to every check of a healthy amphora, and ends with 0', async () => {
    const { text, status } = await (await answering()).run();
    expect(status).toBe(0);
    const lines = text.trim().split('\n');
    expect(lines.at(-1)).toMatch(/^0 errors, 0 warnings, \d+ checks$/);
    expect(lines.slice(0, -2).filter((line) => !/^ok {7}[a-z-]+( \([^)]+\))?$/.test(line))).toEqual([]);
  });

  it('changes nothing', async () => {
    const machine = await answering();
    const before = machine.files.snapshot();
    await machine.run();
    expect(machine.files.snapshot()).toEqual(before);
  });

  it('without an agent says so, why it matters and how to start one, and goes on with the rest', async () => {
    const { text, status } = await well().run();
    expect(status).toBe(1);
    expect(text).toMatch(
      /error {4}agent: No agent answers on \/var\/lib\/octavia\/agent.sock\n +why: .+\n +do: {2}Start it/,
    );
    expect(text).toContain('ok       haproxy');
  });

  it('hands on what the agent itself found; with warnings alone it ends with 2', async () => {
    const machine = well();
    const own: Finding = {
      check: 'old-workers',
      severity: 'warning',
      what: '9 old workers',
      why: 'memory',
      todo: 'wait',
    };
    await machine.say({ pid: 77, version, findings: [own, { check: 'no finding' }] });
    const { text, status } = await machine.run();
    expect([status, text]).toEqual([2, expect.stringMatching(/warning {2}old-workers: 9 old workers/)]);
  });

  it('prints one JSON document on request', async () => {
    const { text, status } = await well().run(true);
    const { ok, errors, warnings, checks } = JSON.parse(text) as Record<string, unknown>;
    expect({ status, ok, errors, warnings }).toEqual({ status: 1, ok: false, errors: 1, warnings: 0 });
    expect(checks).toContainEqual({
      check: 'agent',
      findings: [expect.objectContaining({ severity: 'error' })],
    });
  });

  it('ends with 78 at a configuration that is wrong, naming each line', async () => {
    const machine = await answering('[amphorad]\nnetwork_namespace =\nhang_timeout = soon\n');
    const { text, status } = await machine.run();
    expect([status, text]).toEqual([
      78,
      expect.stringMatching(/error {4}configuration: \/etc\/local.conf:3: .*hang_timeout/),
    ]);
  });

  it('takes an answer that is no report for none', async () => {
    for (const answer of ['', 'nonsense', '[]', '{"pid":"1"}', 'null']) {
      const machine = well();
      await machine.localServers.serve('/var/lib/octavia/agent.sock', () => answer);
      expect((await machine.run()).text).toContain('No agent answers');
    }
  });
});

const link = 'link';
const troubles: readonly (readonly [
  check: string,
  status: number,
  words: RegExp,
  harm: (machine: Machine) => unknown,
  local?: string,
])[] = [
  [
    'haproxy',
    1,
    /does not answer/,
    ({ runner }) => runner.script({ match: /haproxy -v/, cannotStart: 'ENOENT' }),
  ],
  [
    'haproxy',
    2,
    /version 2\.4\.1/,
    ({ runner }) => runner.script({ match: /haproxy -v/, result: { stdout: 'HA-Proxy version 2.4.1\n' } }),
  ],
  ['descriptors', 2, /4096.*100029/, ({ files }) => files.plant('/proc/77/limits', limits('4096'))],
  ['namespace', 1, /namespace amphora-haproxy does not exist/, () => undefined, ''],
  [
    'path-lengths',
    1,
    /too long/,
    () => undefined,
    `[amphorad]\nnetwork_namespace =\nruntime_dir = /${'x'.repeat(60)}\n`,
  ],
  ['directories', 1, /mode 777/, ({ files }) => files.makeDirectory('/var/lib/octavia', 0o777)],
  ['directories', 2, /belongs to user 1000/, ({ files }) => files.own('/var/lib/octavia', 1000)],
  [
    'directories',
    1,
    /certs is a link/,
    async ({ files }) => {
      await files.remove('/var/lib/octavia/certs');
      files.plantLink('/var/lib/octavia/certs', '/tmp');
    },
  ],
  [
    'vrrp-scripts',
    1,
    /vrrp: others than its owner may write there/,
    async ({ files }) => {
      for (const name of ['check_script.sh', 'notify.sh', 'check_scripts/haproxy_check_script.sh'])
        files.plant(`/var/lib/octavia/vrrp/${name}`, '', 0o755);
      files.plant('/var/lib/octavia/vrrp/octavia-keepalived.conf', '');
      await files.makeDirectory('/var/lib/octavia/vrrp', 0o775);
    },
  ],
  ['vrrp-levers', 2, /disabled is there/, ({ files }) => files.plant('/var/lib/octavia/vrrp/disabled', '')],
  [
    'vrrp-levers',
    2,
    /force-fail is there/,
    ({ files }) => files.plant('/var/lib/octavia/vrrp/force-fail', ''),
  ],
  ['disk-space', 1, /100 KiB are free/, ({ files }) => files.setSpace({ usedKb: 5, availableKb: 100 })],
  ['server-certificate', 1, /There is no file/, ({ files }) => files.remove('/pki/server.pem')],
  [
    'server-certificate',
    1,
    /expired or not yet valid/,
    ({ clock }) => clock.jumpWall(200 * 365 * 86_400_000),
  ],
  ['client-ca', 1, /agent_server_ca/, ({ files }) => files.plant('/pki/ca.pem', 'nonsense')],
  [
    'client-crl',
    1,
    /There is no file \/pki\/crl.pem/,
    () => undefined,
    '[amphorad]\nnetwork_namespace =\nclient_crl = /pki/crl.pem\n',
  ],
];

describe('the doctor sees', () => {
  it.each(troubles)('%s (status %i): %s', async (...row) => {
    const [check, status, words, harm, local] = row;
    const machine = await answering(local);
    await harm(machine);
    const diagnosis = await machine.run(true);
    const { checks } = JSON.parse(diagnosis.text) as { checks: { check: string; findings: Finding[] }[] };
    const [finding] = checks.find((each) => each.check === check)?.findings ?? [];
    expect(finding?.what).toMatch(words);
    expect([finding?.why, finding?.todo].every((text) => (text ?? '').length > 10)).toBe(true);
    expect(diagnosis.status).toBe(status);
  });

  it('an agent that is process 1, and one of another version', async () => {
    const machine = well();
    machine.files.plant('/proc/1/limits', limits('unlimited'));
    await machine.say({ pid: 1, version: '0.0.1', findings: [] });
    const { text } = await machine.run();
    expect(text).toMatch(/error {4}reaper: .*process 1/);
    expect(text).toMatch(/warning {2}agent: .*version 0\.0\.1/);
  });

  it('strange things in base_path also while no agent runs', async () => {
    const machine = well();
    machine.files.plant('/var/lib/octavia/core.77', '');
    await machine.files.remove(`/var/lib/octavia/${id}`);
    machine.files.plantLink(`/var/lib/octavia/${id}`, `/${link}`);
    const { text } = await machine.run();
    expect(text).toMatch(/warning {2}entries: .*core\.77/);
    expect(text).toMatch(new RegExp(`error {4}entries: .*${id} is no directory`));
  });

  it('what it may not look at as such, and the rest all the same', async () => {
    const machine = await answering();
    machine.files.setSpace({ usedKb: 0, availableKb: 0 });
    machine.runner.script({ match: /haproxy -v/, result: () => Promise.reject(new TypeError('unforeseen')) });
    const { text, status } = await machine.run();
    expect(status).toBe(2);
    expect(text).toMatch(/warning {2}haproxy: This could not be looked at: unforeseen/);
    expect(text).toContain('ok       server-certificate');
  });
});
