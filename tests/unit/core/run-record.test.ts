// Whether haproxy would read exactly what it has read.

import { describe, expect, it } from '@jest/globals';
import { digest, recordRun, sameRun, type RunInput } from '../../../agent/core/run-record';
import { createMemoryFiles, type MemoryFiles } from '../../fakes/memory-files';

const input: RunInput = {
  text: 'listen a\n',
  overlay: 'global\n',
  peer: 'me',
  binary: '/usr/sbin/haproxy',
  files: ['/c/a.pem', '/c/gone.pem'],
};
const machine = () => createMemoryFiles({ '/usr/sbin/haproxy': 'ELF', '/c/a.pem': 'certificate' });

describe('a record of a run', () => {
  it('holds digests of texts and files, and no content', async () => {
    const files = machine();
    const record = await recordRun(files, input);
    expect(record).toMatchObject({
      text: digest('listen a\n'),
      overlay: digest('global\n'),
      peer: 'me',
      binary: expect.stringMatching(/^\/usr\/sbin\/haproxy:\d+:3:\d+$/),
      files: { '/c/a.pem': digest('certificate'), '/c/gone.pem': 'absent' },
    });
    expect(digest('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('is the same while nothing changes, and after it was written and read again', async () => {
    const files = machine();
    const before = await recordRun(files, input);
    expect(sameRun(before, await recordRun(files, input))).toBe(true);
    expect(sameRun(JSON.parse(JSON.stringify(before)) as typeof before, before)).toBe(true);
  });

  it('is the same when files are named in another order', async () => {
    const files = machine();
    const turned = { ...input, files: [...input.files].reverse() };
    expect(sameRun(await recordRun(files, input), await recordRun(files, turned))).toBe(true);
  });

  it.each<[what: string, change: (files: MemoryFiles) => Partial<RunInput>]>([
    ['text', () => ({ text: 'listen b\n' })],
    ['overlay', () => ({ overlay: '' })],
    ['peer', () => ({ peer: 'other' })],
    ['path of the binary', () => ({ binary: '/opt/haproxy' })],
    ['number of files', () => ({ files: ['/c/a.pem'] })],
    ['names of files', () => ({ files: ['/c/a.pem', '/c/other.pem'] })],
    [
      'content of a file',
      (files) => {
        files.plant('/c/a.pem', 'renewed');
        return {};
      },
    ],
    [
      'absence of a file',
      (files) => {
        files.plant('/c/gone.pem', '');
        return {};
      },
    ],
    [
      'binary, upgraded in place',
      (files) => {
        files.plant('/usr/sbin/haproxy', 'ELF');
        return {};
      },
    ],
  ])('is another with another %s', async (_what, change) => {
    const files = machine();
    const before = await recordRun(files, input);
    const after = await recordRun(files, { ...input, ...change(files) });
    expect([sameRun(before, after), sameRun(after, before)]).toEqual([false, false]);
  });
});
