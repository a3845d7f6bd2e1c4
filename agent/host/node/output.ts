// Keeps the beginning of what a program prints, and reads on past the cap: a program whose pipe is full
// would stand still.

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface Output {
  /** What came so far as UTF-8, cut at the cap between characters. */
  text(): string;
  /** Whether more came than was kept. */
  isTruncated(): boolean;
}

/** Collects a stream, at most `maxBytes` of it. */
export function collectOutput(stream: Readable | null, maxBytes: number): Output {
  const chunks: Buffer[] = [];
  let kept = 0;
  let truncated = false;

  stream?.on('data', (chunk: Buffer) => {
    const room = maxBytes - kept;
    if (chunk.length > room) truncated = true;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    chunks.push(part);
    kept += part.length;
  });
  // A pipe that breaks ends like one that closes: what was read stands, and the exit says the rest.
  stream?.on('error', () => undefined);

  return {
    text() {
      const bytes = Buffer.concat(chunks);
      return truncated ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
    },
    isTruncated: () => truncated,
  };
}
