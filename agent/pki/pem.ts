// Splits PEM text into its blocks the way OpenSSL's PEM_read_bio does (RFC 7468; haproxy and Node read with it):
// a boundary stands at the start of its own line, only a line feed ends a line, trailing blanks and control
// characters do not count, and whatever lies between blocks is text. Content stays unread here.

/** One block. Exactly one of `content` and `fault` is there. */
export interface PemBlock {
  /** The words of the boundary, e.g. `CERTIFICATE`. A text without line feeds makes a key part of it: never for messages. */
  readonly label: string;
  /** Line of the boundary that opens it, from 1. */
  readonly line: number;
  /** The traditional encryption headers (`Proc-Type`, `DEK-Info`) are there: `content` is a ciphertext. */
  readonly hasEncryptionHeader: boolean;
  readonly content: Buffer | undefined;
  /** Why it cannot be read, fit for an error message. */
  readonly fault: string | undefined;
}

interface OpenBlock {
  readonly label: string;
  readonly line: number;
  readonly body: string[];
}

/** Splits PEM text into blocks, in order of appearance; broken ones are listed with their fault. Never throws. */
export function splitPem(pem: Uint8Array | string): readonly PemBlock[] {
  const text = typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
  const blocks: PemBlock[] = [];
  let open: OpenBlock | undefined;
  let number = 0;
  for (const line of linesOf(text)) {
    number += 1;
    const begins = boundaryLabel(line, '-----BEGIN ');
    const ends = boundaryLabel(line, '-----END ');
    if (begins !== undefined) {
      if (open !== undefined) blocks.push(broken(open, 'has no end line'));
      open = { label: begins, line: number, body: [] };
    } else if (ends !== undefined) {
      if (open !== undefined) blocks.push(closeBlock(open, ends));
      open = undefined;
    } else {
      open?.body.push(line);
    }
  }
  if (open !== undefined) blocks.push(broken(open, 'has no end line'));
  return blocks;
}

// A generator rather than split(): four million empty lines must not become an array.
function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start <= text.length) {
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length : feed;
    yield text.slice(start, endOfContent(text, start, next));
    start = next + 1;
  }
}

// A loop, since /[\0-\x20]+$/ takes quadratic time on a long run of blanks.
function endOfContent(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text.charCodeAt(last - 1) <= 0x20) last -= 1;
  return last;
}

function boundaryLabel(line: string, opening: string): string | undefined {
  const closing = '-----';
  if (!line.startsWith(opening) || !line.endsWith(closing)) return undefined;
  return line.length < opening.length + closing.length
    ? undefined
    : line.slice(opening.length, -closing.length);
}

function closeBlock(open: OpenBlock, endLabel: string): PemBlock {
  if (endLabel !== open.label) return broken(open, 'has an end line of another kind');
  const firstData = open.body.findIndex((line) => !line.includes(':'));
  const headerCount = firstData < 0 ? open.body.length : firstData;
  const hasEncryptionHeader = open.body
    .slice(0, headerCount)
    .some((line) => line.startsWith('DEK-Info:') || /^Proc-Type:.*ENCRYPTED/.test(line));
  const content = decodeBase64(open.body.slice(headerCount).join(''));
  if (content === undefined) return { ...broken(open, 'is not base64'), hasEncryptionHeader };
  return { label: open.label, line: open.line, hasEncryptionHeader, content, fault: undefined };
}

// Buffer.from(…, 'base64') skips what it does not know, so that a damaged block would become another one.
function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[ \t\r]/g, '');
  if (compact === '' || compact.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(compact)) return undefined;
  const padding = compact.indexOf('=');
  if (padding >= 0 && !['=', '=='].includes(compact.slice(padding))) return undefined;
  return Buffer.from(compact, 'base64');
}

function broken(open: OpenBlock, why: string): PemBlock {
  return {
    label: open.label,
    line: open.line,
    hasEncryptionHeader: false,
    content: undefined,
    fault: `the PEM block that begins on line ${open.line} ${why}`,
  };
}
