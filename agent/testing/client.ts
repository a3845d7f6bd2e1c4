// The words for a controller's calls. Types alone, which import nothing. Sources: docs/api-v1.0.md, contract/runtime.md.

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The body parsed; throws when it is no JSON. */
  json(): unknown;
}

export interface Request {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls of an amphora's API. The named ones reject with a `CallFailed` unless the answer is 2xx. */
export interface Client {
  /** Makes any call and resolves with the answer, whatever its status. */
  request(method: string, path: string, request?: Request): Promise<Answer>;
  /** GET /1.0/info. */
  info(): Promise<AmphoraInfo>;
  /** GET /1.0/details. */
  details(): Promise<AmphoraDetails>;
  /** GET /1.0/listeners: the frontends of load balancers that run. */
  listeners(): Promise<readonly Listener[]>;
  /** Calls for one load balancer; it need not exist yet. */
  loadBalancer(id: string): LoadBalancer;
}

export interface LoadBalancer {
  readonly id: string;
  /** Stores a haproxy configuration; what runs is not touched. */
  upload(haproxyConfig: string): Promise<void>;
  /** The stored configuration. */
  config(): Promise<string>;
  start(): Promise<void>;
  /** Resolves when the new workers serve. */
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes all of it. */
  remove(): Promise<void>;
  /** Stores a file beside the configuration: `<name>.pem` holds key, certificate and chain. */
  putCertificate(name: string, pem: string): Promise<void>;
}

export interface AmphoraInfo {
  readonly hostname: string;
  readonly haproxy_version: string;
  readonly api_version: string;
  readonly keepalived_version: string;
  readonly ipvsadm_version: string;
}

export interface AmphoraDetails extends AmphoraInfo {
  readonly haproxy_count: number;
  readonly listeners: readonly string[];
  readonly [field: string]: unknown;
}

export interface Listener {
  readonly status: string;
  readonly uuid: string;
  readonly type: string;
}

/** An answer that was no success. */
export interface CallFailed extends Error {
  readonly name: 'CallFailed';
  readonly method: string;
  readonly path: string;
  readonly answer: Answer;
}
