// agent.conf as a real controller renders it: Octavia's own template is run, not copied, and what its agent reads in
// the text we read too. Debian's python3-octavia brings both (`scripts/setup --tests`).

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../agent/config/load';
import type { Config } from '../../agent/config/options';
import { formatSocketAddress } from '../../agent/config/value-address';
import { createAgentConfigs } from '../../agent/core/agent-config';
import { createMemoryFiles, type MemoryFiles } from '../fakes/memory-files';
import { createRecordedLog } from '../fakes/recorded-log';

const python = '/usr/bin/python3';
const isInstalled = spawnSync(python, ['-c', 'import octavia.amphorae.backends.agent']).status === 0;
if (!isInstalled) {
  process.stderr.write('skipped: no python3-octavia, so nothing renders the agent.conf of a controller\n');
}

const amphoraId = '7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11';
const path = '/etc/octavia/amphora-agent.conf';
const sources = {
  configFiles: [path],
  configDirs: [],
  localFiles: [{ path: '/etc/amphorad/local.conf', required: false }],
  environment: {},
};

interface Case {
  readonly text: string;
  /** What Octavia's agent reads in it. */
  readonly read: Readonly<Record<string, unknown>>;
}

function render(): Readonly<Record<string, Case>> {
  const script = join(__dirname, 'agent-conf', 'render.py');
  const { stdout, stderr, status } = spawnSync(python, [script, amphoraId], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Readonly<Record<string, Case>>;
}

async function load(files: MemoryFiles): Promise<Config> {
  const loaded = await loadConfig(sources, files);
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  if (!loaded.ok) throw new Error('not loaded');
  return loaded.config;
}

/** The values that Octavia's agent has a use for, as it writes them. */
function readByUs({ DEFAULT, haproxy_amphora, health_manager, amphora_agent, controller_worker }: Config) {
  const values: Readonly<Record<string, unknown>> = {
    ...DEFAULT,
    ...haproxy_amphora,
    ...health_manager,
    ...amphora_agent,
    ...controller_worker,
    syslog_log_facility: `LOG_LOCAL${DEFAULT.syslog_log_facility}`,
    controller_ip_port_list: health_manager.controller_ip_port_list.map(formatSocketAddress),
  };
  return values;
}

(isInstalled ? describe : describe.skip)('agent.conf of a real controller', () => {
  const cases = isInstalled ? render() : {};
  const entries = Object.entries(cases);

  it('is rendered for controllers of both families, both topologies, and syslog', () => {
    expect(entries).toHaveLength(11);
    for (const [, { text }] of entries) expect(text).toContain('\nuse_syslog = True\n');
  });

  it.each(entries)(
    'is accepted unchanged, without a warning, and read as its agent reads it: %s',
    async (_name, { text, read }) => {
      const config = await load(createMemoryFiles({ [path]: text }));
      expect(readByUs(config)).toMatchObject(read);
    },
  );

  it.each(entries)('replaces itself on an amphora that was made with it: %s', async (_name, { text }) => {
    const files = createMemoryFiles({ [path]: text });
    const log = createRecordedLog();
    const configs = createAgentConfigs({ files, log, sources, started: await load(files) });
    await configs.replace(text);
    expect(files.snapshot()).toEqual({ [path]: text });
    expect(log.messages('warning')).toEqual([]);
    expect(await configs.findings()).toEqual([]);
  });

  it('moves an amphora to other controllers, another key and another interval at once', async () => {
    const files = createMemoryFiles({ [path]: cases['IPv4 controllers']?.text ?? '' });
    const configs = createAgentConfigs({
      files,
      log: createRecordedLog(),
      sources,
      started: await load(files),
    });
    await configs.replace(cases['both families, ACTIVE_STANDBY']?.text ?? '');
    expect(readByUs(configs.current())).toMatchObject({
      controller_ip_port_list: ['192.0.2.10:5555', '[2001:db8::10]:5555'],
      heartbeat_interval: 3,
      loadbalancer_topology: 'ACTIVE_STANDBY',
    });
    expect(await configs.findings()).toEqual([]);
  });

  it('meant for an image with other paths is refused', async () => {
    const files = createMemoryFiles({ [path]: cases['IPv4 controllers']?.text ?? '' });
    const configs = createAgentConfigs({
      files,
      log: createRecordedLog(),
      sources,
      started: await load(files),
    });
    await expect(configs.replace(cases['other paths']?.text ?? '')).rejects.toMatchObject({
      kind: 'invalid-input',
      detail: expect.stringMatching(/base_path = .*; .*base_cert_dir = .*; .*haproxy_cmd = /),
    });
  });
});
