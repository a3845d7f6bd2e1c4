// Whole configurations: what a controller renders, who overrides whom, and every refusal with its place.

import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../agent/config/load';
import type { LoadedConfig } from '../../../agent/config/load';
import type { Config } from '../../../agent/config/options';
import { formatProblem } from '../../../agent/config/problem';
import type { ConfigSources } from '../../../agent/config/sources';
import { createMemoryFiles } from '../../fakes/memory-files';

const id = '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11';
const minimal = `[amphora_agent]\namphora_id = ${id}\n`;
const key = String.raw`q%w;e#r=t:y'u"\n{<>}&!`;

const rendered = `[DEFAULT]
debug = True
use_syslog = True
syslog_log_facility = LOG_LOCAL1

[haproxy_amphora]
base_cert_dir = /var/lib/octavia/certs
base_path = /var/lib/octavia
bind_host = ::
bind_port = 9443
haproxy_cmd = /usr/sbin/haproxy
respawn_count = 2
respawn_interval = 2
use_upstart = True
user_group = nogroup
user_log_facility = 0
administrative_log_facility = 1

[health_manager]
controller_ip_port_list = 192.0.2.10:5555, [2001:db8::10]:5555, [fe80::1%eth0]:5555
heartbeat_interval = 10
heartbeat_key = ${key}

[amphora_agent]
agent_server_ca = /etc/octavia/certs/client_ca.pem
agent_server_cert = /etc/octavia/certs/server.pem
agent_server_network_dir = /etc/octavia/interfaces/
agent_request_read_timeout = 180
amphora_id = ${id.toUpperCase()}
amphora_udp_driver = keepalived_lvs
agent_tls_protocol = TLSv1.2

[controller_worker]
loadbalancer_topology = ACTIVE_STANDBY
`;

interface Given {
  readonly main?: string;
  readonly local?: string;
  readonly more?: Record<string, string>;
  readonly sources?: Partial<ConfigSources>;
  readonly environment?: Record<string, string>;
}

const load = (given: Given): Promise<LoadedConfig> => {
  const files = createMemoryFiles({
    '/etc/agent.conf': given.main ?? minimal,
    ...(given.local === undefined ? {} : { '/etc/local.conf': given.local }),
    ...given.more,
  });
  const sources: ConfigSources = {
    configFiles: ['/etc/agent.conf'],
    configDirs: [],
    localFiles: [{ path: '/etc/local.conf', required: false }],
    environment: given.environment ?? {},
    ...given.sources,
  };
  return loadConfig(sources, files);
};

const accepted = async (given: Given): Promise<{ config: Config; warnings: readonly string[] }> => {
  const loaded = await load(given);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return { config: loaded.config, warnings: loaded.warnings.map(formatProblem) };
};

const refused = async (given: Given): Promise<readonly string[]> => {
  const loaded = await load(given);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
};

