// What is checked again, and written, each time a process is to follow the stored configuration.

import { describe, expect, it } from '@jest/globals';
import { createApply } from '../../../agent/core/apply';
import { createConfigCheck } from '../../../agent/haproxy/check';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const paths = haproxyPaths({ basePath: '/b', certDir: '/c', runtimeDir: '/b' }, id);

const setUp = (result: { code: number; stderr?: string; timedOut?: boolean } = { code: 0 }) => {
  const files = createMemoryFiles({ [paths.config]: 'old\n' });
  const runner = createScriptedRunner([{ match: /^haproxy -c/, result }]);
  const log = createRecordedLog();
  const sockets: string[] = [];
  const apply = createApply({
    files,
    log,
    check: createConfigCheck(runner, ['haproxy']),
    overlayOptions: () =>
      Promise.resolve({ runAs: { user: 'u', group: 'g' }, logSockets: [...sockets], logFacility: 0 }),
  });
  return { files, runner, log, sockets, apply };
};

describe('a check', () => {
  it.each([
    ['accepts', { code: 0 }, undefined],
    ['does not finish', { code: 1, timedOut: true }, 'timeout'],
  ])('that %s leaves nothing behind', async (_what, result, kind) => {
    const { files, apply } = setUp(result);
    const checked = apply.check(paths, 'listen new\n bind :80\n', 'peer');
    if (kind === undefined) await checked;
    else await expect(checked).rejects.toMatchObject({ kind });
    expect(files.snapshot()).toEqual({ [paths.config]: 'old\n' });
  });
});

describe('a text without a listener', () => {
  // haproxy by itself refuses it too, but takes the overlay's socket for a listener.
  it.each(['', '\n# nothing\n', 'global\n daemon\n', 'frontend a\n mode http\n', 'backend b\n mode http\n'])(
    'is refused: %j',
    async (text) => {
      const { runner, apply } = setUp();
      await expect(apply.check(paths, text, 'peer')).rejects.toMatchObject({ kind: 'config-rejected' });
      expect(runner.transcript).toEqual([]);
    },
  );
});

describe('a preparation', () => {
  it('follows the log sockets that exist now', async () => {
    const { files, sockets, apply } = setUp();
    await apply.prepare(paths, 'old\n', 'peer');
    expect(files.snapshot()[paths.overlay]).toContain('log stdout');
    sockets.push('/dev/log');
    await apply.prepare(paths, 'old\n', 'peer');
    expect(files.snapshot()[paths.overlay]).toContain('log /dev/log local0');
  });

  it('checks what haproxy will read, in place', async () => {
    const { runner, apply } = setUp();
    await apply.prepare(paths, 'old\n', 'peer');
    expect(runner.transcript).toEqual([`haproxy -c -f ${paths.config} -f ${paths.overlay} -L peer`]);
  });

  it('that is refused leaves the stored configuration and keeps nothing aside', async () => {
    const { files, apply } = setUp({ code: 1, stderr: 'certificate gone' });
    await expect(apply.prepare(paths, 'old\n', 'peer')).rejects.toMatchObject({ detail: 'certificate gone' });
    expect(files.snapshot()).toMatchObject({ [paths.config]: 'old\n' });
    expect(files.snapshot()[paths.rejected]).toBeUndefined();
  });
});
