// The seam to UNIX request/reply sockets (haproxy's runtime and master sockets) and UDP.

export interface UnixRequestOptions {
  /** One deadline over connect, write and read, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes of answer accepted before `unavailable`. Default 64 MiB. */
  readonly maxBytes?: number;
}

export interface UnixRequest extends UnixRequestOptions {
  /** What follows the line and its newline, as it is. */
  readonly payload?: string;
}

export interface UnixSockets {
  /**
   * Sends `line` and a newline, then the payload, half-closes, and resolves with all that came back.
   * Throws `unavailable` (nobody listens, reset, too long a path), `timeout`, or `invalid-input` for a line
   * with a line break or NUL.
   */
  request(path: string, line: string, options: UnixRequest): Promise<string>;
  /**
   * Opens a conversation of many questions with what listens at `path`, whose every answer ends with `prompt`.
   * Throws `unavailable` when nobody does.
   */
  converse(path: string, prompt: string): Promise<UnixConversation>;
}

/** A connection that stays open. */
export interface UnixConversation {
  /**
   * Sends a line and resolves with what comes back before the prompt; questions wait for each other. Throws `timeout`,
   * and from then on at once until the late answer has come (nobody gets it); `unavailable` once the peer is gone;
   * `invalid-input` as `request` does.
   */
  ask(line: string, timeoutMs: number): Promise<string>;
  /**
   * The same for an answer that is large and often asked for: `read` gets its bytes, which are gone after the call.
   * What it throws is thrown.
   */
  read<T>(line: string, timeoutMs: number, read: (answer: Buffer) => T): Promise<T>;
  /** Hangs up; nothing is thrown, and whoever waits gets `unavailable`. */
  close(): void;
}

/** Where a stream socket listens. A host is an address, without brackets, or a name that DNS knows. */
export type StreamAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp4' | 'tcp6'; readonly host: string; readonly port: number };

/** What came of a request; that nobody answered is a result. */
export type Exchanged =
  | { readonly ok: true; readonly answer: string }
  /** The system refused or broke off, by errno: `ENOENT`, `EACCES`, `ECONNREFUSED`, `ENOTFOUND` … */
  | { readonly ok: false; readonly why: 'failed'; readonly errno: string }
  /** The deadline, while connecting (name look-up included) or after. */
  | { readonly ok: false; readonly why: 'late'; readonly while: 'connecting' | 'waiting' }
  | { readonly ok: false; readonly why: 'too long' };

/** Requests to sockets that may be elsewhere, and whose failures somebody wants to know exactly. */
export interface StreamSockets {
  /**
   * Sends `line` and a newline, half-closes, and resolves with all that came back until the peer closed, even when that
   * is nothing. One deadline covers connect, write and read. Throws `invalid-input` for a line with a line break or
   * NUL; nothing is then sent.
   */
  exchange(at: StreamAddress, line: string, options: UnixRequestOptions): Promise<Exchanged>;
}

/** Datagrams out and in. */
export interface Udp {
  /** Hands a datagram to the kernel. Throws `unavailable` (no route, network down, too long) with the errno. */
  send(target: UdpAddress, payload: Uint8Array): Promise<void>;
  /** Receives at an address (port 0: any) until closed. Throws `unavailable` when it cannot be bound. */
  listen(at: UdpAddress, receive: (payload: Buffer, from: UdpAddress) => void): Promise<UdpListener>;
}

/** An IP address without brackets, a zone for a scoped one. */
export interface UdpAddress {
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
}

export interface UdpListener {
  /** The port in fact bound. */
  readonly port: number;
  close(): Promise<void>;
}

/** A stream socket that somebody connected. The HTTP floor reads and writes it as a `Duplex`; here it is opaque. */
export type LocalConnection = NodeJS.ReadWriteStream;

/** A UNIX socket that tells everyone who connects the same kind of thing, and hangs up. */
export interface LocalServers {
  /**
   * Listens at `path`; a path that begins with NUL is an abstract name, which the kernel frees with the process.
   * A path gets mode 0600. An answer that fails is a hang-up without a word.
   * Throws `already-exists` when somebody listens there, `unavailable` on anything else.
   */
  serve(path: string, answer: () => string | Promise<string>): Promise<LocalServer>;
  /** Listens at `path`, mode 0600, and hands over every connection. Throws as `serve` does. */
  accept(path: string, take: (connection: LocalConnection) => void): Promise<LocalServer>;
  /** What a listener at `path` says, up to 4 MiB of it, before `timeoutMs` (1,000) pass in silence; undefined when nobody does. */
  ask(path: string, timeoutMs?: number): Promise<string | undefined>;
}

export interface LocalServer {
  close(): Promise<void>;
}
