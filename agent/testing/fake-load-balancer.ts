// The words by which harnesses steer a fake haproxy: what goes wrong, how members are, what listeners have counted. Types
// alone, which import nothing. The agent over it is the whole agent; haproxy's program, processes and sockets are in memory.

interface Printing<K extends string> {
  readonly kind: K;
  /** What haproxy prints then. */
  readonly printed?: string;
}

interface Slow<K extends string> {
  readonly kind: K;
  readonly ms: number;
}

/** What goes wrong. */
export type Fault =
  | Printing<'check-fails'>
  | Printing<'dies-on-start'>
  | Printing<'reload-fails'>
  | Slow<'start-is-slow'>
  | Slow<'reload-is-slow'>
  /** The worker that serves, else the next one, accepts connections and says nothing. */
  | { readonly kind: 'hangs' };

/** `next`: once; `always`: until it is healed. */
export type HowOften = 'next' | 'always';

/** A fault as it is planned. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly howOften: HowOften;
}

/** What a harness changes of a server. What is left out stays. */
export interface ServerChange {
  /** As `show stat` has it: `UP`, `DOWN`, `MAINT`, `DRAIN`, `NOLB`, `no check`. */
  readonly status?: string;
  /** 0 to 256. */
  readonly weight?: number;
  /** Sessions that it has at this moment. */
  readonly sessions?: number;
}

/** What is added to the counters of a listener; `current` is how many connections it has from now on. */
export interface Traffic {
  /** The listener; may be left out where there is one only. */
  readonly listener?: string;
  readonly connections?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly requestErrors?: number;
  readonly current?: number;
}

/** How the group of a load balancer is at this moment. */
export interface FakeGroupState {
  readonly masterPid: number;
  readonly workerPid: number;
  readonly oldWorkers: readonly number[];
  readonly reloads: number;
  readonly hangs: boolean;
  readonly listeners: readonly string[];
  /** By `pool/member`: the status that `show stat` tells. */
  readonly servers: Readonly<Record<string, string>>;
}

/** The fake haproxy of one load balancer, whether it runs or not. */
export interface FakeLoadBalancer {
  readonly id: string;
  /** Lets something go wrong: the next time (the default), or always. */
  fail(fault: Fault, howOften?: HowOften): void;
  /** Nothing that was scripted for it goes wrong any more; a worker that hangs answers again. */
  heal(): void;
  /** Ends the group at once, as a crash does. Throws `not-found` when it does not run. */
  die(printed?: string): Promise<void>;
  /** Changes a server (`pool/member`) of the worker that serves. Throws `not-found`. */
  setServer(name: string, change: ServerChange): void;
  /** Adds to what a listener of the worker that serves has counted. Throws `not-found`, `invalid-input` when it is not said which. */
  count(traffic: Traffic): void;
  /** Lets the clients of replaced workers go, so that these end. */
  endOldWorkers(): void;
  /** Undefined while it does not run. */
  state(): FakeGroupState | undefined;
  readonly planned: () => readonly PlannedFault[];
}

export interface FakeHaproxy {
  /** The fake of one load balancer; it need not exist yet. */
  of(id: string): FakeLoadBalancer;
  /** Lets something go wrong with whichever load balancer is next, or always with all. */
  fail(fault: Fault, howOften?: HowOften): void;
  /** Nothing that was scripted goes wrong any more, with any load balancer. */
  heal(): void;
  /** The load balancers whose groups live. */
  running(): readonly string[];
}
