// How the world learns that the agent answers.

import { describe, expect, it } from '@jest/globals';
import { notifySystemd, readyLine } from '../../../agent/boot/ready';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner, type RunnerRule } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const setUp = (rule: Partial<RunnerRule> = {}) => ({
  files: createMemoryFiles(),
  clock: createHandClock(),
  system: createLiteralSystem({ processId: 4711 }),
  sockets: createScriptedSockets(),
  localServers: createScriptedLocalServers(),
  runner: createScriptedRunner([{ match: /^systemd-notify/, ...rule }]),
  log: createRecordedLog(),
});
const systemd = { NOTIFY_SOCKET: '/run/systemd/notify' };

describe('the ready line', () => {
  it('is one line of JSON with all that a harness needs', () => {
    const ready = { pid: 1, address: '::1', port: 9443, ca: '/ca.pem', amphora_id: 'x' };
    const line = readyLine(ready);
    expect(line).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(line)).toEqual({ ready: true, ...ready });
  });
});

describe('systemd', () => {
  it('is told the pid of the agent when it waits', async () => {
    const host = setUp();
    await notifySystemd(host, systemd);
    expect(host.runner.transcript).toEqual(['systemd-notify --ready --pid=4711']);
    expect(host.log.entries).toEqual([]);
  });

  it('is not called when nobody waits', async () => {
    const host = setUp();
    await notifySystemd(host, {});
    expect(host.runner.transcript).toEqual([]);
  });

  it.each([
    ['fails', { result: { code: 1, stderr: 'no such socket' } }, { output: 'no such socket' }],
    ['is not installed', { cannotStart: 'ENOENT' }, { error: expect.any(String) }],
  ])('that is told by a program that %s costs a warning only', async (_what, rule, fields) => {
    const host = setUp(rule);
    await notifySystemd(host, systemd);
    expect(host.log.entries).toEqual([{ level: 'warning', message: expect.any(String), fields }]);
  });
});
