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

/** A UNIX socket that tells everyone who connects the same kind of thing, and hangs up. */
export interface LocalServers {
  /**
   * Listens at `path`; a path that begins with NUL is an abstract name, which the kernel frees with the process.
   * A path gets mode 0600. An answer that fails is a hang-up without a word.
   * Throws `already-exists` when somebody listens there, `unavailable` on anything else.
   */
  serve(path: string, answer: () => string | Promise<string>): Promise<LocalServer>;
  /** What a listener at `path` says, up to 4 MiB of it, before `timeoutMs` (1,000) pass in silence; undefined when nobody does. */
  ask(path: string, timeoutMs?: number): Promise<string | undefined>;
}

export interface LocalServer {
  close(): Promise<void>;
}
