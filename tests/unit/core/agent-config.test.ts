// agent.conf while the agent runs: what a controller may put there, what takes effect at once, and what a refusal
// leaves as it was.

import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../agent/config/load';
import type { ConfigSources } from '../../../agent/config/sources';
import { createAgentConfigs, type AgentConfigs } from '../../../agent/core/agent-config';
import { sweepLeftovers } from '../../../agent/core/leftovers';
import { AgentError } from '../../../agent/model/errors';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles, type MemoryFiles } from '../../fakes/memory-files';
import { createMortalHost, untilDeath } from '../../fakes/mortal-host';
import { createRecordedLog, type RecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const id = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
const main = '/etc/octavia/agent.conf';
const local = '/etc/local.conf';

interface Wishes {
  readonly haproxyAmphora?: string;
  readonly healthManager?: string;
  readonly amphoraAgent?: string;
  readonly more?: string;
}

/** A configuration as a controller sends it, with lines of our own after its. */
const text = ({
  haproxyAmphora = '',
  healthManager = '',
  amphoraAgent = '',
  more = '',
}: Wishes = {}): string =>
  `[DEFAULT]
debug = False
use_syslog = True
[haproxy_amphora]
base_path = /var/lib/octavia
bind_port = 9443
${haproxyAmphora}
[health_manager]
controller_ip_port_list = 192.0.2.10:5555
heartbeat_interval = 10
heartbeat_key = first-s3cret
${healthManager}
[amphora_agent]
amphora_id = ${id}
${amphoraAgent}
${more}
`;

interface Machine {
  readonly files: MemoryFiles;
  readonly log: RecordedLog;
  readonly configs: AgentConfigs;
}

const sources: ConfigSources = {
  configFiles: [main],
  configDirs: [],
  localFiles: [{ path: local, required: false }],
  environment: {},
};

const start = async (
  given: { readonly local?: string; readonly sources?: Partial<ConfigSources> } = {},
  files = createMemoryFiles(),
  hold: MemoryFiles = files,
): Promise<Machine> => {
  files.plant(main, text(), 0o640);
  if (given.local !== undefined) files.plant(local, given.local);
  const from = { ...sources, ...given.sources };
  const loaded = await loadConfig(from, files);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log = createRecordedLog();
  return {
    files,
    log,
    configs: createAgentConfigs({ files: hold, log, sources: from, started: loaded.config }),
  };
};

const refusalOf = async (job: Promise<void>): Promise<AgentError> => {
  try {
    await job;
  } catch (thrown) {
    if (thrown instanceof AgentError) return thrown;
    throw thrown;
  }
  throw new Error('not refused');
};

describe('a good replacement', () => {
  it('is on disk as it came, with the mode of the file before', async () => {
    const { configs, files } = await start();
    await configs.replace(text({ healthManager: 'heartbeat_interval = 3' }));
    expect(files.snapshot()[main]).toBe(text({ healthManager: 'heartbeat_interval = 3' }));
    expect((await files.stat(main))?.mode).toBe(0o640);
  });

  it.each([
    ['where none was', (files: MemoryFiles) => files.unplant(main)],
    [
      'where a link was, whose target stays as it is',
      (files: MemoryFiles) => {
        files.plant('/etc/elsewhere', text());
        files.plantLink(main, '/etc/elsewhere');
      },
    ],
  ])('is private %s', async (_where, prepare) => {
    const { configs, files } = await start();
    prepare(files);
    const before = files.snapshot()['/etc/elsewhere'];
    await configs.replace(text({ more: '# new' }));
    expect(await files.stat(main)).toMatchObject({ kind: 'file', mode: 0o600 });
    expect(files.snapshot()['/etc/elsewhere']).toBe(before);
  });

  it('is in force at once: heartbeats, topology, log level and haproxy’s log facilities', async () => {
    const { configs } = await start();
    const heard: unknown[] = [];
    configs.onChange((config) => heard.push(config.health_manager.heartbeat_key));
    const more = '[controller_worker]\nloadbalancer_topology = ACTIVE_STANDBY\n[DEFAULT]\ndebug = True\n';
    const healthManager = `heartbeat_key = second-s3cret
heartbeat_interval = 2
controller_ip_port_list = [fe80::1%eth0]:5555, 192.0.2.11:5556`;
    await configs.replace(
      text({ healthManager, haproxyAmphora: 'user_log_facility = 4\nadministrative_log_facility = 5', more }),
    );
    expect(configs.current()).toMatchObject({
      DEFAULT: { debug: true },
      haproxy_amphora: { user_log_facility: 4, administrative_log_facility: 5 },
      health_manager: {
        heartbeat_key: 'second-s3cret',
        heartbeat_interval: 2,
        controller_ip_port_list: [
          { address: 'fe80::1', zone: 'eth0', port: 5555 },
          { address: '192.0.2.11', port: 5556 },
        ],
      },
      controller_worker: { loadbalancer_topology: 'ACTIVE_STANDBY' },
    });
    expect(heard).toEqual(['second-s3cret']);
    expect(await configs.findings()).toEqual([]);
  });

  it('is kept and shown where it needs a restart, until it is taken back', async () => {
    const { configs, log } = await start();
    const wishes = { haproxyAmphora: 'bind_port = 9444', amphoraAgent: 'agent_request_read_timeout = 60' };
    await configs.replace(text(wishes));
    expect(configs.current().haproxy_amphora.bind_port).toBe(9443);
    expect(configs.current().amphora_agent.agent_request_read_timeout).toBe(180);
    const waiting = ['[haproxy_amphora] bind_port', '[amphora_agent] agent_request_read_timeout'];
    expect(await configs.findings()).toMatchObject([
      { check: 'configuration', severity: 'warning', what: `Restart needed for ${waiting.join(', ')}` },
    ]);
    await configs.replace(text(wishes));
    expect(log.entries.filter(({ level }) => level === 'warning')).toMatchObject([{ fields: { waiting } }]);
    await configs.replace(text());
    expect(await configs.findings()).toEqual([]);
  });

  it('tells nobody when nothing changed', async () => {
    const { configs } = await start();
    let calls = 0;
    configs.onChange(() => (calls += 1));
    await configs.replace(text({ more: '# a comment' }));
    await configs.replace(text({ haproxyAmphora: 'bind_port = 1' }));
    expect(calls).toBe(0);
  });

  it('names what it set in the log and no value of it', async () => {
    const { configs, log } = await start();
    await configs.replace(text({ healthManager: 'heartbeat_key = second-$s3cret' }));
    expect(log.entries).toMatchObject([
      { level: 'warning', fields: { warnings: [expect.stringContaining('heartbeat_key = "***"')] } },
      { level: 'info', message: 'configuration replaced' },
      { level: 'info', fields: { changed: ['health_manager.heartbeat_key'] } },
    ]);
    expect(JSON.stringify(log.entries)).not.toContain('s3cret');
  });

  it('waits for the one before it', async () => {
    const { configs, files } = await start();
    const intervals: number[] = [];
    configs.onChange(({ health_manager }) => intervals.push(health_manager.heartbeat_interval));
    const texts = [1, 2, 3, 4].map((seconds) => text({ healthManager: `heartbeat_interval = ${seconds}` }));
    await Promise.all(texts.map((each) => configs.replace(each)));
    expect(intervals).toEqual([1, 2, 3, 4]);
    expect(files.snapshot()[main]).toBe(texts[3]);
  });

  it('may say what the local file overrides, as controllers cannot know', async () => {
    const { configs } = await start({ local: '[haproxy_amphora]\nhaproxy_cmd = /opt/haproxy\n' });
    await configs.replace(text({ haproxyAmphora: 'haproxy_cmd = /usr/sbin/haproxy' }));
    expect(configs.current().haproxy_amphora.haproxy_cmd).toBe('/opt/haproxy');
  });

  it('may say what an operator has written to disk and not yet started', async () => {
    const { configs, files } = await start();
    const next = text({ haproxyAmphora: 'haproxy_cmd = /opt/haproxy' });
    files.plant(main, next);
    await configs.replace(next);
    expect(configs.current().haproxy_amphora.haproxy_cmd).toBe('/usr/sbin/haproxy');
    expect(await configs.findings()).toMatchObject([
      { what: 'Restart needed for [haproxy_amphora] haproxy_cmd' },
    ]);
  });

  it.each([
    ['base_path in other words', { haproxyAmphora: 'base_path = /var/lib//octavia/' }],
    ['the amphora id in capitals', { amphoraAgent: `amphora_id = ${id.toUpperCase()}` }],
    ['the group left empty', { haproxyAmphora: 'user_group =' }],
    ['the default spelled out', { amphoraAgent: 'agent_server_network_dir = /etc/octavia/interfaces' }],
  ])('may have %s', async (_what, wishes) => {
    const { configs } = await start();
    await expect(configs.replace(text(wishes))).resolves.toBeUndefined();
  });
});

describe('a replacement is refused, and nothing changes, when', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'a value is wrong',
      text({ healthManager: 'heartbeat_interval = often' }),
      /heartbeat_interval = "often": expected .*0\.1 to 3600/,
    ],
    [
      'values contradict each other',
      text({ healthManager: 'heartbeat_key =' }),
      /required because controller_ip_port_list/,
    ],
    ['it is empty', '', /amphora_id: required/],
    ['it is no configuration', '{"message": "hello"}', /agent\.conf:1: /],
    ['it has a NUL byte', text({ more: '# \0' }), /NUL byte/],
    ['it was not UTF-8', text({ more: '# \ufffd' }), /not UTF-8/],
    [
      'it has [amphorad]',
      text({ more: '[amphorad]\nconfig_policy = permissive' }),
      /\[amphorad\]: only this machine/,
    ],
    [
      'it has [AmphoraD], which is the same',
      text({ more: '[AmphoraD]\nx = y' }),
      /\[amphorad\]: only this machine/,
    ],
    [
      'it has [runtime_api]',
      text({ more: '[runtime_api]\nbind = 127.0.0.1:1' }),
      /\[runtime_api\]: only this/,
    ],
    ['it has [metrics], though without a key', text({ more: '[metrics]' }), /\[metrics\]: only this machine/],
    [
      'haproxy_cmd differs',
      text({ haproxyAmphora: 'haproxy_cmd = /tmp/x' }),
      /haproxy_cmd = "\/tmp\/x": only this machine decides it, expected \/usr\/sbin\/haproxy/,
    ],
    ['base_path differs', text({ haproxyAmphora: 'base_path = /tmp' }), /base_path = "\/tmp": only/],
    [
      'base_cert_dir differs',
      text({ haproxyAmphora: 'base_cert_dir = /etc/x' }),
      /base_cert_dir = "\/etc\/x": only/,
    ],
    [
      'base_cert_dir differs by a reference',
      text({ haproxyAmphora: 'base_cert_dir = ${amphora_agent.agent_server_ca}' }),
      /base_cert_dir = "\/etc\/octavia\/certs\/client_ca.pem": only/,
    ],
    [
      'user_group differs',
      text({ haproxyAmphora: 'user_group = shadow' }),
      /user_group = "shadow": only .* nogroup/,
    ],
    [
      'agent_server_cert differs',
      text({ amphoraAgent: 'agent_server_cert = /etc/shadow' }),
      /agent_server_cert = .*only/,
    ],
    [
      'agent_server_ca differs',
      text({ amphoraAgent: 'agent_server_ca = /tmp/ca.pem' }),
      /agent_server_ca = .*only/,
    ],
    [
      'agent_server_network_dir differs',
      text({ amphoraAgent: 'agent_server_network_dir = /etc/cron.d' }),
      /network_dir = .*only/,
    ],
    [
      'it is for another amphora',
      text({ amphoraAgent: 'amphora_id = 00000000-0000-4000-8000-000000000001' }),
      /amphora_id = .*only/,
    ],
  ];

  it.each(cases)('%s', async (_what, sent, why) => {
    const { configs, files, log } = await start();
    const before = configs.current();
    const refusal = await refusalOf(configs.replace(sent));
    expect(refusal).toMatchObject({ kind: 'invalid-input', detail: expect.stringMatching(why) });
    expect(JSON.stringify([refusal.message, refusal.detail, log.entries])).not.toContain('s3cret');
    expect(files.snapshot()).toEqual({ [main]: text() });
    expect(configs.current()).toBe(before);
  });

  it('it names a section of the box by way of a directory that holds the same file', async () => {
    const { configs, files } = await start({ sources: { configDirs: ['/etc/octavia'] } });
    await refusalOf(configs.replace(text({ more: '[amphorad]\nconfig_policy = permissive' })));
    files.plant(main, text({ more: '[amphorad]\nconfig_policy = permissive' }));
    await configs.reread();
    expect(configs.current().amphorad.config_policy).toBe('octavia');
    expect(await configs.findings()).toEqual([]);
    await configs.replace(text({ healthManager: 'heartbeat_interval = 7' }));
    expect(configs.current().health_manager.heartbeat_interval).toBe(7);
  });

  it('a secret stands where no secret belongs: what could not be read is not repeated', async () => {
    const { configs } = await start();
    const refusal = await refusalOf(configs.replace(`${text()}\nheartbeat_key s3cret\n[s3cret\n`));
    expect(refusal.detail).toMatch(/agent\.conf:\d+: /);
    expect(refusal.detail).not.toContain('s3cret');
  });

  it('it is long, and with many faults only the first are told', async () => {
    const { configs } = await start();
    expect(await refusalOf(configs.replace(`#${'x'.repeat(65_536)}`))).toMatchObject({
      kind: 'too-large',
    });
    const { detail = '' } = await refusalOf(configs.replace('x\n'.repeat(20_000)));
    expect(detail).toMatch(/; 19981 more$/);
    expect(detail.length).toBeLessThan(3_000);
  });

  it('it is longer than max_config_bytes', async () => {
    const { configs } = await start({ local: '[amphorad]\nmax_config_bytes = 1 KiB\n' });
    expect(await refusalOf(configs.replace(text({ more: `#${'x'.repeat(1024)}` })))).toMatchObject({
      kind: 'too-large',
      message: 'The configuration is longer than 1024 bytes',
    });
  });

  it('the agent was started without a file', async () => {
    const { configs } = await start({
      local: text(),
      sources: { configFiles: [], localFiles: [{ path: local, required: true }] },
    });
    expect(await refusalOf(configs.replace(text()))).toMatchObject({ kind: 'precondition' });
  });

  it('other files are in the way, as they are without it: that is not the controller’s fault', async () => {
    const { configs, files } = await start();
    files.plant(local, '[amphorad]\nlog_level = loud\n');
    expect(await refusalOf(configs.replace(text()))).toMatchObject({
      kind: 'precondition',
      detail: expect.stringMatching(/not the new text is at fault: \/etc\/local\.conf:2: /),
    });
  });

  it('it takes the port of a listener that the local file has', async () => {
    const { configs } = await start({ local: '[metrics]\nbind = 127.0.0.1:9999\n' });
    expect(await refusalOf(configs.replace(text({ haproxyAmphora: 'bind_port = 9999' })))).toMatchObject({
      kind: 'invalid-input',
      detail: expect.stringMatching(/bind_port/),
    });
  });

  it('the disk is full', async () => {
    const { configs, files } = await start();
    files.failNext('writeAtomic', new AgentError('no-space', 'no space left'));
    const before = configs.current();
    expect(await refusalOf(configs.replace(text({ healthManager: 'heartbeat_interval = 3' })))).toMatchObject(
      {
        kind: 'no-space',
      },
    );
    expect([files.snapshot()[main], configs.current()]).toEqual([text(), before]);
  });

  it('and one that comes after it is not held up', async () => {
    const { configs } = await start();
    const outcomes = await Promise.allSettled([
      configs.replace('rubbish'),
      configs.replace(text({ healthManager: 'heartbeat_interval = 3' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(configs.current().health_manager.heartbeat_interval).toBe(3);
  });
});

describe('reading all files again', () => {
  it('puts into force what needs no restart, of every file', async () => {
    const { configs, files } = await start({ local: '[amphorad]\nlog_level = info\n' });
    files.plant(local, '[amphorad]\nlog_level = error\nallowed_client_names = a, b\nmax_connections = 99\n');
    await configs.reread();
    expect(configs.current().amphorad).toMatchObject({
      log_level: 'error',
      allowed_client_names: ['a', 'b'],
      max_connections: 256,
    });
    expect(await configs.findings()).toMatchObject([
      { what: 'Restart needed for [amphorad] max_connections' },
    ]);
  });

  it('leaves all as it was where something is wrong, and shows it until it is mended', async () => {
    const { configs, files, log } = await start();
    const before = configs.current();
    files.plant(main, text({ healthManager: 'heartbeat_key = other-s3cret\nheartbeat_interval = often' }));
    await configs.reread();
    expect(configs.current()).toBe(before);
    expect(log.messages('error')).toEqual(['configuration not read again, the one before stays']);
    const found = await configs.findings();
    expect(found).toMatchObject([
      { severity: 'error', what: expect.stringMatching(/heartbeat_interval = "often"/) },
    ]);
    expect(JSON.stringify([found, log.entries])).not.toContain('s3cret');
    await configs.replace(text());
    expect(await configs.findings()).toEqual([]);
  });
});

describe('the agent is killed at any step of a replacement', () => {
  it('every time the next one starts with the old file or the new one, whole, and nothing beside it', async () => {
    const next = text({ healthManager: 'heartbeat_key = second-s3cret' });
    const dieAt = async (step: number): Promise<boolean> => {
      const files = createMemoryFiles({ '/var/lib/octavia/': '' });
      const runner = createScriptedRunner();
      const life = createMortalHost({
        files,
        runner,
        sockets: createScriptedSockets(),
        clock: createHandClock(),
      });
      const { configs } = await start({}, files, life.host.files);
      life.dieAt(step);
      const outcome = await untilDeath(life, () => configs.replace(next));
      const roots = { basePath: '/var/lib/octavia', certDir: '/c', runtimeDir: '/var/lib/octavia' };
      await sweepLeftovers({ files, runner, roots, log: createRecordedLog(), others: [main] });
      expect(await files.list('/etc/octavia')).toEqual(['agent.conf']);
      const left = files.snapshot()[main];
      expect(outcome === 'died' ? [text(), next] : [next]).toContain(left);
      expect((await loadConfig(sources, files)).ok).toBe(true);
      return outcome === 'died';
    };
    const deaths: boolean[] = [];
    for (let step = 1; await dieAt(step); step += 1) deaths.push(true);
    expect(deaths.length).toBeGreaterThan(2);
  });
});
