// The door for uploads: what is checked before a text is stored, and what a refusal leaves behind.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { createApply } from '../../../agent/core/apply';
import { createCheckedTexts } from '../../../agent/core/checked-texts';
import { createConfigCheck } from '../../../agent/haproxy/check';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createLimiter } from '../../../agent/model/limiter';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const paths = haproxyPaths({ basePath: '/b', certDir: '/c', runtimeDir: '/b' }, id);
const wanted = 'listen new\n bind :80\n';

const setUp = (
  result: { code: number; stderr?: string; timedOut?: boolean } = { code: 0 },
  refuseFaults: () => Promise<void> = () => Promise.resolve(),
) => {
  const files = createMemoryFiles({ [paths.config]: 'old\n' });
  const seen: Record<string, string>[] = [];
  const runner = createScriptedRunner([
    {
      match: /^haproxy -c/,
      result: () => {
        seen.push(files.snapshot());
        return result;
      },
    },
  ]);
  const sockets: string[] = [];
  const apply = createApply({
    files,
    log: createRecordedLog(),
    check: createConfigCheck(runner, ['haproxy'], createLimiter(2)),
    checked: createCheckedTexts(),
    binary: '/usr/sbin/haproxy',
    guard: {
      refuseFaults,
      filesOf: () => Promise.resolve([]),
      crtListsOf: () => Promise.resolve(new Map()),
    },
    overlayOptions: () =>
      Promise.resolve({
        runAs: { user: 'u', group: 'g' },
        logSockets: [...sockets],
        userLogFacility: 0,
        administrativeLogFacility: 1,
        hardStopAfter: undefined,
        pingHelper: { named: '/o/ping-wrapper.sh', installed: '/b/ping-wrapper.sh' },
        template: builtInTemplates['haproxy-overlay.cfg'],
      }),
  });
  return { files, runner, seen, sockets, apply };
};

describe('a check', () => {
  it.each([
    ['accepts', { code: 0 }, undefined],
    ['does not finish', { code: 1, timedOut: true }, 'timeout'],
  ])('that %s leaves nothing behind', async (_what, result, kind) => {
    const { files, apply } = setUp(result);
    const checked = apply.check(id, paths, wanted, 'peer');
    if (kind === undefined) await checked;
    else await expect(checked).rejects.toMatchObject({ kind });
    expect(files.snapshot()).toEqual({ [paths.config]: 'old\n' });
  });

  it('shows haproxy the text with the overlay of the log sockets that exist now', async () => {
    const { seen, sockets, apply } = setUp();
    await apply.check(id, paths, wanted, 'peer');
    sockets.push('/dev/log');
    await apply.check(id, paths, wanted, 'peer');
    expect(seen.map((files) => files[paths.candidate])).toEqual([wanted, wanted]);
    const overlays = seen.map((files) => files[`${paths.overlay}.candidate`]);
    expect(overlays[0]).toContain('log stdout');
    expect(overlays[1]).toContain('log /dev/log local0');
  });

  it('that policy refuses never reaches haproxy, and the text is kept aside', async () => {
    const refusal = new AgentError('config-rejected', 'no', { detail: 'line 2' });
    const { files, runner, apply } = setUp({ code: 0 }, () => Promise.reject(refusal));
    await expect(apply.check(id, paths, wanted, 'peer')).rejects.toBe(refusal);
    expect(runner.transcript).toEqual([]);
    expect(files.snapshot()).toEqual({ [paths.config]: 'old\n', [paths.rejected]: wanted });
  });
});

describe('a text without a listener', () => {
  // haproxy by itself refuses it too, but takes the overlay's socket for a listener.
  it.each(['', '\n# nothing\n', 'global\n daemon\n', 'frontend a\n mode http\n', 'backend b\n mode http\n'])(
    'is refused: %j',
    async (text) => {
      const { runner, apply } = setUp();
      await expect(apply.check(id, paths, text, 'peer')).rejects.toMatchObject({ kind: 'config-rejected' });
      expect(runner.transcript).toEqual([]);
    },
  );
});

describe('a text that asks for millions of ports', () => {
  it('is refused before haproxy or the agent lists them', async () => {
    const { runner, apply } = setUp();
    const text = `listen a\n${' bind 127.0.0.1:1-65535\n'.repeat(500)}`;
    await expect(apply.check(id, paths, text, 'peer')).rejects.toMatchObject({ kind: 'config-rejected' });
    expect(runner.transcript).toEqual([]);
  });
});

describe('a text of millions of lines', () => {
  it('is refused before anybody reads it', async () => {
    const { runner, apply } = setUp();
    const text = `listen a\n bind :80\n${'\n'.repeat(200_000)}`;
    await expect(apply.check(id, paths, text, 'peer')).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: 'expected at most 200000 lines, got 200003',
    });
    expect(runner.transcript).toEqual([]);
  });
});

describe('a stored text', () => {
  it('is there as sent, privately, and what an earlier refusal kept aside is gone', async () => {
    const { files, apply } = setUp();
    files.plant(paths.rejected, 'doomed');
    await apply.store(paths, wanted);
    expect(files.snapshot()).toEqual({ [paths.config]: wanted });
    expect((await files.stat(paths.config))?.mode).toBe(0o600);
  });
});
