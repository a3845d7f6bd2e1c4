// What `keepalived -t` answers, and what that means for an upload: its exit statuses say little.

import { describe, expect, it } from '@jest/globals';
import { createKeepalivedCheck } from '../../../agent/keepalived/check';
import type { RunResult } from '../../../agent/host/process';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const check = (result: Partial<RunResult>): Promise<void> =>
  createKeepalivedCheck(createScriptedRunner([{ match: /^keepalived -t -f \/c$/, result }]), ['keepalived'])(
    '/c',
  );
const ignored = 'Virtual server [ipv4-group]:0 has no real servers - ignoring\n';

describe('a configuration is accepted', () => {
  it.each([
    ['without a remark', { code: 0 }],
    ['with a pool that has no members yet', { code: 5, stderr: `${ignored}${ignored}` }],
    [
      'with a password that keepalived cuts',
      { code: 5, stderr: '(VI_1) Truncating auth_pass to 8 characters\n' },
    ],
    [
      "with all that it remarks about Octavia's template",
      {
        code: 5,
        stderr: [
          '(a0b1) Warning - nopreempt will not work with initial state MASTER - clearing',
          '(a0b1) VRRP version 3 does not support authentication. Ignoring.',
          '(a0b1) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.\n',
        ].join('\n'),
      },
    ],
    [
      'with a default that keepalived names',
      {
        code: 5,
        stderr: "Virtual server [10.0.0.1]:udp:53: no scheduler set, setting default 'wlc'\n",
      },
    ],
  ])('%s', async (_what, result) => {
    await expect(check(result)).resolves.toBeUndefined();
  });
});

describe('a configuration is refused, with what keepalived printed', () => {
  it.each([
    ['one bad line among harmless ones', { code: 5, stderr: `${ignored}(Line 1) Unknown keyword 'foo'\n` }],
    ['scripts that are not secured', { code: 6, stderr: 'SECURITY VIOLATION - check scripts …\n' }],
    ['no reason at all', { code: 5, stderr: '' }],
  ])('%s', async (_what, result) => {
    await expect(check(result)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: result.stderr.trim(),
    });
  });
});

describe('a check that could not be made says so', () => {
  it.each([
    ['killed', { code: null, signal: 'SIGKILL' }, 'unavailable'],
    ['too slow', { code: null, timedOut: true }, 'timeout'],
    ['no namespace', { code: 1, stderr: 'Cannot open network namespace "x": No such file' }, 'unavailable'],
    [
      'no keepalived in it',
      { code: 255, stderr: 'exec of "keepalived" failed: No such file or directory' },
      'unavailable',
    ],
  ])('%s', async (_what, result, kind) => {
    await expect(check(result)).rejects.toMatchObject({ kind });
  });
});
