// The pages in docs/api say what the document says.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const root = join(__dirname, '..', '..', '..', '..');

it('docs/api is up to date: npm run docs:api', () => {
  const script = join(root, 'scripts', 'api-docs.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
