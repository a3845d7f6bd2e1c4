// The fake and the real local sockets keep one contract.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeLocalServers } from '../../agent/host/node/local-servers';
import { createScriptedLocalServers } from '../fakes/scripted-local-servers';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync('/tmp/amph-');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each([
  ['fake', createScriptedLocalServers],
  ['real', createNodeLocalServers],
])('%s local servers', (_kind, create) => {
  it.each([
    ['a path', () => join(directory, 'a.sock')],
    ['an abstract name', () => `\0amphorad-test-${process.pid}`],
  ])(
    '%s: tells everyone who asks, refuses a second listener, is free again once closed',
    async (_what, pathOf) => {
      const servers = create();
      const path = pathOf();
      const first = await servers.serve(path, () => 'first\n');
      expect(await servers.ask(path)).toBe('first\n');
      await expect(servers.serve(path, () => 'second\n')).rejects.toMatchObject({ kind: 'already-exists' });
      await first.close();
      expect(await servers.ask(path)).toBeUndefined();
      await (await servers.serve(path, () => 'third\n')).close();
    },
  );

  it('waits for an answer that takes its time, and a failing one is no answer', async () => {
    const servers = create();
    const path = join(directory, 'b.sock');
    const slow = await servers.serve(
      path,
      () => new Promise((resolve) => setImmediate(() => resolve('late\n'))),
    );
    expect(await servers.ask(path, 5_000)).toBe('late\n');
    await slow.close();
    const failing = await servers.serve(path, () => Promise.reject(new Error('broken')));
    expect(await servers.ask(path)).toBeUndefined();
    await failing.close();
  });
});

it('a real socket is for its owner alone', async () => {
  const path = join(directory, 'mode.sock');
  const server = await createNodeLocalServers().serve(path, () => '');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await server.close();
});
