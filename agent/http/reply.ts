// What a handler gives back, and how it reaches the client: whole, with its length, and even when the client is
// still sending. Handlers never touch the response. Source: DESIGN "Errors", "Refusals must arrive".

import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly body: { readonly json: unknown } | { readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a JSON reply. */
export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body: { json: value }, ...(headers === undefined ? {} : { headers }) };
}

/** Makes a plain-text reply. */
export function text(status: number, value: string): Reply {
  return { status, body: { text: value } };
}

/** How much is still read of a request that was answered before its end, so that the answer is not lost to a reset. */
export interface DiscardLimit {
  readonly bytes: number;
  readonly ms: number;
}

export const discardUnverified: DiscardLimit = { bytes: 64 * 1024, ms: 2_000 };
export const discardVerified: DiscardLimit = { bytes: 4 * 1024 * 1024, ms: 2_000 };

/** Writes a reply. A request that has not been read to its end is drained within `limit`, then its connection closed. */
export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  limit: DiscardLimit,
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const isJson = 'json' in reply.body;
  const payload = Buffer.from(
    'json' in reply.body ? JSON.stringify(reply.body.json) : reply.body.text,
    'utf8',
  );
  response.statusCode = reply.status;
  response.setHeader('Content-Type', isJson ? 'application/json' : 'text/plain; charset=UTF-8');
  response.setHeader('Content-Length', payload.length);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (hasUnreadBody(request)) {
    response.setHeader('Connection', 'close');
    if (request.method !== 'HEAD') response.write(payload);
    else response.flushHeaders();
    await discard(request, limit);
    response.end();
  } else {
    response.end(request.method === 'HEAD' ? undefined : payload);
  }
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete || request.readableEnded) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

function discard(request: IncomingMessage, limit: DiscardLimit): Promise<void> {
  return new Promise((resolve) => {
    let left = limit.bytes;
    const timer = setTimeout(finish, limit.ms);
    function finish(): void {
      clearTimeout(timer);
      request.off('data', count).off('end', finish).off('close', finish).off('error', finish);
      resolve();
    }
    function count(chunk: Buffer): void {
      left -= chunk.length;
      if (left <= 0) finish();
    }
    request.on('data', count).on('end', finish).on('close', finish).on('error', finish);
    request.resume();
  });
}
