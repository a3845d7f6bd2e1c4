// What the agent reports about its directories, processes and ports without touching any of it.

import { describe, expect, it } from '@jest/globals';
import { createFindings } from '../../../agent/core/findings';
import { AgentError } from '../../../agent/model/errors';
import type { Finding } from '../../../agent/model/finding';
import { createHandClock } from '../../fakes/hand-clock';
import { passTime } from '../../fakes/pass-time';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';

const base = '/var/lib/octavia';
const started = async () => {
  const amphora = await createScriptedAmphora();
  const text = 'listen a\n bind :80\n';
  await amphora.core().loadBalancers.upload({ id, text, peer: amphoraId, owner: 'octavia-v0.1' });
  await amphora.pass(amphora.core().loadBalancers.start(id));
  return amphora;
};

describe('the report of an amphora', () => {
  it('is empty when all is well, with everything there that Octavia and haproxy keep', async () => {
    const amphora = await started();
    for (const name of [
      'stats_counters.json',
      'plugged_interfaces',
      'ping-wrapper.sh',
      'vrrp/octavia-keepalived.conf',
      'lvs/x',
      'agent.sock',
    ])
      amphora.files.plant(`${base}/${name}`, '');
    expect(await amphora.core().findings.all()).toEqual([]);
  });

  it('names what nobody knows in base_path', async () => {
    const amphora = await started();
    amphora.files.plant(`${base}/core.1234`, '');
    amphora.files.plant(`${base}/NOT-A-UUID/x`, '');
    const [finding, ...more] = await amphora.core().findings.all();
    expect(finding).toMatchObject({ check: 'unknown-entries', severity: 'warning' });
    expect(finding?.what).toMatch(/"NOT-A-UUID", "core.1234"/);
    expect(more).toEqual([]);
  });

  it('names a haproxy of ours that has no configuration, and does not end it', async () => {
    const amphora = await started();
    await amphora.files.remove(amphora.paths(id).config);
    const pid = amphora.haproxy.groups()[0]?.pid;
    expect(await amphora.core().findings.all()).toEqual([
      expect.objectContaining({
        check: 'process-without-configuration',
        what: expect.stringContaining(`pid ${pid}`),
      }),
    ]);
    expect(amphora.haproxy.groups()).toHaveLength(1);
  });

  it('names a stats socket that no haproxy of ours has', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plantOther(`${base}/${id}.sock`, 'socket');
    expect(await amphora.core().findings.all()).toEqual([
      expect.objectContaining({ check: 'socket-without-process', severity: 'warning' }),
    ]);
  });

  it('names the process that listens on a port of ours, and sends it nothing', async () => {
    const amphora = await started();
    amphora.listeners.add('0.0.0.0:80', 4242);
    amphora.listeners.add('0.0.0.0:8080', 4243);
    expect(await amphora.core().findings.all()).toEqual([
      expect.objectContaining({
        check: 'foreign-listener',
        what: expect.stringMatching(/:80, .*pid 4242\)/),
      }),
    ]);
    expect(amphora.runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([]);
  });
});

describe('the list of findings', () => {
  const finding = (check: string, severity: Finding['severity']): Finding => ({
    check,
    severity,
    what: 'w',
    why: 'y',
    todo: 't',
  });

  it('has errors first, and says of whoever cannot look or takes too long that it cannot', async () => {
    const clock = createHandClock();
    const { all: find } = createFindings({
      clock,
      sources: {
        one: () => Promise.resolve([finding('one', 'warning'), finding('two', 'error')]),
        broken: () => Promise.reject(new AgentError('unavailable', 'no ss', { detail: 'not found' })),
        slow: () => new Promise(() => undefined),
      },
    });
    const found = await passTime(clock, find());
    expect(found.map(({ check, severity }) => `${check} ${severity}`)).toEqual([
      'two error',
      'one warning',
      'broken warning',
      'slow warning',
    ]);
    expect(found[2]?.what).toContain('no ss (not found)');
    expect(clock.pending()).toBe(0);
  });

  it('stays small whatever its sources say', async () => {
    const many = Array.from({ length: 1_000 }, () => ({
      ...finding('many', 'warning'),
      what: 'x'.repeat(10_000),
    }));
    const found = await createFindings({
      clock: createHandClock(),
      sources: { many: () => Promise.resolve(many) },
    }).all();
    expect(found).toHaveLength(501);
    expect(found.at(-1)?.what).toBe('500 more findings are not shown');
    expect(found[0]?.what.length).toBeLessThan(2_100);
  });
});
