// Connections to the agent as bytes: TCP without TLS, and TLS with a verified client certificate, another's or none.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { launcher } from '../../scripts/demo/agent.mjs';
import { loopback } from '../../scripts/demo/loopback.mjs';
import { readAnswers } from './responses.mjs';

/** Whoever is `verified` must be served, all others must not. */
export const clients = ['verified', 'no certificate', 'certificate of another authority'];

/** Makes the wire to one agent; `directory` takes the certificates of another authority. */
export function createWire({ port, certs, directory }) {
  const strange = join(directory, 'strange');
  const amphora = ['--amphora-id', randomUUID(), '--name', 'localhost'];
  execFileSync(launcher, ['certs', '--directory', strange, ...amphora], { stdio: 'pipe' });
  const contexts = new Map(
    clients.map((client, index) => [
      client,
      secureContext([join(certs, 'client.pem'), undefined, join(strange, 'client.pem')][index]),
    ]),
  );
  // Kept-alive connections of the verified client, for whole requests.
  const idle = [];

  /** Opens a connection; rejects when there is none. `minVersion` TLSv1.3 or `maxVersion` TLSv1.2 pin the version. */
  const open = (client, versions = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: loopback, port };
      const socket =
        client === undefined
          ? connectTcp(options)
          : // The server's certificate is what some cases replace.
            connectTls({
              ...options,
              ...versions,
              secureContext: contexts.get(client),
              rejectUnauthorized: false,
            });
      socket.once('error', reject);
      socket.once(client === undefined ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject);
        resolve(listenTo(socket));
      });
    });

  return {
    open,
    /** Sends one whole request as the verified client and resolves with its answer; undefined when the connection ended without one. */
    async ask(bytes, { deadlineMs, headOnly = false }) {
      // A kept connection may have been closed while it was idle: then another is tried.
      for (;;) {
        const kept = idle.pop();
        const line = kept ?? (await open('verified'));
        line.send(bytes);
        await line.until(() => line.answers(headOnly).length > 0, deadlineMs);
        const [answer] = line.answers(headOnly);
        if (answer !== undefined && !answer.closes && !line.ended()) {
          line.forget();
          idle.push(line);
        } else {
          line.close();
        }
        if (answer !== undefined || kept === undefined || !line.wasSilent()) return answer;
      }
    },
    close: () => idle.splice(0).forEach((line) => line.close()),
  };
}

function secureContext(pemPath) {
  const pem = pemPath === undefined ? {} : { cert: readFileSync(pemPath), key: readFileSync(pemPath) };
  return createSecureContext(pem);
}

function listenTo(socket) {
  let received = Buffer.alloc(0);
  let hasEnded = false;
  let wake = () => {};
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  // A reset is an end too.
  socket.on('error', () => {});
  socket.on('close', () => {
    hasEnded = true;
    wake();
  });
  return {
    send: (bytes) => socket.writable && socket.write(bytes),
    halfClose: () => socket.end(),
    close: () => socket.destroy(),
    /** Waits until `done` holds, the connection has ended or the time is over; tells whether it was not over. */
    until: (done, deadlineMs) =>
      new Promise((resolve) => {
        const finish = (inTime) => {
          clearTimeout(timer);
          wake = () => {};
          resolve(inTime);
        };
        const timer = setTimeout(() => finish(false), deadlineMs);
        wake = () => (hasEnded || done()) && finish(true);
        wake();
      }),
    ended: () => hasEnded,
    received: () => received,
    wasSilent: () => received.length === 0,
    answers: (headOnly = false) => readAnswers(received, headOnly).answers,
    forget: () => (received = Buffer.alloc(0)),
  };
}
