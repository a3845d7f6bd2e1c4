// Reads request bodies whole, within a limit that is enforced from the header where a length is given.
// Source: contract/amphora-v0.1.md "Common rules" (413), DESIGN "Refusals must arrive" (100-continue).

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AgentError, invalidInput } from '../model/errors';
import type { Share } from './uploads';

/** Bytes accepted for each kind of body. `none` is not read at all. */
export interface BodyLimits {
  readonly config: number;
  readonly pem: number;
  readonly json: number;
}

export type BodyKind = 'none' | keyof BodyLimits;

/** Reads the body. Throws `too-large`, or `unavailable` when the client goes away before its end or keeps memory that others wait for. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  share: Share,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
  return collect(request, limit, share);
}

function collect(request: IncomingMessage, limit: number, share: Share): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) settle(() => reject(tooLarge(limit)));
      else if (!share.take(chunk.length)) request.pause();
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onClose = (): void => settle(() => reject(new AgentError('unavailable', 'the client went away')));
    const onLost = (): void => settle(() => reject(tooSlow()));
    function settle(done: () => void): void {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      share.whole();
      // What still comes is discarded when the answer closes the connection; an error after this must find a listener.
      request.on('error', () => undefined);
      done();
    }
    share.begin({ goOn: () => request.resume(), lost: onLost });
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    // Its client left while it waited for its turn: none of these events will come any more.
    if (request.destroyed && !request.readableEnded) onClose();
  });
}

function tooSlow(): AgentError {
  return new AgentError('unavailable', 'Upload too slow', {
    detail: 'the body came too slowly while other uploads were waiting',
  });
}

function tooLarge(limit: number): AgentError {
  return new AgentError('too-large', 'Request body too large', {
    detail: `at most ${limit} bytes are accepted`,
  });
}

/** Decodes a body that must be UTF-8 text without NUL. Throws `invalid-input` naming `what`. */
export function utf8Text(body: Buffer, what: string): string {
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new AgentError('invalid-input', 'Invalid request', {
      detail: `${what}: expected UTF-8 text`,
      cause,
    });
  }
  if (decoded.includes('\0')) throw invalidInput('Invalid request', `${what}: expected text without NUL`);
  return decoded;
}
