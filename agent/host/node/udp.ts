// The real UDP: one socket for each address family, opened when it is first needed and kept; it keeps no process alive.

import { createSocket, type Socket } from 'node:dgram';
import { AgentError } from '../../model/errors';
import type { Udp, UdpAddress } from '../sockets';
import { errnoOf } from './errno';

/** Makes the real UDP. */
export function createNodeUdp(): Udp {
  const senders = new Map<string, Socket>();

  function senderFor({ address }: UdpAddress): Socket {
    const family = familyOf(address);
    const known = senders.get(family);
    if (known !== undefined) return known;
    const socket = createSocket(family);
    // Of a single datagram its own callback tells; what remains is a socket that broke, and the next send makes another.
    socket.on('error', () => {
      senders.delete(family);
      socket.close();
    });
    socket.unref();
    senders.set(family, socket);
    return socket;
  }

  return {
    send: (target, payload) =>
      new Promise((resolve, reject) => {
        senderFor(target).send(payload, target.port, hostOf(target), (thrown) =>
          thrown === null ? resolve() : reject(failure(`no datagram to ${nameOf(target)}`, thrown)),
        );
      }),

    listen: (at, receive) =>
      new Promise((resolve, reject) => {
        const socket = createSocket(familyOf(at.address));
        socket.once('error', (thrown) => {
          socket.close();
          reject(failure(`cannot listen on ${nameOf(at)}`, thrown));
        });
        socket.on('message', (payload, { address, port }) => receive(payload, { address, port }));
        socket.bind({ address: hostOf(at), port: at.port, exclusive: true }, () => {
          socket.on('error', () => undefined);
          resolve({
            port: socket.address().port,
            close: () => new Promise((closed) => socket.close(() => closed())),
          });
        });
      }),
  };
}

function familyOf(address: string): 'udp4' | 'udp6' {
  return address.includes(':') ? 'udp6' : 'udp4';
}

function hostOf({ address, zone }: UdpAddress): string {
  return zone === undefined ? address : `${address}%${zone}`;
}

function nameOf(at: UdpAddress): string {
  return at.address.includes(':') ? `[${hostOf(at)}]:${at.port}` : `${hostOf(at)}:${at.port}`;
}

function failure(what: string, thrown: Error): AgentError {
  return new AgentError('unavailable', `${what}: ${errnoOf(thrown) ?? thrown.message}`, { cause: thrown });
}
