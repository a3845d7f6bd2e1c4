// The table itself, and everything that is printed from it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../agent/config/load';
import type { LoadedConfig } from '../../../agent/config/load';
import { findOption, localOnlyEntries, options } from '../../../agent/config/options';
import { parseIni } from '../../../agent/config/ini';
import { renderReport, reportConfig } from '../../../agent/config/report';
import { renderDocs, renderSample } from '../../../agent/config/sample';
import { createMemoryFiles } from '../../fakes/memory-files';

const root = join(__dirname, '../../..');
const id = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';

const load = (main: string, local: string): Promise<LoadedConfig> =>
  loadConfig(
    {
      configFiles: ['/agent.conf'],
      configDirs: [],
      localFiles: [{ path: '/local.conf', required: true }],
      environment: {},
    },
    createMemoryFiles({ '/agent.conf': main, '/local.conf': local }),
  );

const good = async (main: string, local = ''): Promise<Extract<LoadedConfig, { ok: true }>> => {
  const loaded = await load(main, local);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded;
};

describe('the option table', () => {
  it('has defaults that it accepts itself', async () => {
    const everything = renderSample()
      .replace(/^#(\w+ =)/gm, '$1')
      .replace('amphora_id =', `amphora_id = ${id}`);
    const spelledOut = await good('', everything);
    const left = await good(`[amphora_agent]\namphora_id = ${id}\n`);
    expect(spelledOut.config).toEqual(left.config);
    expect(spelledOut.warnings).toEqual([]);
  });

  it('keeps our sections local and Octavia’s not', () => {
    const local = new Set(options.filter((option) => option.localOnly).map((option) => option.section));
    expect([...local]).toEqual(['amphorad', 'runtime_api', 'metrics']);
    expect(findOption('haproxy_amphora', 'base_path')?.localOnly).toBe(false);
  });

  it('knows which entries of a file a controller may not send, unknown keys and letter case included', () => {
    const { entries } = parseIni('[DEFAULT]\ndebug = 1\n[Metrics]\nbind = x\n[amphorad]\nwhatever = y\n');
    expect(localOnlyEntries(entries).map((entry) => entry.key)).toEqual(['bind', 'whatever']);
  });

  it('marks the heartbeat key, the token of the runtime API, and nothing that must be shown, as secret', () => {
    expect(options.filter((option) => option.secret).map((option) => option.key)).toEqual([
      'heartbeat_key',
      'auth_token',
    ]);
  });
});

describe('what is printed from the table', () => {
  it('etc/agent.conf.sample is up to date', () => {
    expect(readFileSync(join(root, 'etc/agent.conf.sample'), 'utf8')).toBe(renderSample());
  });

  it('docs/configuration.md is up to date', () => {
    expect(readFileSync(join(root, 'docs/configuration.md'), 'utf8')).toBe(renderDocs());
  });

  it('names every option with an effect, and no other', () => {
    const { entries } = parseIni(renderSample().replace(/^#(\w+ =)/gm, '$1'));
    const wanted = options.filter((option) => option.ignored !== true);
    expect(entries.map(({ section, key }) => `${section}.${key}`)).toEqual(
      wanted.map(({ section, key }) => `${section}.${key}`),
    );
    for (const { key } of wanted) expect(renderDocs()).toContain(`| \`${key}\` |`);
  });
});

describe('the report', () => {
  it('shows values as understood, where they come from and what needs a restart, but no secret', async () => {
    const main = `[amphora_agent]\namphora_id = ${id}\nagent_tls_protocol = TLSv1\n[health_manager]
heartbeat_key = s3cret\ncontroller_ip_port_list = 192.0.2.1:5555, [fe80::1%eth0]:5555\n[haproxy_amphora]\nrespawn_count = 2\n`;
    const report = renderReport(reportConfig(await good(main, '[metrics]\nbind = [::1]:9100\n')));
    expect(report).not.toContain('s3cret');
    expect(report.split('\n')).toEqual(
      expect.arrayContaining([
        'agent_tls_protocol = TLSv1.2  (/agent.conf:3; restart to change)',
        'heartbeat_key = ***  (/agent.conf:5)',
        'controller_ip_port_list = 192.0.2.1:5555, [fe80::1%eth0]:5555  (/agent.conf:6)',
        'bind = [::1]:9100  (/local.conf:2; restart to change)',
        'max_config_bytes = 16 MiB  (default; restart to change)',
        'hang_timeout = 10 s  (default; restart to change)',
        'hard_stop_after =  (default; restart to change)',
        'syslog_log_facility = LOG_LOCAL1  (default; restart to change)',
        'debug = False  (default)',
      ]),
    );
    expect(report).not.toContain('respawn_count');
  });

  it('lists a hidden key as absent when there is none', async () => {
    const rows = reportConfig(await good(`[amphora_agent]\namphora_id = ${id}\n`));
    expect(rows.find((row) => row.key === 'heartbeat_key')).toEqual({
      section: 'health_manager',
      key: 'heartbeat_key',
      value: '',
      origin: 'default',
      needsRestart: false,
    });
  });
});
