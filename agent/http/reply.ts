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
export function text(status: number, value: string, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body: { text: value }, ...(headers === undefined ? {} : { headers }) };
}

/** Writes a reply. A request that has not been read to its end is answered all the same, and its connection closed (linger.ts). */
export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
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
  if (hasUnreadBody(request)) response.setHeader('Connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : payload);
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete || request.readableEnded) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
