// Removing servers: those that haproxy does not have, and those that somebody no longer waits for.

import { describe, expect, it } from '@jest/globals';
import { createAdditions } from '../../../../agent/core/runtime/additions';
import { createInstances } from '../../../../agent/core/runtime/instances';
import { createOneHaproxy, statOf } from '../../../fakes/one-haproxy';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../../fakes/scripted-amphora';
import { createScriptedStreams } from '../../../fakes/scripted-streams';

const upload = 'listen a\n bind :80\nbackend b\n server m1 192.0.2.1:80\n';
const added = { backend: 'b', name: 'n1', address: '192.0.2.9', port: 80, check: true };
const patient = () => ({ drain: false, timeoutMs: 10_000, gone: new AbortController().signal });

/** One of our load balancers that keeps `n1`, over a haproxy that does not have it. */
const leftOut = async () => {
  const machine = await createScriptedAmphora();
  const { loadBalancers, lastingServers: lasting, roots } = machine.core();
  await loadBalancers.upload({ id, text: upload, peer: amphoraId, owner: 'octavia-v0.1' });
  await machine.pass(loadBalancers.start(id));
  await lasting.add(id, added, true, () => Promise.resolve());
  const streams = createScriptedStreams([
    { line: /show stat$/, answer: statOf({ m1: 0 }) },
    { line: /show servers state/, answer: '\n\n' },
  ]);
  const { clock, log } = machine;
  const deps = { streams, clock, log, timeoutMs: 5_000, offered: [], loadBalancers, roots };
  return {
    lasting,
    streams,
    additions: createAdditions({ instances: createInstances(deps), lasting, clock }),
  };
};

describe('a server that is kept and that haproxy does not have', () => {
  it('is forgotten by its removal, as the finding on servers left out advises', async () => {
    const { additions, lasting, streams } = await leftOut();
    const removed = await additions.remove(id, { backend: 'b', server: 'n1' }, patient());
    expect(removed).toEqual({ instance: id, lasts: true });
    expect(await lasting.kept(id)).toEqual({ servers: [] });
    expect(streams.transcript.filter((line) => /maint|del server/.test(line))).toEqual([]);
  });

  it('is another matter than one that nobody keeps', async () => {
    const { additions } = await leftOut();
    const removal = additions.remove(id, { backend: 'b', server: 'n2' }, patient());
    await expect(removal).rejects.toMatchObject({ fault: { code: 'server_not_found' } });
  });
});

describe('a removal that nobody waits for any more', () => {
  it.each([
    ['drains', true, ''],
    ['tries again', false, 'Server still has connections attached to it, cannot remove it.\n\n'],
  ])('ends while it still %s', async (_, drain, said) => {
    const { instances, clock, streams } = createOneHaproxy([
      { line: /^show stat/, answer: statOf({ s: 1 }) },
      { line: /^show servers state/, answer: '\n\n' },
      { line: /^set server/, answer: '\n' },
      { line: /^del server/, answer: said },
    ]);
    const { lasting } = await leftOut();
    const left = new AbortController();
    const removal = createAdditions({ instances, lasting, clock }).remove(
      'one',
      { backend: 'b', server: 's' },
      { drain, timeoutMs: 3_600_000, gone: left.signal },
    );
    const outcome = expect(removal).rejects.toThrow('nobody waits');
    await clock.advance(1_000);
    left.abort();
    await outcome;
    const asked = streams.transcript.length;
    await clock.advance(5_000);
    expect(streams.transcript).toHaveLength(asked);
  });
});
