// Drains over haproxies by script: what is done to a server before anybody can wait for it.

import { describe, expect, it } from '@jest/globals';
import { createDrains, type Drained } from '../../../../agent/core/runtime/drains';
import { createOperations } from '../../../../agent/core/runtime/operations';
import { createRuntimeServers } from '../../../../agent/core/runtime/servers';
import { createOneHaproxy, statOf } from '../../../fakes/one-haproxy';
import { createRecordedLog } from '../../../fakes/recorded-log';
import { createScriptedSockets } from '../../../fakes/scripted-socket';

const wish = { timeoutMs: 60_000, afterwards: undefined, force: false } as const;

const scene = (mostUnderWay: number) => {
  const { instances, streams, clock } = createOneHaproxy([
    { line: /^show stat/, answer: statOf({ s1: 1, s2: 1 }) },
    { line: /^show servers state/, answer: '\n\n' },
    { line: /^set server/, answer: '\n' },
  ]);
  const operations = createOperations<Drained>({ clock, log: createRecordedLog(), mostUnderWay });
  const drains = createDrains({
    instances,
    servers: createRuntimeServers(instances),
    operations,
    sockets: createScriptedSockets(),
    clock,
    masterSocketOf: () => '',
    settled: () => Promise.resolve(),
  });
  return { drains, operations, streams };
};

describe('one drain too many', () => {
  it('is refused before the server is touched', async () => {
    const { drains, operations, streams } = scene(1);
    await drains.begin('one', { backend: 'b', server: 's1' }, wish);
    await expect(drains.begin('one', { backend: 'b', server: 's2' }, wish)).rejects.toThrow('too many');
    expect(streams.transcript.filter((line) => line.includes('b/s2'))).toEqual([]);
    await operations.stop();
  });
});

describe('a drain', () => {
  it('of another instance than the one named is not found, by its own id', async () => {
    const { drains, operations } = scene(1);
    const { id } = await drains.begin('one', { backend: 'b', server: 's1' }, wish);
    expect(() => drains.get('other', id)).toThrow(`operation not found: ${id}`);
    await operations.stop();
  });
});
