import { beforeEach, describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { createLvsKernelSettings, type LvsKernelSettings } from '../../../agent/core/lvs-kernel-settings';
import { readLvsConfig } from '../../../agent/keepalived/lvs-config';
import { createNetwork } from '../../../agent/network/plug';
import { createRecordedLog, type RecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner, type ScriptedRunner } from '../../fakes/scripted-runner';
import { udpListener } from '../keepalived/udp-listener';

const namespace = 'amphora-haproxy';
const serving = readLvsConfig(udpListener());
const empty = readLvsConfig(udpListener({ members: [] }));
let runner: ScriptedRunner;
let log: RecordedLog;
let settings: LvsKernelSettings;
const set = (): number => runner.transcript.filter((line) => line.includes('net.ipv4.vs.conntrack=1')).length;

beforeEach(() => {
  runner = createScriptedRunner();
  log = createRecordedLog();
  settings = createLvsKernelSettings({
    log,
    network: createNetwork({ runner, log, namespace, ownPid: 1, templates: builtInTemplates }),
  });
});

describe('the settings of the kernel that UDP listeners need', () => {
  it('are made again once the first listener serves, for only then the kernel has them', async () => {
    runner.script({ match: /^ip /, result: {} });
    await settings.served(serving);
    await settings.served(serving);
    expect(set()).toBe(1);
  });

  it('wait for a listener with members: without any keepalived leaves ip_vs alone', async () => {
    await settings.served(empty);
    expect(runner.transcript).toEqual([]);
  });

  it('are made with the next listener when the machine refuses them', async () => {
    let asked = 0;
    const refuses = { code: 1, stderr: 'RTNETLINK answers: No buffer space available' };
    runner.script({ match: /^ip /, result: () => (asked++ === 0 ? refuses : {}) });
    await settings.served(serving);
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([
      ['warning', 'settings for UDP listeners were not made'],
    ]);
    await settings.served(serving);
    expect(set()).toBe(1);
  });

  it('are left alone where the namespace is the host’s', async () => {
    await createLvsKernelSettings({ log, network: undefined }).served(serving);
    expect(runner.transcript).toEqual([]);
  });
});
