// What is kept of an haproxy that ended badly.

import { describe, expect, it } from '@jest/globals';
import { createCrashLog } from '../../../agent/core/crash-log';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { firstId } from '../../fakes/scripted-amphora';

const paths = haproxyPaths({ basePath: '/base', certDir: '/certs', runtimeDir: '/base' }, firstId);
const setUp = (printed: string) => {
  const files = createMemoryFiles({ [paths.log]: printed });
  return { files, crashLog: createCrashLog({ files, clock: createHandClock() }) };
};

describe('last words', () => {
  it('are what haproxy printed, without traffic', async () => {
    const traffic = '2026-01-02T03:04:05.678901+00:00 127.0.0.1:5000 front pool/one 0/0/1';
    const { crashLog } = setUp(`[NOTICE] New worker\n${traffic}\n[ALERT] exited with code 139\n`);
    expect(await crashLog.lastWords(paths)).toBe('[NOTICE] New worker\n[ALERT] exited with code 139');
  });

  it('are bounded, and none where nothing was printed', async () => {
    const { files, crashLog } = setUp(`${'x'.repeat(100_000)}end`);
    expect(await crashLog.lastWords(paths)).toMatch(/^x{4093}end$/);
    await files.remove(paths.log);
    expect(await crashLog.lastWords(paths)).toBe('');
  });

  it('are kept for root alone, with time and end, until they are forgotten', async () => {
    const { files, crashLog } = setUp('');
    await crashLog.keep(paths, 'died (SIGKILL)', 'words');
    expect(files.snapshot()[paths.crashLog]).toMatch(/^2023-11-14T22:13:20.000Z died \(SIGKILL\)\nwords\n$/);
    expect((await files.stat(paths.crashLog))?.mode).toBe(0o600);
    await crashLog.forget(paths);
    await crashLog.forget(paths);
    expect(await files.stat(paths.crashLog)).toBeUndefined();
  });
});
