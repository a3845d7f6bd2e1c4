// What is known of a load balancer after a restart, and what is done about a file that cannot be trusted.

import { describe, expect, it } from '@jest/globals';
import { createStateStore, type LoadBalancerState } from '../../../agent/core/state-store';
import { AgentError } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createMemoryFiles } from '../../fakes/memory-files';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const path = `/b/${id}/state.json`;
const roots = { basePath: '/b', certDir: '/c', runtimeDir: '/b' };
const process = { pid: 4802, startTicks: '123456', bootId: '0f6a1c52-93d4-4e6b-b1a7-5c2e8d904f31' };
const state: LoadBalancerState = { owner: 'octavia-v0.1', peer: 'peer-1', desired: 'running', process };
const setUp = (initial: Record<string, string> = { '/b/': '' }) => {
  const files = createMemoryFiles(initial);
  return { files, store: createStateStore(files, roots) };
};

describe('a stored state', () => {
  it('comes back as it was written, from a private file with its schema number', async () => {
    const { files, store } = setUp();
    await store.write(id, state);
    expect(await store.read(id)).toMatchObject(state);
    expect((await files.stat(path))?.mode).toBe(0o600);
    expect(JSON.parse(files.snapshot()[path] ?? '')).toEqual({ ...state, schema: 1 });
  });

  it('can be written again after it was read', async () => {
    const { store } = setUp();
    await store.write(id, state);
    const read = await store.read(id);
    await store.write(id, { ...read!, desired: 'stopped' });
    expect(await store.read(id)).toMatchObject({ ...state, desired: 'stopped' });
  });

  it('is none where nothing was written', async () => {
    expect(await setUp().store.read(id)).toBeUndefined();
  });

  it('stays whole when the next one does not fit on the disk', async () => {
    const { files, store } = setUp();
    await store.write(id, state);
    files.failNext('writeAtomic', new AgentError('no-space', 'No space left on the disk'));
    await expect(store.write(id, { ...state, desired: 'stopped' })).rejects.toMatchObject({
      kind: 'no-space',
    });
    expect(await store.read(id)).toMatchObject(state);
  });
});

describe('a state file that cannot be trusted', () => {
  const good = { ...state, schema: 1 };

  it.each<[what: string, text: string]>([
    ['empty', ''],
    ['cut off', JSON.stringify(good).slice(0, 40)],
    ['another kind of JSON', '[]'],
    ['without a schema', JSON.stringify(state)],
    ['with a field of the future', JSON.stringify({ ...good, future: true })],
    ['of an unknown owner', JSON.stringify({ ...good, owner: 'nobody' })],
    ['with a peer that is no name', JSON.stringify({ ...good, peer: '-f /etc/passwd' })],
    ['with init as its process', JSON.stringify({ ...good, process: { ...process, pid: 1 } })],
    ['with a process group as its process', JSON.stringify({ ...good, process: { ...process, pid: -5 } })],
  ])('because it is %s is refused by name and left alone', async (_what, text) => {
    const { files, store } = setUp({ [path]: text });
    await expect(store.read(id)).rejects.toMatchObject({
      kind: 'precondition',
      detail: expect.stringContaining(path),
    });
    expect(files.snapshot()).toEqual({ [path]: text });
  });

  it('because a newer agent wrote it is told apart: the agent must not start on it', async () => {
    const text = JSON.stringify({ ...good, schema: 2, more: true });
    const { files, store } = setUp({ [path]: text });
    await expect(store.read(id)).rejects.toMatchObject({
      kind: 'version-mismatch',
      message: expect.stringContaining(path),
    });
    expect(files.snapshot()).toEqual({ [path]: text });
  });
});
