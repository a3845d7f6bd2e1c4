// What handlers give back.

import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { json, sendReply, stream, text, type Stream } from '../../../agent/http/reply';

describe('a reply', () => {
  it('is JSON or text with its status, and headers only when there are some', () => {
    expect(json(201, { message: 'OK' })).toEqual({ status: 201, body: { json: { message: 'OK' } } });
    expect(json(405, {}, { Allow: 'GET' })).toEqual({
      status: 405,
      body: { json: {} },
      headers: { Allow: 'GET' },
    });
    expect(text(200, 'listen a\n')).toEqual({ status: 200, body: { text: 'listen a\n' } });
  });
});

/** Asks a server whose only answer is this stream; `take` gets every chunk and the connection that it came over. */
async function read(
  run: Stream['run'],
  take: (chunk: string, answer: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((request, response) =>
    sendReply(request, response, stream(200, 'text/event-stream', run)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: false }, (answer) => {
        answer.setEncoding('utf8').on('data', (chunk: string) => take(chunk, answer));
        answer.on('error', () => undefined);
        answer.once('close', () => {
          if (answer.complete) resolve(answer.headers['content-type'] ?? '');
          else reject(new Error('cut'));
        });
      }).once('error', reject);
    });
  } finally {
    // Once no connection is left, and what wrote to it has ended.
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('a stream', () => {
  it('reaches the client chunk by chunk, to its end', async () => {
    const chunks: string[] = [];
    const type = await read(
      async (write) => {
        await write('one ');
        await write('two');
      },
      (chunk) => chunks.push(chunk),
    );
    expect([type, chunks.join('')]).toEqual(['text/event-stream', 'one two']);
  });

  it('is told when its client goes away', async () => {
    let tell: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (tell = resolve));
    const ended = read(
      async (write, gone) => {
        await write('first');
        await new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve()));
        tell();
      },
      (_chunk, answer) => answer.destroy(),
    );
    await expect(ended).rejects.toThrow('cut');
    await told;
  });

  it('that fails half-way is no whole answer', async () => {
    const failing = async (write: (chunk: string) => Promise<void>): Promise<void> => {
      await write('half');
      throw new Error('broken');
    };
    await expect(read(failing, () => undefined)).rejects.toThrow('cut');
  });
});
