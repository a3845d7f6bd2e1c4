// The seam to HTTP over a UNIX socket: how a command of this machine asks the agent that runs.

export interface LocalHttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** Sent as JSON; nothing is sent without it. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** One deadline over connect, write and read, in milliseconds. */
  readonly timeoutMs: number;
}

export interface LocalHttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the body says; undefined where it is no JSON. */
  readonly json: unknown;
  readonly text: string;
}

export interface LocalHttp {
  /**
   * Asks what listens on a socket and resolves with its whole answer, whatever its status. Throws `unavailable` when
   * nobody listens or the answer breaks off, `forbidden` when this user may not connect, `timeout`, and
   * `version-mismatch` when what listens speaks no HTTP.
   */
  request(socketPath: string, request: LocalHttpRequest): Promise<LocalHttpAnswer>;
}
