// What a case is: one call of a contract, or one heartbeat, with what must come of it and the sentence that says so.

import type { Bench } from './bench';
import type { Scene } from './scene';
import type { Wanted } from './shape';

export type Dialect = 'v0.1' | '1.0';

/** Who asks: the client that was given, or one of those that must be refused. */
export type Client = 'controller' | 'nobody' | 'stranger' | 'self-signed' | 'namesake of the CA';

export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunked?: boolean;
  readonly plain?: boolean;
  /** The client that was given, unless told otherwise. */
  readonly as?: Client;
}

export interface Expectation {
  /** One of these. */
  readonly status: readonly number[];
  /** Ending the connection without an answer is as good. */
  readonly mayEnd?: true;
  /** The body as JSON; its type must be `application/json`, nothing more. */
  readonly json?: Wanted;
  /** The body as text. */
  readonly text?: Wanted;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, Wanted>>;
}

interface Common {
  readonly name: string;
  /** The sentence of the contract. */
  readonly says: string;
  /** The contract asks more here than Octavia's own agent does, and says so. */
  readonly better?: true;
}

export interface CallCase extends Common {
  readonly ask: Ask;
  readonly expect: Expectation;
  /** Controllers ask again for a while where an agent starts anew: until this case passes, or so long. */
  readonly retryForMs?: number;
  /** Why a body means that this machine cannot do what is asked; undefined when it means no such thing. */
  readonly excuse?: (body: string) => string | undefined;
}

/** One of the next heartbeats must look so. */
export interface HeartbeatCase extends Common {
  readonly heartbeat: Wanted;
}

export type Case = CallCase | HeartbeatCase;

/** What must be allowed before a group is run; `read`: GET, HEAD and OPTIONS alone. */
export type Access = 'read' | 'changes' | 'network' | 'rotate' | 'replace-config';

export interface Group {
  readonly name: string;
  readonly dialect: Dialect;
  readonly access: Access;
  /** What has to be known of the amphora before its cases can be said. */
  readonly learn?: (scene: Scene, bench: Bench) => Promise<Scene>;
  readonly cases: (scene: Scene) => readonly Case[];
}

type More = Omit<Ask, 'method' | 'path'>;

/** A request. */
export function ask(method: string, path: string, more: More = {}): Ask {
  return { method, path, ...more };
}

export const get = (path: string, more?: More): Ask => ask('GET', path, more);
export const put = (path: string, body?: string | Buffer, more: More = {}): Ask =>
  ask('PUT', path, body === undefined ? more : { ...more, body });
export const remove = (path: string): Ask => ask('DELETE', path);

/** A POST of JSON, in its own type unless told otherwise. */
export function post(path: string, body: unknown, type = 'application/json'): Ask {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask('POST', path, { body: text, headers: { 'Content-Type': type } });
}

/** An answer in JSON. */
export function json(status: number, wanted: Wanted, headers?: Expectation['headers']): Expectation {
  return { status: [status], json: wanted, ...(headers === undefined ? {} : { headers }) };
}