describe('a file that a controller rendered', () => {
  it('is read whole, without a warning', async () => {
    const { config, warnings } = await accepted({ main: rendered });
    expect(warnings).toEqual([]);
    expect(config.DEFAULT).toEqual({ debug: true, use_syslog: true, syslog_log_facility: 1 });
    expect(config.haproxy_amphora).toEqual({
      base_path: '/var/lib/octavia',
      base_cert_dir: '/var/lib/octavia/certs',
      bind_host: '::',
      bind_port: 9443,
      haproxy_cmd: '/usr/sbin/haproxy',
      user_log_facility: 0,
      administrative_log_facility: 1,
      user_group: 'nogroup',
    });
    expect(config.health_manager).toEqual({
      controller_ip_port_list: [
        { address: '192.0.2.10', port: 5555 },
        { address: '2001:db8::10', port: 5555 },
        { address: 'fe80::1', port: 5555, zone: 'eth0' },
      ],
      heartbeat_interval: 10,
      heartbeat_key: key,
    });
    expect(config.amphora_agent.amphora_id).toBe(id);
    expect(config.controller_worker.loadbalancer_topology).toBe('ACTIVE_STANDBY');
  });

  it('gets the defaults for what it leaves out', async () => {
    const { config } = await accepted({});
    expect(config.haproxy_amphora.base_cert_dir).toBe('/var/lib/octavia/certs');
    expect(config.health_manager).toEqual({
      controller_ip_port_list: [],
      heartbeat_interval: 10,
      heartbeat_key: undefined,
    });
    expect(config.amphora_agent).toMatchObject({
      agent_server_cert: '/etc/octavia/certs/server.pem',
      agent_server_ca: '/etc/octavia/certs/client_ca.pem',
      agent_request_read_timeout: 180,
      agent_tls_protocol: 'TLSv1.2',
    });
    expect(config.amphorad).toMatchObject({
      network_namespace: 'amphora-haproxy',
      process_manager: 'auto',
      runtime_dir: '/var/lib/octavia',
      max_config_bytes: 16_777_216,
      max_pem_bytes: 4_194_304,
      max_json_bytes: 65_536,
      reload_window: 0,
      hard_stop_after: undefined,
      hang_timeout: 10,
      allowed_client_names: [],
    });
    expect(config.runtime_api).toEqual({
      bind: undefined,
      auth_token_file: undefined,
      auth_token: undefined,
      require_token: false,
      instances: [],
      socket_path: undefined,
      timeout: 5,
      language: 'ru',
      write: true,
    });
    expect(config.metrics).toEqual({ bind: undefined, allow_remote: false });
  });

  it('gets directories below the base_path that it sets', async () => {
    const { config } = await accepted({ main: `${minimal}[haproxy_amphora]\nbase_path = /srv/lb/\n` });
    expect(config.haproxy_amphora.base_cert_dir).toBe('/srv/lb/certs');
    expect(config.amphorad.runtime_dir).toBe('/srv/lb');
  });
});

describe('precedence', () => {
  const level = (value: string): string =>
    `[amphorad]\nlog_level = ${value}\n[haproxy_amphora]\nbind_port = ${value.length}\n`;

  it('goes from files over directories and local files to the environment', async () => {
    const more = {
      '/b.conf': level('debug'),
      '/d/2.conf': level('warning'),
      '/d/1.conf': level('info'),
      '/d/3.txt': 'x',
    };
    const sources = { configFiles: ['/etc/agent.conf', '/b.conf'], configDirs: ['/d'] };
    const port = async (given: Given): Promise<number> =>
      (await accepted(given)).config.haproxy_amphora.bind_port;
    expect(await port({ more, sources: { configFiles: sources.configFiles } })).toBe(5);
    expect(await port({ more, sources })).toBe(7);
    expect(await port({ more, sources, local: level('info') })).toBe(4);
    const environment = { AMPHORAD_HAPROXY_AMPHORA_BIND_PORT: '1', AMPHORAD_AMPHORAD_LOG_LEVEL: 'error' };
    const { config } = await accepted({ more, sources, local: level('info'), environment });
    expect(config.haproxy_amphora.bind_port).toBe(1);
    expect(config.amphorad.log_level).toBe('error');
  });

  it('takes the last of repeated keys, sections in any letter case', async () => {
    const { config } = await accepted({
      main: `${minimal}[HAProxy_Amphora]\nbind_port = 1\nbind_port = 0\n`,
    });
    expect(config.haproxy_amphora.bind_port).toBe(0);
  });

  it('does not judge a value that is overridden', async () => {
    const main = `${minimal}[haproxy_amphora]\nbind_port = x\n`;
    expect(
      (await accepted({ main, local: '[haproxy_amphora]\nbind_port = 1\n' })).config.haproxy_amphora
        .bind_port,
    ).toBe(1);
  });

  it('tells where every value comes from', async () => {
    const loaded = await load({
      local: '\n[amphorad]\nlog_level = error\n',
      environment: { AMPHORAD_METRICS_BIND: '127.0.0.1:9100' },
    });
    const origins = loaded.ok ? loaded.origins : new Map<string, unknown>();
    expect(origins.get('amphora_agent.amphora_id')).toEqual({
      from: 'file',
      file: '/etc/agent.conf',
      line: 2,
    });
    expect(origins.get('amphorad.log_level')).toEqual({ from: 'file', file: '/etc/local.conf', line: 3 });
    expect(origins.get('metrics.bind')).toEqual({ from: 'environment', variable: 'AMPHORAD_METRICS_BIND' });
    expect(origins.get('amphorad.apply')).toEqual({ from: 'default' });
  });
});

