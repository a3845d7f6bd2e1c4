// The seam to HTTPS servers of others, as their client sees them: one connection for each request, the server verified
// by an authority of the caller's, what it refuses told apart from what cannot be reached.

/** A server. */
export interface HttpsTarget {
  readonly host: string;
  readonly port: number;
  /** The authorities that may vouch for it, as PEM. */
  readonly caPem: string;
  /** The name that its certificate must have; the host unless given. */
  readonly serverName?: string;
}

/** A client certificate with its chain and its key. */
export interface HttpsIdentity {
  readonly certificatePem: string;
  /** Secret. */
  readonly keyPem: string;
}

export interface HttpsRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in chunks, without its length. */
  readonly chunked?: boolean;
  /** Speaks plain HTTP to the same port. */
  readonly plain?: boolean;
  /** Undefined: without a certificate. */
  readonly identity?: HttpsIdentity | undefined;
  /** One deadline over connect, handshake, request and answer, in milliseconds. */
  readonly timeoutMs: number;
}

export interface HttpsAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The certificate that the server showed, as PEM; empty in plain HTTP. */
  readonly certificatePem: string;
}

/** The server was reached, and ended the connection without a whole answer: in the handshake or after it. */
export interface HttpsEnd {
  readonly kind: 'ended';
  readonly why: string;
}

export interface HttpsClient {
  /**
   * Sends a request over a connection of its own. Throws `unavailable` when nobody can be reached there, `unauthorized`
   * when the server is not who it should be, `timeout` when no whole answer came in time.
   */
  request(target: HttpsTarget, request: HttpsRequest): Promise<HttpsAnswer | HttpsEnd>;
}
