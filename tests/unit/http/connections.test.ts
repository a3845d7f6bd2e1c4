// The table of connections: who goes when there are too many, and who is closed after which answer.

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { createConnections } from '../../../agent/http/connections';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';

const minute = 60_000;

function setUp(most: number, mostPerClient = most) {
  const clock = createHandClock();
  const log = createRecordedLog();
  const table = createConnections({ clock, log, most, mostPerClient });
  const gone: string[] = [];
  let port = 0;

  /** A connection by its name; `client`: its handshake is done, with that certificate. */
  async function open(name: string, client?: string) {
    await clock.advance(1);
    const address = { remoteAddress: '192.0.2.1', remotePort: (port += 1) };
    const destroy = (): void => {
      gone.push(name);
      raw.emit('close');
    };
    const raw = Object.assign(new EventEmitter(), address, { destroy }) as unknown as Socket;
    const socket = Object.assign(new EventEmitter(), address, {
      destroy,
      destroySoon: () => gone.push(`${name}, politely`),
      end: (done: () => void) => done(),
      setTimeout: () => undefined,
      bytesRead: 0,
      getPeerCertificate: () => (client === undefined ? {} : { fingerprint256: client }),
    });
    table.admit(raw);
    const stays = client === undefined || table.secure(socket as unknown as TLSSocket);
    const request = async (complete = true) => {
      await clock.advance(1);
      const headers: Record<string, string> = {};
      const response = Object.assign(new EventEmitter(), {
        headersSent: false,
        setHeader: (key: string, value: string) => (headers[key] = value),
      });
      const incoming = { socket, complete };
      table.begin(
        incoming as unknown as IncomingMessage,
        response as unknown as ServerResponse,
        client !== undefined,
      );
      return { headers, incoming, answer: () => response.emit('close') };
    };
    return { socket, stays, request };
  }
  /** A connection that has had a verified request and its answer. */
  async function idle(name: string, client = name) {
    const opened = await open(name, client);
    (await opened.request()).answer();
    return opened;
  }
  return { clock, log, table, gone, open, idle };
}

describe('at the cap', () => {
  it('the oldest without a verified request goes first, handshakes included', async () => {
    const { gone, open, idle } = setUp(3);
    await idle('idle');
    await open('in its handshake');
    await open('silent', 'a certificate');
    await open('new');
    await open('newer');
    expect(gone).toEqual(['in its handshake', 'silent']);
  });

  it('then the one that is idle for longest', async () => {
    const { gone, open, idle } = setUp(2);
    const first = await idle('first');
    await idle('second');
    (await first.request()).answer();
    await open('new');
    expect(gone).toEqual(['second']);
  });

  it('then the body that makes no progress, never a request that has arrived whole', async () => {
    const { gone, open, table } = setUp(3);
    await (await open('at work', 'a')).request();
    const quick = await open('quick body', 'b');
    await quick.request(false);
    const slow = await open('slow body', 'c');
    await slow.request(false);
    quick.socket.bytesRead = 100_000;
    slow.socket.bytesRead = 10;
    await open('new');
    expect(gone).toEqual(['slow body']);
    expect(table.counts()).toEqual({ open: 3, verified: 2, unverified: 1, refused: 0, evicted: 1 });
  });

  it('the new one is refused when all are at work', async () => {
    const { gone, open, table } = setUp(2);
    await (await open('first', 'a')).request();
    await (await open('second', 'b')).request();
    await open('new');
    expect(gone).toEqual(['new']);
    expect(table.counts()).toMatchObject({ open: 2, refused: 1, evicted: 0 });
  });

  it('of one client the others stay: its own longest without a request goes, else its new one', async () => {
    const { gone, open, idle } = setUp(10, 2);
    await idle('of another', 'b');
    await idle('first', 'a');
    await (await open('second', 'a')).request();
    const third = await open('third', 'a');
    expect(gone).toEqual(['first']);
    await third.request();
    expect((await open('fourth', 'a')).stays).toBe(false);
    expect(gone).toEqual(['first']);
  });

  it('room can be made for a descriptor', async () => {
    const { table, gone, idle } = setUp(10);
    expect(table.evictOne()).toBe(false);
    await idle('idle');
    expect(table.evictOne()).toBe(true);
    expect(gone).toEqual(['idle']);
  });
});

describe('an answer', () => {
  it('closes its connection above three quarters of the cap', async () => {
    const { idle } = setUp(4);
    const third = (await Promise.all([idle('1'), idle('2'), idle('3')]))[2];
    expect((await third.request()).headers).toEqual({});
    const fourth = await idle('4');
    expect((await fourth.request()).headers).toEqual({ Connection: 'close' });
  });

  it('is the last of connections that are to be closed; idle ones are closed at once, the others not at all', async () => {
    const { table, gone, idle, open } = setUp(10);
    const busy = await idle('busy');
    const { headers, answer } = await busy.request();
    const sent = await (await open('sent', 'sent')).request();
    await idle('idle');
    await idle('other');
    await open('in its handshake');
    const other = table.open().at(3);
    table.closeAfterAnswer(({ socket }) => socket !== other?.socket);
    expect(gone).toEqual(['idle', 'in its handshake']);
    expect(headers).toEqual({ Connection: 'close' });
    answer();
    sent.answer();
    expect(gone).toEqual(['idle', 'in its handshake', 'busy, politely', 'sent, politely']);
  });

  it('comes before the refusal of what cannot be read, and is owed to a body that never ends', async () => {
    const { table, open } = setUp(10);
    const { socket, request } = await open('pipelining', 'a');
    const first = await request();
    await request(false);
    const owed: boolean[] = [];
    table.unreadable(socket as unknown as Socket, (answer) => owed.push(answer !== undefined));
    expect(owed).toEqual([]);
    first.answer();
    expect(owed).toEqual([true]);
    expect(table.expectsMore(socket as unknown as Socket)).toBe(true);
  });
});

describe('an operator', () => {
  it('hears of a cap in the log once, and from doctor for ten minutes', async () => {
    const { table, log, clock, open } = setUp(1);
    expect(await table.findings()).toEqual([]);
    for (const name of ['a', 'b', 'c']) await open(name);
    expect(log.entries.map(({ level, fields }) => [level, fields['cap']])).toEqual([
      ['warning', 'max_connections'],
    ]);
    expect(await table.findings()).toEqual([
      expect.objectContaining({
        check: 'connections',
        what: expect.stringContaining('2 were closed for new ones, 0 new ones refused'),
      }),
    ]);
    await clock.advance(11 * minute);
    expect(await table.findings()).toEqual([]);
    await open('d');
    expect(log.entries).toHaveLength(2);
  });
});