describe("what only the box decides, in the controller's file", () => {
  it('is ignored with a warning that names the local file', async () => {
    const main = `${minimal}[AMPHORAD]\nconfig_policy = permissive\n[metrics]\nbind = not even an address\n`;
    const { config, warnings } = await accepted({ main });
    expect(config.amphorad.config_policy).toBe('octavia');
    expect(config.metrics.bind).toBeUndefined();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toBe(
      '/etc/agent.conf:4: [amphorad] config_policy: ignored here, set it in a local file such as /etc/amphorad/local.conf',
    );
  });

  it('does not override a local file', async () => {
    const { config } = await accepted({
      main: `${minimal}[amphorad]\nnetwork_namespace = host\n`,
      local: '[amphorad]\nnetwork_namespace =\n',
    });
    expect(config.amphorad.network_namespace).toBeUndefined();
  });
});

describe('unknown names', () => {
  it('warn with what was probably meant', async () => {
    const main = `${minimal}heartbeat_key = s3cret\n[health_manager]\nheartbeat_intervall = 5\nbind_ip = x\n[haproxy_amphoar]\na = 1\n`;
    expect((await accepted({ main })).warnings).toEqual([
      '/etc/agent.conf:3: [amphora_agent] heartbeat_key: unknown option, ignored; did you mean [health_manager] heartbeat_key?',
      '/etc/agent.conf:5: [health_manager] heartbeat_intervall: unknown option, ignored; did you mean heartbeat_interval?',
      '/etc/agent.conf:6: [health_manager] bind_ip: unknown option, ignored',
      '/etc/agent.conf:8: [haproxy_amphoar]: unknown section, ignored; did you mean [haproxy_amphora]?',
    ]);
  });

  it('warn once for each section of other programs', async () => {
    const main = `${minimal}[oslo_messaging]\na = 1\nb = 2\n[database]\nc = 3\n[oslo_messaging]\nd = 4\n`;
    const { warnings } = await accepted({ main });
    expect(warnings).toHaveLength(2);
  });

  it('never show what may be half a secret', async () => {
    const main = `${minimal}[health_manager]\nheartbeat_key s3cret=x\n`;
    expect((await accepted({ main })).warnings.join()).not.toContain('s3cret');
  });

  it('warn for environment variables that set nothing', async () => {
    const environment = { AMPHORAD_LOG_LEVEL: 's3cret', PATH: '/bin' };
    expect((await accepted({ environment })).warnings).toEqual([
      'environment AMPHORAD_LOG_LEVEL: sets no option, ignored',
    ]);
  });
});

