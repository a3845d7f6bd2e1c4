// `amphorad network prepare`: the namespace is made whatever the rest of the configuration looks like.

import { describe, expect, it } from '@jest/globals';
import { runNetworkPrepare } from '../../../agent/boot/prepare-network';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const prepare = async (present: Record<string, string>, code = 0) => {
  const runner = createScriptedRunner([
    { match: /^ip /, result: { code, stderr: code === 0 ? '' : 'no right' } },
  ]);
  const printed = { out: '', err: '' };
  const host = {
    files: createMemoryFiles(present),
    clock: createHandClock(),
    system: createLiteralSystem(),
    sockets: createScriptedSockets(),
    runner,
  };
  const sources = {
    configFiles: ['/etc/agent.conf'],
    configDirs: [],
    localFiles: [{ path: '/etc/local.conf', required: false }],
    environment: {},
  };
  const status = await runNetworkPrepare(sources, host, {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  });
  return { status, ...printed, transcript: runner.transcript };
};

describe('preparing the network', () => {
  it.each([
    ['no configuration at all', {}, 'amphora-haproxy'],
    ['a configuration that is wrong', { '/etc/agent.conf': 'nonsense\n[[' }, 'amphora-haproxy'],
    ['a name of its own', { '/etc/local.conf': '[amphorad]\nnetwork_namespace = other\n' }, 'other'],
    [
      'a name that is none',
      { '/etc/local.conf': '[amphorad]\nnetwork_namespace = a b\n' },
      'amphora-haproxy',
    ],
    [
      'a name that a controller wrote',
      { '/etc/agent.conf': '[amphorad]\nnetwork_namespace = x\n' },
      'amphora-haproxy',
    ],
  ])('with %s settles the right namespace', async (_what, present, namespace) => {
    const { status, out, transcript } = await prepare(present);
    expect([status, out]).toEqual([0, `the network namespace ${namespace} is ready\n`]);
    expect(transcript[0]).toBe(`ip -j -n ${namespace} link set dev lo up`);
    expect(transcript.at(-1)).toContain(
      `ip netns exec ${namespace} sysctl -q -w net.ipv4.ip_nonlocal_bind=1`,
    );
  });

  it('does nothing where none is configured', async () => {
    const { status, transcript } = await prepare({ '/etc/local.conf': '[amphorad]\nnetwork_namespace =\n' });
    expect([status, transcript]).toEqual([0, []]);
  });

  it('says what the tool said when it cannot', async () => {
    const { status, err } = await prepare({}, 1);
    expect([status, err]).toEqual([1, expect.stringMatching(/^error: .*no right/)]);
  });
});
