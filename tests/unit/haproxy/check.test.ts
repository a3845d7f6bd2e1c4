// haproxy's own judgement of a configuration, and its version.

import { describe, expect, it } from '@jest/globals';
import { createConfigCheck } from '../../../agent/haproxy/check';
import { createBinaryVersion } from '../../../agent/haproxy/version';
import { createLimiter } from '../../../agent/model/limiter';
import { createScriptedRunner, type RunnerRule } from '../../fakes/scripted-runner';

const input = { configPaths: ['/a.cfg', '/b.cfg'], peer: 'peer-1' };
const setUp = (result: RunnerRule['result'], command: readonly string[] = ['haproxy']) => {
  const runner = createScriptedRunner([{ match: /./, ...(result === undefined ? {} : { result }) }]);
  return { runner, check: createConfigCheck(runner, command, createLimiter(2)) };
};

describe('the check of a configuration', () => {
  it('has haproxy read all files as the named peer, in the namespace', async () => {
    const { runner, check } = setUp({ code: 0 }, ['ip', 'netns', 'exec', 'ns', 'haproxy']);
    await check(input);
    expect(runner.transcript).toEqual(['ip netns exec ns haproxy -c -f /a.cfg -f /b.cfg -L peer-1']);
  });

  it('gives all that haproxy printed when it refuses', async () => {
    const { check } = setUp({ code: 1, stderr: '[ALERT] line 3\n', stdout: 'and more\n' });
    await expect(check(input)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: '[ALERT] line 3\nand more',
    });
  });

  it('does not blame the configuration for a missing network namespace', async () => {
    const { check } = setUp({
      code: 1,
      stderr: 'Cannot open network namespace "ns": No such file or directory\n',
    });
    await expect(check(input)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'The network namespace is missing',
    });
  });

  it.each(['SIGKILL', 'SIGSEGV'])(
    'does not blame the configuration when %s ended haproxy',
    async (signal) => {
      const { check } = setUp({ code: null, signal, stderr: '[NOTICE] reading\n' });
      await expect(check(input)).rejects.toMatchObject({
        kind: 'unavailable',
        message: 'haproxy could not check the configuration',
        detail: `haproxy -c was ended by ${signal}\n[NOTICE] reading`,
      });
    },
  );

  it.each(['EAGAIN', 'ENOMEM', 'EMFILE'])(
    'is unavailable when the kernel starts nothing: %s',
    async (errno) => {
      const runner = createScriptedRunner([{ match: /./, cannotStart: errno }]);
      await expect(createConfigCheck(runner, ['haproxy'], createLimiter(2))(input)).rejects.toMatchObject({
        kind: 'unavailable',
        message: `Cannot start haproxy: ${errno}`,
      });
    },
  );

  it('waits for its turn when as many as allowed run', async () => {
    const running: (() => void)[] = [];
    const { runner, check } = setUp(() => new Promise((done) => running.push(() => done({ code: 0 }))));
    const all = [check(input), check(input), check(input)];
    await Promise.resolve();
    expect(runner.transcript).toHaveLength(2);
    running[0]?.();
    await all[0];
    expect(runner.transcript).toHaveLength(3);
    for (const end of running) end();
    await Promise.all(all);
  });

  it('ends within the minute that controllers wait, and says so', async () => {
    const given: (number | undefined)[] = [];
    const { check } = setUp((_argv, options) => {
      given.push(options.timeoutMs);
      return { code: null, signal: 'SIGTERM', timedOut: true };
    });
    await expect(check(input)).rejects.toMatchObject({ kind: 'timeout' });
    expect(given[0]).toBeLessThan(60_000);
  });
});

describe('the version of the binary', () => {
  it.each([
    ['HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: …\n', '2.6.12-1+deb12u4'],
    ['HA-Proxy version 1.8.27-493ce0b 2020/11/06\n', '1.8.27-493ce0b'],
    ['something else\n', ''],
  ])('is read from %j', async (stdout, version) => {
    const runner = createScriptedRunner([{ match: /^haproxy -v$/, result: { stdout } }]);
    expect(await createBinaryVersion(runner, 'haproxy')()).toBe(version);
  });

  it('is asked again until it is told, then never again', async () => {
    const answers = ['', 'HAProxy version 2.6.12\n'];
    const runner = createScriptedRunner([{ match: /-v/, result: () => ({ stdout: answers.shift() ?? '' }) }]);
    const version = createBinaryVersion(runner, 'haproxy');
    expect([await version(), await version(), await version()]).toEqual(['', '2.6.12', '2.6.12']);
    expect(runner.transcript).toHaveLength(2);
  });
});
