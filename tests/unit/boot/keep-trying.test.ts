// Waiting for files: what is told of them, where, and how often, over files and a clock of our own.

import { describe, expect, it } from '@jest/globals';
import { keepTrying } from '../../../agent/boot/keep-trying';
import type { Ending } from '../../../agent/boot/serve';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createLiteralVitals } from '../../fakes/literal-vitals';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedUdp } from '../../fakes/recorded-udp';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { createScriptedStreams } from '../../fakes/scripted-streams';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const good = `[amphora_agent]
amphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11
agent_server_cert = /certs/server.pem
agent_server_ca = /certs/ca.pem
[health_manager]
heartbeat_key = a very secret key
`;

const setUp = (
  present: Record<string, string>,
  endings: readonly Ending[] = [{ status: 0 }],
  startS = { untilUp: 0, untilEnd: 0 },
) => {
  const files = createMemoryFiles({ '/certs/ca.pem': fixture('root.crt'), ...present });
  const clock = createHandClock(Date.UTC(2026, 0, 15));
  const runner = createScriptedRunner([{ match: /^(systemd-notify|tee \/dev\/console)/ }]);
  const printed = { err: '' };
  const ended = new AbortController();
  const attempts: number[] = [];
  const host = {
    files,
    clock,
    runner,
    system: createLiteralSystem({ processId: 4711 }),
    sockets: createScriptedSockets(),
    localServers: createScriptedLocalServers(),
    udp: createRecordedUdp(),
    streams: createScriptedStreams([]),
    vitals: createLiteralVitals(),
  };
  const job = keepTrying({
    sources: { configFiles: ['/etc/agent.conf'], configDirs: [], localFiles: [], environment: {} },
    host,
    env: { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000' },
    output: { out: () => undefined, err: (text) => (printed.err += text) },
    ended: ended.signal,
    attempt: async (isUp) => {
      attempts.push(clock.monotonic());
      if (startS.untilUp > 0) await clock.sleep(startS.untilUp * 1_000);
      if (startS.untilUp >= 0) await isUp();
      if (startS.untilEnd > 0) await clock.sleep(startS.untilEnd * 1_000);
      return endings[attempts.length - 1] ?? { status: 0 };
    },
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) await clock.advance(1_000);
  };
  const shown = (): readonly string[] => runner.transcript.filter((line) => line.startsWith('tee'));
  return { files, runner, printed, ended, attempts, job, pass, shown };
};

const server = fixture('ec.key') + fixture('ec.crt');

describe('a file that is missing', () => {
  it('is told once, in journal, status and on the console, and the boot goes on', async () => {
    const { runner, printed, shown, pass, ended, job, attempts } = setUp({ '/etc/agent.conf': good });
    await pass(20);
    expect(printed.err).toBe('error: agent_server_cert: there is no file /certs/server.pem\n');
    expect(shown()).toHaveLength(1);
    expect(runner.transcript).toEqual(
      expect.arrayContaining([
        'systemd-notify --ready --pid=4711',
        'systemd-notify --status=refusing: agent_server_cert: there is no file /certs/server.pem --pid=4711',
      ]),
    );
    expect(attempts).toEqual([]);
    ended.abort();
    expect(await job).toBe(0);
  });

  it('lets the agent start as soon as it is there', async () => {
    const { files, pass, job, attempts, printed } = setUp({ '/etc/agent.conf': good });
    await pass(3);
    files.plant('/certs/server.pem', server, 0o600);
    await pass(2);
    expect(await job).toBe(0);
    expect(attempts).toHaveLength(1);
    expect(printed.err).toMatch(/the files are right, starting\n$/);
  });
});

describe('a template that cannot be used', () => {
  it('is waited for like any other file', async () => {
    const path = '/etc/amphorad/templates/firewall.nft.hbs';
    const right = { '/etc/agent.conf': good, '/certs/server.pem': server };
    const { files, pass, job, attempts, printed } = setUp({ ...right, [path]: 'nothing' });
    await pass(3);
    expect(attempts).toEqual([]);
    expect(printed.err).toMatch(/^error: a template cannot be used: .*firewall\.nft\.hbs: /);
    await files.remove(path);
    await pass(2);
    expect(await job).toBe(0);
    expect(attempts).toHaveLength(1);
  });
});

describe('an agent that has waited', () => {
  it('is given the time that a start takes: systemd hears that it lives, and then the agent itself', async () => {
    const { files, pass, runner, job } = setUp({ '/etc/agent.conf': good }, [{ status: 0 }], {
      untilUp: 200,
      untilEnd: 200,
    });
    const feeds = (): number => runner.transcript.filter((line) => line.includes('WATCHDOG=1')).length;
    await pass(2);
    files.plant('/certs/server.pem', server, 0o600);
    await pass(2);
    const before = feeds();
    await pass(190);
    expect(runner.transcript).toContain('systemd-notify --status=starting --pid=4711');
    expect(feeds() - before).toBeGreaterThanOrEqual(5);
    await pass(15);
    const whenUp = feeds();
    await pass(190);
    expect(feeds()).toBe(whenUp);
    await pass(20);
    expect(await job).toBe(0);
  });
});

describe('a file that is wrong', () => {
  it('has all its faults told, in one line of status', async () => {
    const wrong = `${good}heartbeat_interval = often\n[haproxy_amphora]\nbind_port = many\n`;
    const { runner, printed, pass, ended, job } = setUp({ '/etc/agent.conf': wrong });
    await pass(2);
    expect(printed.err.trim().split('\n')).toHaveLength(2);
    expect(runner.transcript).toContainEqual(
      expect.stringMatching(/--status=refusing: .* \(and 1 more\) --pid=4711$/),
    );
    expect(`${printed.err}${runner.transcript.join()}`).not.toContain('very secret');
    ended.abort();
    await job;
  });
});

describe('a start that fails', () => {
  const right = { '/etc/agent.conf': good, '/certs/server.pem': server };

  it('over the configuration is tried again when that has changed, and else only now and then', async () => {
    const { files, pass, attempts, job } = setUp(right, [{ status: 78, why: 'too long' }]);
    await pass(5);
    expect(attempts).toHaveLength(1);
    files.plant('/etc/agent.conf', `${good}heartbeat_interval = 7\n`, 0o600);
    await pass(2);
    expect(await job).toBe(0);
    expect(attempts).toHaveLength(2);
  });

  it('is told once, though it is tried again', async () => {
    const fault = { status: 78, why: 'base_path is too long' };
    const never = { untilUp: -1, untilEnd: 0 };
    const { pass, attempts, shown, printed, ended, job } = setUp(right, [fault, fault, fault, fault], never);
    await pass(70);
    expect(attempts.length).toBeGreaterThanOrEqual(3);
    expect(shown()).toHaveLength(1);
    expect(printed.err).toBe('');
    ended.abort();
    expect(await job).toBe(0);
  });

  it.each([75, 1])('over something else ends it with its status: %d', async (status) => {
    const { files, pass, job, attempts, runner } = setUp(
      { '/etc/agent.conf': good },
      [{ status, why: 'another agent' }],
      { untilUp: -1, untilEnd: 0 },
    );
    await pass(2);
    files.plant('/certs/server.pem', server, 0o600);
    await pass(2);
    expect(await job).toBe(status);
    expect(attempts).toHaveLength(1);
    const told = runner.transcript.length;
    await pass(70);
    expect(runner.transcript).toHaveLength(told);
  });
});