describe('wrong values', () => {
  it('are all reported at once, each with its place', async () => {
    const main = `${minimal}[health_manager]
heartbeat_interval = ten
[haproxy_amphora]
base_path = relative
bind_port = 70000
[DEFAULT]
debug = perhaps
`;
    const local = '[amphorad]\nprocess_manager = initd\nreload_window = 61\n';
    expect(await refused({ main, local, environment: { AMPHORAD_RUNTIME_API_TIMEOUT: '0' } })).toEqual([
      '/etc/agent.conf:9: [DEFAULT] debug = "perhaps": expected True or False',
      '/etc/agent.conf:6: [haproxy_amphora] base_path = "relative": expected an absolute path without blanks, quotes, "#", "$" or backslashes',
      '/etc/agent.conf:7: [haproxy_amphora] bind_port = "70000": expected a port, 0 to 65535',
      '/etc/agent.conf:4: [health_manager] heartbeat_interval = "ten": expected a number of seconds (500ms, 5m and 1h work too), 0.1 to 3600',
      '/etc/local.conf:2: [amphorad] process_manager = "initd": expected one of auto, direct, systemd',
      '/etc/local.conf:3: [amphorad] reload_window = "61": expected a number of seconds (500ms, 5m and 1h work too), 0 to 60',
      'environment AMPHORAD_RUNTIME_API_TIMEOUT: [runtime_api] timeout = "0": expected a number of seconds (500ms, 5m and 1h work too), 0.1 to 300',
    ]);
  });

  it('of a secret are masked', async () => {
    const main = `${minimal}[health_manager]\nheartbeat_key = s3c\tret\n`;
    const problems = await refused({ main });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('heartbeat_key = "***"');
  });

  it('of the missing amphora id show of a section or key its leading word only', async () => {
    const main = `[amphora_agent\u001b[2J]\namphora_id = ${id}\n`;
    const [problem] = await refused({ main });
    expect(problem).toContain('did you mean it by [amphora_agent…] amphora_id in /etc/agent.conf:2?');
  });

  it('of the missing amphora id come with the slip that caused it', async () => {
    expect(await refused({ main: `[amphora_agent]\nampohra_id = ${id}\n` })).toEqual([
      '/etc/agent.conf: [amphora_agent] amphora_id: required, and not set; did you mean it by [amphora_agent] ampohra_id in /etc/agent.conf:2?',
    ]);
    expect(await refused({ main: `[DEFAULT]\namphora_id = ${id}\n` })).toEqual([
      expect.stringContaining('[DEFAULT] amphora_id in /etc/agent.conf:2?'),
    ]);
    expect(await refused({ main: '[amphora_agent]\namphora_id =\n' })).toEqual([
      '/etc/agent.conf:2: [amphora_agent] amphora_id = "": required',
    ]);
  });

  it('in what a default refers to are reported once', async () => {
    expect(await refused({ main: `${minimal}[haproxy_amphora]\nbase_path = $nowhere\n` })).toHaveLength(1);
    expect(await refused({ main: `${minimal}[haproxy_amphora]\nbase_path = here\n` })).toHaveLength(1);
  });

  it('in lines that cannot be read are reported with the others', async () => {
    expect(await refused({ main: `${minimal}gibberish\n[haproxy_amphora]\nbind_port = x\n` })).toEqual([
      '/etc/agent.conf:3: neither a [section], a comment nor key = value',
      expect.stringContaining('bind_port'),
    ]);
  });
});

describe('files that cannot be used', () => {
  it('are each a problem', async () => {
    const files = createMemoryFiles({ '/dir/': '', '/nul': '[a]\nb = \0', '/f.conf': minimal });
    files.plant('/latin', Buffer.from('[a]\n\nb = caf\xe9\n', 'latin1'));
    const loaded = await loadConfig(
      {
        configFiles: ['/f.conf', '/missing', '/dir', '/nul', '/latin'],
        configDirs: ['/nowhere', '/f.conf'],
        localFiles: [
          { path: '/absent', required: false },
          { path: '/gone', required: true },
        ],
        environment: {},
      },
      files,
    );
    expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([
      '/nowhere: the directory does not exist',
      '/f.conf: is a file: give it with --config-file',
      '/missing: the file does not exist',
      '/dir: is a directory: give it with --config-dir',
      '/nul:2: holds a NUL byte',
      '/latin:3: is not UTF-8 text',
      '/gone: the file does not exist',
    ]);
  });

  it('are followed through links, and refused when those lead to a directory', async () => {
    const files = createMemoryFiles({ '/real.conf': minimal, '/dir/': '' });
    files.plantLink('/link.conf', '/real.conf');
    files.plantLink('/dirlink', '/dir');
    const input = (path: string): ConfigSources => ({
      configFiles: [path],
      configDirs: [],
      localFiles: [],
      environment: {},
    });
    expect((await loadConfig(input('/link.conf'), files)).ok).toBe(true);
    const loaded = await loadConfig(input('/dirlink'), files);
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toContain(
      'cannot be read: EISDIR: /dirlink',
    );
  });
});

