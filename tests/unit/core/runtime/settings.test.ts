// One action for many servers: what a haproxy that stops answering costs.

import { describe, expect, it } from '@jest/globals';
import { createRuntimeServers } from '../../../../agent/core/runtime/servers';
import { createSettings } from '../../../../agent/core/runtime/settings';
import { createOneHaproxy, statOf } from '../../../fakes/one-haproxy';
import type { StreamAnswer } from '../../../fakes/scripted-streams';

const late: StreamAnswer = { ok: false, why: 'late', while: 'waiting' };

const scene = (said: (server: string) => StreamAnswer) => {
  const { instances, streams } = createOneHaproxy([
    { line: /^show stat/, answer: statOf({ s1: 0, s2: 0, s3: 0 }) },
    { line: /^show servers state/, answer: '\n\n' },
    { line: /^set server/, answer: (line) => said(line.split(/[ /]/)[3] ?? '') },
  ]);
  const settings = createSettings({ instances, servers: createRuntimeServers(instances) });
  return {
    streams,
    act: (servers: readonly string[] | '*') => settings.setStates('one', 'b', servers, 'drain'),
  };
};

describe('an action for many servers', () => {
  it('goes on after a refusal', async () => {
    const { act } = scene((server) => (server === 's1' ? 'No such server.\n' : '\n'));
    const { results } = await act('*');
    expect(results.map(({ error }) => error?.fault?.code)).toEqual([
      'server_not_found',
      undefined,
      undefined,
    ]);
  });

  it('waits for one deadline, not for one of each server, when haproxy stops answering', async () => {
    const { act, streams } = scene((server) => (server === 's1' ? '\n' : late));
    const { results } = await act('*');
    expect(results.map(({ error }) => error?.fault?.code)).toEqual([undefined, 'timeout', 'timeout']);
    expect(streams.transcript.filter((line) => line.includes('set server'))).toHaveLength(2);
  });

  it('fails as a whole when haproxy does not answer from the first', async () => {
    const { act, streams } = scene(() => late);
    await expect(act('*')).rejects.toMatchObject({ fault: { code: 'timeout' } });
    expect(streams.transcript.filter((line) => line.includes('set server'))).toHaveLength(1);
  });
});
