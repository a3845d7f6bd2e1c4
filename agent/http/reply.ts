// What a handler gives back, and how it reaches the client: whole, with its length, and even when the client is
// still sending. Handlers never touch the response. Source: DESIGN "Errors", "Refusals must arrive".

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Writes a part of an answer and resolves when the client has room for the next. */
export type WriteChunk = (chunk: string) => Promise<void>;

/** An answer without an end known before: `run` writes it until it returns, or until `gone` aborts. What it throws cuts the connection. */
export interface Stream {
  readonly run: (write: WriteChunk, gone: AbortSignal) => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly body: { readonly json: unknown } | { readonly text: string } | { readonly stream: Stream };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a JSON reply. */
export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body: { json: value }, ...(headers === undefined ? {} : { headers }) };
}

/** Makes a plain-text reply. */
export function text(status: number, value: string, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body: { text: value }, ...(headers === undefined ? {} : { headers }) };
}

/** Makes a reply that is written bit by bit. */
export function stream(status: number, contentType: string, run: Stream['run']): Reply {
  return { status, body: { stream: { run } }, headers: { 'Content-Type': contentType } };
}

/** Writes a reply. A request that has not been read to its end is answered all the same, and its connection closed (linger.ts). */
export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  if ('stream' in reply.body) {
    void sendStream(request, response, reply, reply.body.stream);
    return;
  }
  const isJson = 'json' in reply.body;
  const payload = Buffer.from(
    'json' in reply.body ? JSON.stringify(reply.body.json) : reply.body.text,
    'utf8',
  );
  response.statusCode = reply.status;
  response.setHeader('Content-Type', isJson ? 'application/json' : 'text/plain; charset=UTF-8');
  response.setHeader('Content-Length', payload.length);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (hasUnreadBody(request)) response.setHeader('Connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : payload);
}

async function sendStream(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers }: Reply,
  { run }: Stream,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(status, { ...headers, ...(hasUnreadBody(request) ? { Connection: 'close' } : {}) });
  try {
    if (request.method !== 'HEAD') await run((chunk) => writeChunk(response, chunk), gone.signal);
    response.end();
  } catch {
    // Half an answer must not look like a whole one.
    response.destroy();
  }
}

function writeChunk(response: ServerResponse, chunk: string): Promise<void> {
  if (response.destroyed || response.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete || request.readableEnded) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
