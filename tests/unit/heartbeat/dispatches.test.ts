// What an operator is told of the heartbeats to each controller.

import { describe, expect, it } from '@jest/globals';
import { createDispatches } from '../../../agent/heartbeat/dispatches';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedUdp } from '../../fakes/recorded-udp';

const first = { address: '192.0.2.1', port: 5555 };
const second = { address: '2001:db8::1', port: 5556 };
const linkLocal = { address: 'fe80::1', port: 5555, zone: 'eth0' };
const payload = Buffer.from('beat');

const setUp = () => {
  const udp = createRecordedUdp();
  const clock = createHandClock();
  return { udp, clock, dispatches: createDispatches(udp, clock) };
};

describe('the book of heartbeats', () => {
  it('tells of each controller how many went out and when the last did, in the order asked for', async () => {
    const { udp, clock, dispatches } = setUp();
    await dispatches.udp.send(first, payload);
    await clock.advance(1_000);
    await dispatches.udp.send(first, payload);
    await clock.advance(2_340);
    expect(dispatches.of([second, first])).toEqual([
      { name: '[2001:db8::1]:5556', sent: 0, lastSentS: null, error: null },
      { name: '192.0.2.1:5555', sent: 2, lastSentS: 2.3, error: null },
    ]);
    expect(udp.sent).toHaveLength(2);
  });

  it('tells why the last one did not go out, and still when one did; the next that goes out ends that', async () => {
    const { udp, clock, dispatches } = setUp();
    await dispatches.udp.send(first, payload);
    await clock.advance(5_000);
    udp.fail('ENETUNREACH');
    await expect(dispatches.udp.send(first, payload)).rejects.toThrow('ENETUNREACH');
    expect(dispatches.of([first])).toEqual([
      { name: '192.0.2.1:5555', sent: 1, lastSentS: 5, error: expect.stringContaining('ENETUNREACH') },
    ]);
    udp.fail(undefined);
    await dispatches.udp.send(first, payload);
    expect(dispatches.of([first])).toEqual([{ name: '192.0.2.1:5555', sent: 2, lastSentS: 0, error: null }]);
  });

  it('tells apart controllers that differ in port or zone alone', async () => {
    const { dispatches } = setUp();
    await dispatches.udp.send(linkLocal, payload);
    const others = [
      { ...linkLocal, port: 5556 },
      { ...linkLocal, zone: 'eth1' },
    ];
    expect(dispatches.of([linkLocal, ...others]).map(({ name, sent }) => `${name} ${sent}`)).toEqual([
      '[fe80::1%eth0]:5555 1',
      '[fe80::1%eth0]:5556 0',
      '[fe80::1%eth1]:5555 0',
    ]);
  });

  it('forgets those that have not been told for longest, not those that still are', async () => {
    const { dispatches } = setUp();
    await dispatches.udp.send(second, payload);
    for (let port = 1; port <= 300; port += 1) {
      await dispatches.udp.send({ ...first, port }, payload);
      if (port % 100 === 0) await dispatches.udp.send(first, payload);
    }
    expect(dispatches.of([first, second]).map(({ sent }) => sent)).toEqual([3, 0]);
  });

  it('lets others receive through it', async () => {
    const { udp, dispatches } = setUp();
    const heard: string[] = [];
    const { port } = await dispatches.udp.listen({ address: '127.0.0.1', port: 0 }, (said) => {
      heard.push(said.toString());
    });
    udp.deliver(port, payload);
    expect(heard).toEqual(['beat']);
  });
});
