// qemu's machine protocol: JSON lines. Asks are answered in order; events are dropped.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** Resolves when it takes commands. */
export async function openQmp(path) {
  const socket = createConnection(path);
  await once(socket, 'connect');
  const waiting = [];
  createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line);
    if ('return' in message) waiting.shift()?.resolve(message.return);
    if ('error' in message) waiting.shift()?.reject(new Error(`qemu: ${message.error.desc}`));
  });
  const ask = (execute, words = {}) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify({ execute, arguments: words })}\n`);
    });
  await ask('qmp_capabilities');
  return { ask, close: () => socket.destroy() };
}
