// States in memory, that never differ from those on disk.

import { describe, expect, it } from '@jest/globals';
import { cacheStates } from '../../../agent/core/state-cache';
import { createStateStore, initialState } from '../../../agent/core/state-store';
import { AgentError } from '../../../agent/model/errors';
import { createMemoryFiles } from '../../fakes/memory-files';
import { firstId as id } from '../../fakes/scripted-amphora';

const roots = { basePath: '/base', certDir: '/base/certs', runtimeDir: '/base' };
const path = `/base/${id}/state.json`;
const setUp = () => {
  const files = createMemoryFiles({ '/base/': '' });
  return { files, states: cacheStates(createStateStore(files, roots), files, roots) };
};

describe('a cached state', () => {
  it('is read from disk once', async () => {
    const { files, states } = setUp();
    await states.write(id, initialState);
    expect(await states.read(id)).toMatchObject(initialState);
    files.failNext('readText', new AgentError('unavailable', 'broken disk'));
    expect(await states.read(id)).toMatchObject(initialState);
  });

  it('is what was written last', async () => {
    const { states } = setUp();
    await states.write(id, initialState);
    await states.read(id);
    await states.write(id, { ...initialState, desired: 'running' });
    expect(await states.read(id)).toMatchObject({ desired: 'running' });
  });

  it('is read anew when somebody else replaced the file, and gone when it is removed', async () => {
    const { files, states } = setUp();
    await states.write(id, initialState);
    await states.read(id);
    files.plant(path, files.snapshot()[path]!.replace('stopped', 'running'));
    expect(await states.read(id)).toMatchObject({ desired: 'running' });
    files.plantLink(path, '/etc/passwd');
    await expect(states.read(id)).rejects.toMatchObject({ kind: 'precondition' });
    await files.remove(path);
    expect(await states.read(id)).toBeUndefined();
  });

  it('that could not be written is the old one', async () => {
    const { files, states } = setUp();
    await states.write(id, initialState);
    files.failNext('writeAtomic', new AgentError('no-space', 'No space left on the disk'));
    await expect(states.write(id, { ...initialState, peer: 'x' })).rejects.toMatchObject({
      kind: 'no-space',
    });
    expect(await states.read(id)).toMatchObject({ peer: initialState.peer });
  });
});
