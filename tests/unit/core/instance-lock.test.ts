// One agent per base_path.

import { describe, expect, it } from '@jest/globals';
import { takeInstanceLock } from '../../../agent/core/instance-lock';
import { AgentError } from '../../../agent/model/errors';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';

const setUp = () => ({
  files: createMemoryFiles({ '/b/': '', '/b/agent.sock': 'left by a killed agent', '/c/': '' }),
  localServers: createScriptedLocalServers(),
  basePath: '/b',
  take: () => undefined,
});

describe('the lock of a base_path', () => {
  it('is taken with an abstract name and agent.sock, also where a killed agent left its socket', async () => {
    const deps = setUp();
    await takeInstanceLock({ ...deps, pid: 11 });
    expect(deps.localServers.paths()).toEqual([
      expect.stringMatching(/^\0amphorad-\d+-\d+$/),
      '/b/agent.sock',
    ]);
  });

  it('is refused to a second agent, naming the first one’s pid', async () => {
    const deps = setUp();
    await takeInstanceLock({ ...deps, pid: 11 });
    await expect(takeInstanceLock({ ...deps, pid: 12 })).rejects.toMatchObject({
      kind: 'already-exists',
      message: 'another agent, pid 11, has base_path /b',
    });
  });

  it('is another one for another directory, and free again once released', async () => {
    const deps = setUp();
    const lock = await takeInstanceLock({ ...deps, pid: 11 });
    await takeInstanceLock({ ...deps, basePath: '/c', pid: 12 });
    await lock.release();
    await takeInstanceLock({ ...deps, pid: 13 });
  });

  it('holds no more once base_path is another directory', async () => {
    const deps = setUp();
    const lock = await takeInstanceLock({ ...deps, pid: 11 });
    expect(await lock.holds()).toBe(true);
    await deps.files.remove('/b');
    expect(await lock.holds()).toBe(false);
    await deps.files.makeDirectory('/b', 0o755);
    expect(await lock.holds()).toBe(false);
  });

  it('is not half taken when agent.sock cannot be made, nor where there is no directory', async () => {
    const deps = setUp();
    const full = new AgentError('no-space', 'full');
    deps.files.failNext('remove', full);
    await expect(takeInstanceLock({ ...deps, pid: 11 })).rejects.toBe(full);
    expect(deps.localServers.paths()).toEqual([]);
    await expect(takeInstanceLock({ ...deps, basePath: '/nowhere', pid: 11 })).rejects.toMatchObject({
      kind: 'precondition',
    });
  });
});
