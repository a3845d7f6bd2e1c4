// The words for a controller's calls. Types alone. Source: the OpenAPI document.

import type { ApiClient } from '../client/api-client';
import type { V10Details, V10Info, V10Listeners } from '../generated/api';

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
  /** One typed method for each documented call of every surface; they resolve with whatever is answered, told apart by `status`. */
  readonly api: ApiClient;
  /** GET /1.0/info. */
  info(): Promise<V10Info>;
  /** GET /1.0/details. */
  details(): Promise<V10Details>;
  /** GET /1.0/listeners: the frontends of load balancers that run. */
  listeners(): Promise<V10Listeners>;
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

/** An answer that was no success. */
export interface CallFailed extends Error {
  readonly name: 'CallFailed';
  readonly status: number;
  /** Parsed, when it is JSON. */
  readonly body: unknown;
}
