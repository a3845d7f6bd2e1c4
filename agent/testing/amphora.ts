// The public words of the harness kit: what is started, with which options, and what a test gets in its hands. Types
// alone, which import nothing: they are what consumers compile against.

import type { Certificates, ThrowAwayPki } from './certificates';
import type { Client } from './client';
import type { FakeLoadBalancer } from './fake-load-balancer';
import type { HealthManager, Heartbeats } from './heartbeats';
import type { LogView } from './log';

export interface AmphoraOptions {
  /** Default: a random UUID. */
  readonly amphoraId?: string;
  /** Where its files go; it stays at the end. Default: a new directory below TMPDIR, which `stop` removes. */
  readonly directory?: string;
  /** Further options by section and key: `{ amphorad: { max_load_balancers: 8 } }`. They win over the kit's own. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  /** Time between heartbeats, start to start; 100 at least. Default 500. */
  readonly heartbeatIntervalMs?: number;
  /** False: `stop` leaves haproxy running and the directory in place, as an agent that ends in production does. Default true. */
  readonly stopChildren?: boolean;
  /** The haproxy to run. Default: the one on PATH, or in /usr/sbin. */
  readonly haproxyCommand?: string;
  /** True: no haproxy is needed and nothing is balanced; the agent drives one that is played in this process. */
  readonly fakeHaproxy?: boolean;
  /** `child`: the agent is a process of its own, so that `kill` is kill -9. Default `same`: it runs in this process. */
  readonly process?: 'same' | 'child';
  /** An authority and client to share between amphorae. Default: new ones. */
  readonly pki?: ThrowAwayPki;
  /** A receiver of heartbeats to share between amphorae; it stays open at the end. Default: one of its own. */
  readonly healthManager?: HealthManager;
}

export interface AmphoraPaths {
  readonly directory: string;
  /** Where load balancers lie: `<basePath>/<id>/haproxy.cfg`, `<basePath>/<id>.sock`. */
  readonly basePath: string;
  readonly agentConf: string;
  readonly localConf: string;
  /** The directory of the certificates. */
  readonly certificates: string;
}

/** A running agent and what a test needs of it. */
export interface Amphora {
  readonly amphoraId: string;
  /** `https://127.0.0.1:<port>`; the same over restarts, as is the port. */
  readonly url: string;
  readonly port: number;
  /** The process that the agent runs in. */
  readonly pid: number;
  readonly certificates: Certificates;
  readonly paths: AmphoraPaths;
  /** Calls with the controller's certificate. */
  readonly client: Client;
  /** What the agent tells its health manager. */
  readonly heartbeats: Heartbeats;
  /** What the agent has logged. */
  readonly log: LogView;
  /**
   * Steers the fake haproxy of a load balancer, which need not exist yet. Throws without `fakeHaproxy: true`; with
   * `process: 'child'` it is steered by PUT /fake-haproxy/{id} alone.
   */
  haproxy(loadBalancerId: string): FakeLoadBalancer;
  /** Ends the agent as a package upgrade does and starts it again: haproxy goes on, and is adopted. */
  restart(): Promise<void>;
  /**
   * Ends the agent without a farewell; `restart` starts it again. With `process: 'child'` that is kill -9; in the same
   * process it is an orderly end that leaves haproxy running. Idempotent.
   */
  kill(): Promise<void>;
  /** Ends agent, haproxy and receiver, and removes the directory. Idempotent. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface AmphoraeOptions extends Omit<
  AmphoraOptions,
  'amphoraId' | 'directory' | 'process' | 'fakeHaproxy'
> {
  readonly count: number;
}

/** A fleet that runs. */
export interface Amphorae extends AsyncDisposable {
  readonly amphorae: readonly Amphora[];
  /** Takes the heartbeats of all. */
  readonly healthManager: HealthManager;
  /** Ends all of them. Idempotent. */
  stop(): Promise<void>;
}
