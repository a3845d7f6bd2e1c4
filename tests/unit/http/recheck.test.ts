// Connections that nobody wants any more end without cutting an answer.

import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { createOpenConnections } from '../../../agent/http/recheck';

const createSocket = () => {
  const ends: string[] = [];
  const emitter = new EventEmitter();
  const socket: unknown = Object.create(TLSSocket.prototype, {
    once: { value: emitter.once.bind(emitter) },
    destroySoon: { value: () => ends.push('ended') },
  });
  return { socket: socket as TLSSocket, ends, close: () => emitter.emit('close') };
};
const createAnswer = (socket: TLSSocket) => {
  const request = Object.create(IncomingMessage.prototype, { socket: { value: socket } }) as IncomingMessage;
  return { request, response: new ServerResponse(request) };
};

describe('an unwanted connection', () => {
  it('that is idle ends at once, and only it', () => {
    const connections = createOpenConnections();
    const [unwanted, wanted] = [createSocket(), createSocket()];
    for (const { socket } of [unwanted, wanted]) connections.opened(socket);
    expect(connections.closeAfterAnswer((socket) => socket === unwanted.socket)).toBe(1);
    expect([unwanted.ends, wanted.ends]).toEqual([['ended'], []]);
  });

  it('that is in a request ends after that answer, and says so in it', () => {
    const connections = createOpenConnections();
    const { socket, ends } = createSocket();
    connections.opened(socket);
    const { request, response } = createAnswer(socket);
    connections.counting(() => undefined)(request, response);
    connections.closeAfterAnswer(() => true);
    expect([ends, response.getHeader('Connection')]).toEqual([[], 'close']);
    response.emit('close');
    expect(ends).toEqual(['ended']);
  });

  it('that has closed meanwhile is forgotten', () => {
    const connections = createOpenConnections();
    const { socket, close } = createSocket();
    connections.opened(socket);
    close();
    expect(connections.closeAfterAnswer(() => true)).toBe(0);
  });

  it('that has had its answer is idle', () => {
    const connections = createOpenConnections();
    const { socket, ends } = createSocket();
    connections.opened(socket);
    const { request, response } = createAnswer(socket);
    connections.counting(() => undefined)(request, response);
    response.emit('close');
    connections.closeAfterAnswer(() => true);
    expect(ends).toEqual(['ended']);
  });
});
