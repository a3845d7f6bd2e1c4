// The words for the throw-away PKI of a harness. Types alone, which import nothing.

/** A certificate with its key; PEM. */
export interface KeyPair {
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** A certificate with its key, and where they lie. */
export interface StoredKeyPair extends KeyPair {
  readonly keyPath: string;
  readonly certificatePath: string;
  /** Key and certificate in one file, as curl --cert takes them. */
  readonly bundlePath: string;
}

/** What a controller has to reach an amphora. */
export interface Certificates {
  /** The authority of both sides. */
  readonly ca: { readonly certificatePem: string; readonly path: string };
  readonly client: StoredKeyPair;
  readonly server: StoredKeyPair;
}

/** An authority in memory, made for one test run, and a client of it. */
export interface ThrowAwayPki {
  readonly ca: KeyPair;
  readonly client: KeyPair;
  /** Issues a further client, such as one that may only read. */
  issueClient(commonName: string): KeyPair;
  /** Issues an amphora's certificate, for its id, `localhost` and `127.0.0.1`. */
  issueServer(amphoraId: string): KeyPair;
}
