// What the agent does for the programs beside haproxy: scripts installed, pings allowed, the prometheus proxy kept.

import { describe, expect, it } from '@jest/globals';
import { createCompanionNeeds, needsPing, needsPrometheusProxy } from '../../../agent/core/companion-needs';
import type { GroupWatch } from '../../../agent/core/group-watch';
import { createInstalledCompanions } from '../../../agent/core/installed-companions';
import { createPingPermission } from '../../../agent/core/ping-permission';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid, type LoadBalancerId } from '../../../agent/model/ids';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const basePath = '/var/lib/octavia';
const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const scripts = [
  'ping-wrapper.sh',
  'lvs/check/amphora-health-checker',
  'lvs/check/udp_check.sh',
  'vrrp/check_script.sh',
  'vrrp/check_scripts/haproxy_check_script.sh',
  'vrrp/notify.sh',
].map((name) => `${basePath}/${name}`);

describe('the scripts that configurations name', () => {
  const setUp = (initial: Record<string, string> = {}) => {
    const files = createMemoryFiles({ [`${basePath}/`]: '', ...initial });
    const log = createRecordedLog();
    return { files, log, installed: createInstalledCompanions({ files, log, basePath }) };
  };

  it('are there after the start, for everybody to run and root alone to write', async () => {
    const { files, installed } = setUp();
    await installed.install();
    for (const path of scripts) {
      expect(await files.stat(path)).toMatchObject({ kind: 'file', mode: 0o755 });
      expect(files.snapshot()[path]).toMatch(/^#!\//);
    }
    expect(await files.stat(`${basePath}/lvs/check`)).toMatchObject({ kind: 'directory', mode: 0o755 });
    expect(installed.findings()).toEqual([]);
  });

  it('are left alone when they are right, and put right when they are not', async () => {
    const { files, log, installed } = setUp();
    await installed.install();
    const right = files.snapshot();
    await installed.install();
    expect(log.messages('info')).toHaveLength(scripts.length);
    files.plant(scripts[0]!, `${right[scripts[0]!]} # `, 0o755);
    files.plant(scripts[2]!, right[scripts[2]!]!, 0o100);
    await installed.install();
    expect(files.snapshot()).toEqual(right);
    expect(await files.stat(scripts[2]!)).toMatchObject({ mode: 0o755 });
    expect(log.messages('info')).toHaveLength(scripts.length + 2);
  });

  it('replace a link, whatever it points to', async () => {
    const { files, installed } = setUp({ '/bin/other': 'other' });
    files.plantLink(scripts[0]!, '/bin/other');
    await installed.install();
    expect(await files.stat(scripts[0]!)).toMatchObject({ kind: 'file' });
    expect(files.snapshot()['/bin/other']).toBe('other');
  });

  it('that cannot be written are told, and keep neither the others nor the agent', async () => {
    const { files, installed } = setUp();
    files.failNext('writeAtomic', new AgentError('no-space', 'the disk is full'), /ping/);
    await installed.install();
    expect(Object.keys(files.snapshot()).sort()).toEqual(scripts.slice(1).sort());
    expect(installed.findings()).toEqual([
      expect.objectContaining({
        check: 'companions',
        what: `${basePath}/ping-wrapper.sh could not be installed: the disk is full`,
      }),
    ]);
  });
});

describe('PING monitors', () => {
  const range = '/proc/sys/net/ipv4/ping_group_range';
  const setUp = (stdout: string, tee: { code?: number; stderr?: string } = {}) => {
    const runner = createScriptedRunner([
      { match: /cat /, result: { stdout } },
      { match: /tee /, result: tee },
    ]);
    const log = createRecordedLog();
    const through = ['ip', 'netns', 'exec', 'ns'];
    return { runner, log, permission: createPingPermission({ runner, log, through }) };
  };

  it("may ping where the kernel's default lets nobody", async () => {
    const { runner, permission } = setUp('1\t0\n');
    await permission.allow();
    expect(runner.transcript).toEqual([`ip netns exec ns cat ${range}`, `ip netns exec ns tee ${range}`]);
    expect(permission.findings()).toEqual([]);
  });

  it('get what an operator has chosen, and no more', async () => {
    const { runner, permission } = setUp('100\t200\n');
    await permission.allow();
    expect(runner.transcript).toEqual([`ip netns exec ns cat ${range}`]);
  });

  it('that may not are told, once in the log', async () => {
    const { log, permission } = setUp('1\t0\n', { code: 1, stderr: 'tee: Permission denied\n' });
    await permission.allow();
    await permission.allow();
    expect(log.messages('warning')).toHaveLength(1);
    expect(permission.findings()).toEqual([
      expect.objectContaining({ check: 'ping-monitors', what: expect.stringContaining('Permission denied') }),
    ]);
  });

  it('that cannot be helped for want of a program are told as well', async () => {
    const { runner, permission } = setUp('');
    runner.script({ match: /cat/, cannotStart: 'ENOENT' });
    await permission.allow();
    expect(permission.findings()).toHaveLength(1);
  });
});

describe('a running configuration', () => {
  it.each([
    ['backend a\n server prometheus-internal 127.0.0.1:9102\n', true],
    ['backend a\n server m 127.0.0.1:91020\n', false],
    ['# 127.0.0.1:9102\nbackend a\n server m 127.0.0.1:80\n', false],
  ])('%j needs the prometheus proxy: %s', (text, expected) => {
    expect(needsPrometheusProxy(text)).toBe(expected);
  });

  it.each([
    ['backend a\n option external-check\n external-check command /x\n', true],
    ['global\n external-check\n', false],
    ['backend a\n mode http\n', false],
  ])('%j needs to ping: %s', (text, expected) => {
    expect(needsPing(text)).toBe(expected);
  });

  const withProxy = 'backend a\n server p 127.0.0.1:9102\n';
  const setUp = () => {
    const files = createMemoryFiles({ [`${basePath}/${id}/running.cfg`]: withProxy });
    const log = createRecordedLog();
    const wants: (readonly [LoadBalancerId, boolean])[] = [];
    const pings: string[] = [];
    const told: string[] = [];
    const nothing = (): void => undefined;
    const watch: GroupWatch = {
      changing: nothing,
      changeFailed: nothing,
      failed: nothing,
      isNews: () => false,
      up: () => told.push('up'),
      release: () => told.push('release'),
    };
    const needs = createCompanionNeeds({
      files,
      log,
      roots: { basePath, certDir: '/c', runtimeDir: basePath },
      proxy: { want: (of, isWanted) => wants.push([of, isWanted]) },
      ping: { allow: () => Promise.resolve(void pings.push('allowed')) },
    });
    return { files, log, wants, pings, told, needs, watch: needs.over(watch) };
  };
  const process = { pid: 7, startTicks: '1', bootId: 'b' };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is heard of beside the watcher, when it comes up and when it ends', async () => {
    const { wants, pings, told, watch } = setUp();
    watch.up(id, process, true);
    await settled();
    watch.release(id);
    expect(told).toEqual(['up', 'release']);
    expect(wants).toEqual([
      [id, true],
      [id, false],
    ]);
    expect(pings).toEqual([]);
  });

  it('is known before the agent acts on what is wanted', async () => {
    const { wants, needs, watch } = setUp();
    watch.up(id, process, true);
    await needs.settled();
    expect(wants).toEqual([[id, true]]);
  });

  it('that ended while it was read wants nothing more', async () => {
    const { wants, watch } = setUp();
    watch.up(id, process, true);
    watch.release(id);
    await settled();
    expect(wants).toEqual([[id, false]]);
  });

  it('that was reloaded counts as it is now', async () => {
    const { files, wants, pings, watch } = setUp();
    watch.up(id, process, true);
    await settled();
    files.plant(`${basePath}/${id}/running.cfg`, 'backend a\n external-check command /x\n');
    watch.up(id, process, true);
    await settled();
    expect(wants).toEqual([
      [id, true],
      [id, false],
    ]);
    expect(pings).toEqual(['allowed']);
  });

  it('that cannot be read is told, and nothing else stops', async () => {
    const { files, log, watch } = setUp();
    files.failNext('readText', new AgentError('unavailable', 'EIO'));
    watch.up(id, process, true);
    await settled();
    expect(log.messages('warning')).toEqual(['what a running configuration needs is not known']);
  });
});
