// Uploads leave room for what must still be written.

import { expect, it } from '@jest/globals';
import { requireSpace } from '../../../agent/core/disk-reserve';
import { createMemoryFiles } from '../../fakes/memory-files';

const filesWith = (availableKb: number, usedKb = 1_000) => {
  const files = createMemoryFiles({ '/b/': '' });
  files.setSpace({ usedKb, availableKb });
  return files;
};

it.each([
  [16 * 1024, 0],
  [16 * 1024 + 64, 64 * 1024],
])('%d KiB free take %d bytes', async (availableKb, bytes) => {
  await requireSpace(filesWith(availableKb), '/b', bytes);
});

it.each([
  [16 * 1024 - 1, 0],
  [16 * 1024 + 63, 64 * 1024],
])('%d KiB free refuse %d bytes, with the figures', async (availableKb, bytes) => {
  await expect(requireSpace(filesWith(availableKb), '/b', bytes)).rejects.toMatchObject({
    kind: 'no-space',
    detail: `${availableKb} KiB are free, 16384 KiB are kept free`,
  });
});

it('a file system without size refuses nothing', async () => {
  await requireSpace(filesWith(0, 0), '/b', 1);
});

it('a directory that is gone is unavailable, naming it and what to do', async () => {
  await expect(requireSpace(createMemoryFiles(), '/b', 1)).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'The state directory is gone',
    detail: '/b: bring it back, or start the agent again',
  });
});
