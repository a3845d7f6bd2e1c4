// The seam to UNIX request/reply sockets (haproxy's runtime and master sockets) and outgoing UDP.

export interface UnixRequestOptions {
  /** One deadline over connect, write and read, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes of answer accepted before `unavailable`. Default 64 MiB. */
  readonly maxBytes?: number;
}

export interface UnixSockets {
  /**
   * Sends `line` and a newline, half-closes, and resolves with all that came back.
   * Throws `unavailable` (nobody listens, reset, too long a path), `timeout`, or `invalid-input` for a line
   * with a line break or NUL.
   */
  request(path: string, line: string, options: UnixRequestOptions): Promise<string>;
}
