// The same cases on recorded and on real UDP, on loopback.

import { describe, expect, it } from '@jest/globals';
import { createNodeUdp } from '../../agent/host/node/udp';
import { createRecordedUdp } from '../fakes/recorded-udp';
import { eventually } from '../fakes/eventually';

const any = { address: '127.0.0.1', port: 0 };

describe.each([
  ['recorded', createRecordedUdp],
  ['for real', createNodeUdp],
])('datagrams %s', (_name, make) => {
  it('arrive whole, up to the largest, with where they came from', async () => {
    const udp = make();
    const heard: { payload: Buffer; from: string }[] = [];
    const listener = await udp.listen(any, (payload, from) => heard.push({ payload, from: from.address }));
    for (const bytes of [1, 65_507]) {
      await udp.send({ ...any, port: listener.port }, Buffer.alloc(bytes, bytes));
      await eventually(() => expect(heard.at(-1)?.payload).toHaveLength(bytes));
    }
    expect(heard[0]).toEqual({ payload: Buffer.alloc(1, 1), from: '127.0.0.1' });
    await listener.close();
  });

  it('that are too long are refused with the errno', async () => {
    await expect(make().send({ address: '127.0.0.1', port: 9 }, Buffer.alloc(65_508))).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'no datagram to 127.0.0.1:9: EMSGSIZE',
    });
  });

  it('to where nobody listens are no failure', async () => {
    const udp = make();
    const listener = await udp.listen(any, () => undefined);
    await listener.close();
    await udp.send({ ...any, port: listener.port }, Buffer.from('x'));
    await udp.send({ ...any, port: listener.port }, Buffer.from('y'));
  });

  it('are not received twice: an address that is taken is refused', async () => {
    const udp = make();
    const listener = await udp.listen(any, () => undefined);
    await expect(udp.listen({ ...any, port: listener.port }, () => undefined)).rejects.toMatchObject({
      kind: 'unavailable',
      message: `cannot listen on 127.0.0.1:${listener.port}: EADDRINUSE`,
    });
    await listener.close();
  });
});
