// qemu's machine protocol: JSON lines. Asks are answered in order; of the events resets are counted.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** Resolves when it takes commands. */
export async function openQmp(path) {
  const socket = createConnection(path);
  await once(socket, 'connect');
  const waiting = [];
  let resets = 0;
  createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.event === 'RESET') resets += 1;
    if ('return' in message) waiting.shift()?.resolve(message.return);
    if ('error' in message) waiting.shift()?.reject(new Error(`qemu: ${message.error.desc}`));
  });
  const ask = (execute, words = {}) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify({ execute, arguments: words })}\n`);
    });
  await ask('qmp_capabilities');
  return { ask, resets: () => resets, close: () => socket.destroy() };
}
