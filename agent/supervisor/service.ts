// What a process manager does for one long-lived process group. Two kinds stand behind it: detached children
// (direct) and systemd units. Source: DESIGN "haproxy processes".

import type { ProcessExit, Signal } from '../host/process';
import type { Confinement } from './confinement';

export interface ServiceSpec {
  /** Its name among the services of this machine: lower case, digits, hyphens. */
  readonly name: string;
  /** The command line, program first. */
  readonly argv: readonly string[];
  /** The pieces of `argv`, in its order, by which a process is known as this service: what it does, and paths of it alone. */
  readonly marks: readonly (readonly string[])[];
  /** Names that the program gives itself beside that of its file, as the kernel cuts them: 15 bytes. */
  readonly selfNames?: readonly string[];
  /** What the command is started through and which leaves no trace in its arguments (`ip netns exec <ns>`); may be empty. A manager that joins the namespace by itself leaves it out. */
  readonly through: readonly string[];
  /** What it may do, where its manager can confine it; undefined: everything. */
  readonly confinement?: Confinement;
  /** Takes stdout and stderr. */
  readonly logPath: string;
}

/** The durable identity of a started process: enough to know it again, never to mistake another for it. */
export interface ServiceProcess {
  readonly pid: number;
  /** Clock ticks from boot to its start. */
  readonly startTicks: string;
  readonly bootId: string;
}

export interface StartedService {
  readonly process: ServiceProcess;
  /** Settles when it ends while this agent is its parent: never when a process manager is. */
  readonly exited: Promise<ProcessExit>;
}

export interface Supervisor {
  /** Starts the service in its own session. Throws `unavailable` when it cannot be started. */
  start(spec: ServiceSpec): Promise<StartedService>;
  /** Tells whether a recorded process lives and is this service; a stale or foreign pid is never signalled. */
  isOurs(spec: ServiceSpec, recorded: ServiceProcess): Promise<boolean>;
  /** Takes the identity of a pid that says it is this service; undefined when it is another program, another user's, or its command line says otherwise. */
  recognise(spec: ServiceSpec, pid: number): Promise<ServiceProcess | undefined>;
  isAlive(process: ServiceProcess): Promise<boolean>;
  /** Asks it to read its configuration again, with SIGUSR2 or the signal that its program takes for that; false when it is gone. */
  reload(process: ServiceProcess, signal?: Signal): Promise<boolean>;
  /** Ends it and all its group: TERM, and KILL after `graceMs`. Resolves when it is gone. */
  stop(process: ServiceProcess, graceMs: number): Promise<void>;
}
