// The caps on connections leave descriptors for work.

import { describe, expect, it } from '@jest/globals';
import { affordableCaps } from '../../../agent/http/affordable';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';

const wanted = { most: 256, mostPerClient: 64 };

async function setUp(softLimit: string | undefined) {
  const files = createMemoryFiles();
  if (softLimit !== undefined) {
    await files.makeDirectory('/proc/self', 0o755);
    await files.writeAtomic(
      '/proc/self/limits',
      `Max open files            ${softLimit.padEnd(20)} 1048576              files     \n`,
      0o600,
    );
  }
  const log = createRecordedLog();
  return { log, caps: await affordableCaps(wanted, { files, log }) };
}

describe('the caps', () => {
  it.each(['1024', 'unlimited', undefined])('stay as they are with %s open files', async (limit) => {
    const { caps, log } = await setUp(limit);
    expect(caps).toEqual(wanted);
    expect(log.entries).toEqual([]);
  });

  it.each([
    ['150', { most: 54, mostPerClient: 54 }],
    ['300', { most: 204, mostPerClient: 64 }],
    ['20', { most: 4, mostPerClient: 4 }],
  ])('are lowered with %s open files, and the log says so once', async (limit, expected) => {
    const { caps, log } = await setUp(limit);
    expect(caps).toEqual(expected);
    expect(log.entries.map(({ level }) => level)).toEqual(['warning']);
  });
});
