// The units of the package: how exposed they are, and what the agent must do inside the sandbox of its own.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { missing, startManager, type Manager } from './systemd/manager';

const root = join(__dirname, '../..');
if (missing !== undefined) process.stderr.write(`skipped: no ${missing}, so no sandbox of the agent\n`);

it('no unit is more exposed than it may be, and systemd understands all of them', () => {
  const { status, stdout } = spawnSync(process.execPath, ['tests/units/units.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  // 77: no systemd-analyze, which it has said.
  if (status === 77) process.stderr.write(stdout);
  else expect([status, stdout]).toEqual([0, expect.stringContaining('amphora-agent.service')]);
});

(missing === undefined ? describe : describe.skip)('inside the sandbox of amphora-agent.service', () => {
  const namespace = 'amph-sandbox';
  let manager: Manager;

  /** What confines it, of its own lines: the rest is about how it is started. */
  const properties = readFileSync(join(root, 'etc/systemd/amphora-agent.service'), 'utf8')
    .split('\n')
    .filter((line) =>
      /^(NoNew|Protect|ReadWrite|Private|Bind|Device|Restrict|Lock|SystemCall|Capability)/.test(line),
    );
  const run = (...argv: readonly string[]) =>
    manager.runner.run([
      'systemd-run',
      ...['--collect', '--pipe', '--wait', '--quiet'],
      ...properties.map((property) => `--property=${property}`),
      '--',
      ...argv,
    ]);
  const inside = (...argv: readonly string[]) => run('ip', 'netns', 'exec', namespace, ...argv);

  beforeAll(async () => {
    manager = await startManager(namespace);
  });
  afterAll(() => manager.end());

  it.each([
    ['change interfaces', () => run('ip', '-n', namespace, 'link', 'set', 'dev', 'lo', 'mtu', '60000')],
    ['make settings of the namespace', () => inside('sysctl', '-w', 'net.ipv4.ip_forward=1')],
    ['open pings to groups', () => inside('tee', '/proc/sys/net/ipv4/ping_group_range')],
    ['see who listens', () => inside('ss', '-Hltnp')],
    ['have a configuration checked', () => inside('haproxy', '-v')],
    ['read what others run', () => run('cat', '/proc/1/stat', '/proc/1/cmdline')],
    ['see the namespace of the set-up unit', () => run('ls', `/run/netns/${namespace}`)],
  ])('the agent can %s', async (_what, attempt) => {
    const { code, stderr } = await attempt();
    expect([code, stderr]).toEqual([0, '']);
  });

  it('the agent sees which process of another user listens', async () => {
    const script = `use Socket; socket(S, 2, 1, 0); bind(S, pack_sockaddr_in(8099, INADDR_LOOPBACK)); listen(S, 5); $> = 65534; print "$$\\n"; $| = 1; sleep 60`;
    const started = manager.runner.run([
      ...['systemd-run', '--collect', '--unit=amph-listener.service'],
      ...[`--property=NetworkNamespacePath=/run/netns/${namespace}`, '--', 'perl', '-e', script],
    ]);
    expect((await started).code).toBe(0);
    const seen = async (): Promise<string> => (await inside('ss', '-Hltnp')).stdout;
    let told = await seen();
    for (let round = 0; round < 50 && !told.includes(':8099'); round += 1) told = await seen();
    expect(told).toMatch(/:8099 .*pid=\d+/);
    await manager.runner.run(['systemctl', 'stop', 'amph-listener.service']);
  });

  it.each([
    ['settings of the whole machine', () => run('sysctl', '-w', 'kernel.panic=0')],
    ['programs', () => run('touch', '/usr/bin/amph-try')],
    ['what starts at boot', () => run('touch', '/etc/cron.d/amph-try')],
    ['the clock', () => run('date', '-s', '2001-01-01')],
    ['modules', () => run('ls', '/usr/lib/modules/.')],
  ])('the agent cannot change %s', async (_what, attempt) => {
    expect((await attempt()).code).not.toBe(0);
  });

  it.each([
    ['hides no certificates that a former agent keeps on disk', ['a.pem'], 'inactive'],
    ['keeps certificates in memory elsewhere', [], 'active'],
  ])('the mount %s', async (_what, kept, state) => {
    const where = join(manager.folder, `certs${kept.length}`);
    mkdirSync(where);
    for (const name of kept) writeFileSync(join(where, name), 'kept');
    const text = readFileSync(join(root, 'etc/systemd/var-lib-octavia-certs.mount'), 'utf8');
    const unit = `${where
      .slice(1)
      .replaceAll('-', String.raw`\x2d`)
      .replaceAll('/', '-')}.mount`;
    const units = join(manager.folder, 'systemd/user.control');
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, unit), text.replaceAll('/var/lib/octavia/certs', where));
    await manager.runner.run(['systemctl', 'daemon-reload']);
    await manager.runner.run(['systemctl', 'start', unit]);
    const shown = await manager.runner.run(['systemctl', 'show', '--property=ActiveState', '--value', unit]);
    expect([shown.stdout.trim(), readdirSync(where)]).toEqual([state, kept]);
    await manager.runner.run(['systemctl', 'stop', unit]);
  });

  it('what the agent mounts nobody else sees', async () => {
    await run('mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
    expect((await manager.inside('findmnt', '/mnt')).code).not.toBe(0);
  });
});
