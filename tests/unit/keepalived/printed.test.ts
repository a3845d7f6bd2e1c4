// What a program has printed since a moment, while its log is kept small.

import { expect, it } from '@jest/globals';
import { boundLog, markLog } from '../../../agent/keepalived/printed';
import { createMemoryFiles } from '../../fakes/memory-files';

it('what is printed after a mark is not lost when the log is bounded meanwhile', async () => {
  const files = createMemoryFiles({});
  files.plant('/log', 'x'.repeat(1024 * 1024 - 10));
  const printed = await markLog(files, '/log');
  files.plant('/log', `${files.snapshot()['/log'] ?? ''}Reloading ...\nReload complete\n`);
  await boundLog(files, '/log');
  expect(await printed()).toBe('Reloading ...\nReload complete');
});