describe('references', () => {
  it('reach other sections, and DEFAULT where the own section has no such option', async () => {
    const main = `${minimal}[haproxy_amphora]\nbase_path = /srv/$syslog_log_facility\nbase_cert_dir = \${amphora_agent.amphora_id}\n`;
    expect(await refused({ main })).toEqual([expect.stringContaining(`base_cert_dir = "${id}"`)]);
    const good = main.replace('= ${', '= /certs/${');
    const { config } = await accepted({ main: good });
    expect(config.haproxy_amphora).toMatchObject({
      base_path: '/srv/LOG_LOCAL1',
      base_cert_dir: `/certs/${id}`,
    });
  });

  it('that lead nowhere, in circles or to a secret are problems', async () => {
    const main = `${minimal}[haproxy_amphora]
base_path = $base_cert_dir/x
base_cert_dir = $base_path/y
haproxy_cmd = /bin/$nothing
[health_manager]
heartbeat_key = s3cret
[amphora_agent]
agent_server_ca = /x/\${health_manager.heartbeat_key}
`;
    const problems = await refused({ main });
    expect(problems.join('\n')).not.toContain('s3cret');
    expect(problems).toEqual([
      expect.stringContaining('base_path = "$base_cert_dir/x": $base_cert_dir cannot be worked out'),
      expect.stringContaining('base_cert_dir = "$base_path/y": $base_path refers back'),
      expect.stringContaining('$nothing names no option'),
      expect.stringContaining('is a secret'),
    ]);
  });

  it('that are none stay in a heartbeat key, with a warning that shows nothing of it', async () => {
    const main = `${minimal}[health_manager]\nheartbeat_key = pa$word$$x$\n`;
    const { config, warnings } = await accepted({ main });
    expect(config.health_manager.heartbeat_key).toBe('pa$word$x$');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('word');
  });
});

describe('contradictions', () => {
  const main = (more: string): string => `${minimal}${more}`;

  it('heartbeats without a key', async () => {
    expect(
      await refused({
        main: main('[health_manager]\ncontroller_ip_port_list = 192.0.2.1:5555\nhearbeat_key = s3cret\n'),
      }),
    ).toEqual([
      '/etc/agent.conf: [health_manager] heartbeat_key: required because controller_ip_port_list is not empty, and not set; did you mean it by [health_manager] hearbeat_key in /etc/agent.conf:5?',
    ]);
    expect(
      await refused({
        main: main('[health_manager]\ncontroller_ip_port_list = 192.0.2.1:5555\nheartbeat_key =\n'),
      }),
    ).toEqual([expect.stringContaining('/etc/agent.conf:5: [health_manager] heartbeat_key')]);
  });

  it.each([
    ['metrics for all', '[metrics]\nbind = 0.0.0.0:9100\n', '/etc/local.conf:2: [metrics] bind'],
    ['metrics for all', '[metrics]\nbind = [::]:9100\n', 'allow_remote = True'],
    ['a runtime API for all without a token', '[runtime_api]\nbind = 192.0.2.1:11011\n', 'auth_token_file'],
    [
      'two listeners on one port',
      '[runtime_api]\nbind = 127.0.0.1:9100\n[metrics]\nbind = 127.0.0.1:9100\n',
      'listens on already',
    ],
    ["the REST listener's port taken", '[metrics]\nbind = 127.0.0.1:9443\n', 'listens on already'],
    [
      'certificates beside the state',
      '[haproxy_amphora]\nbase_cert_dir = /var/lib/octavia/\n',
      'must not be base_path',
    ],
    ['certificates above the state', '[haproxy_amphora]\nbase_cert_dir = /var/lib\n', 'directory above'],
    [
      'one file for certificate and CA',
      '[amphora_agent]\nagent_server_ca = /etc/octavia/certs/./server.pem\n',
      'agent_server_ca',
    ],
  ])('%s', async (_, local, expected) => {
    expect(await refused({ local })).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ['[metrics]\nbind = 0.0.0.0:9100\nallow_remote = yes\n'],
    ['[metrics]\nbind = [::1]:9100\n[runtime_api]\nbind = 127.0.0.1:9100\n'],
    ['[metrics]\nbind = 127.0.0.1:0\n[runtime_api]\nbind = 127.0.0.1:0\n'],
    ['[runtime_api]\nbind = 0.0.0.0:11011\nauth_token_file = /etc/amphorad/token\n'],
    ['[haproxy_amphora]\nbase_cert_dir = /var/lib/octavia-certs\n'],
    ['[amphorad]\nallowed_client_names = a, b\nread_only_client_names = b\n'],
    ['[amphorad]\nhard_stop_after = 5m\nvrrp_services = 5432, 8404\n'],
  ])('are not seen in %p', async (local) => {
    expect((await accepted({ local })).warnings).toEqual([]);
  });
});
