// The seam to other programs. Always an argv array, never a shell. A program that exits non-zero is a
// result, not an exception: the trade that ran it decides what the code means.

/** What a finished program left behind. Output is UTF-8, cut at the runner's cap (`truncated`). */
export interface RunResult {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
}

export interface RunOptions {
  /** Milliseconds until TERM, and KILL 2 s later. Default 30,000. */
  readonly timeoutMs?: number;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

export interface DetachedOptions {
  /** File that takes stdout and stderr, opened for appending, mode 0600. */
  readonly logPath: string;
}

/** How a child of ours ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that outlives the agent: its own session, no pipe to us. */
export interface DetachedProcess {
  readonly pid: number;
  /** Settles when it ends while we are still its parent. */
  readonly exited: Promise<ProcessExit>;
}

/** What identifies a process beyond its pid, which the kernel reuses. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start (field 22 of /proc/pid/stat): unique with the pid within one boot. */
  readonly startTicks: string;
  /** One letter of proc_pid_stat(5): R, S, D, Z, X … */
  readonly state: string;
  /** The file name of its program, cut at 15 bytes: what was executed, whatever its argv says. */
  readonly name: string;
  /** Its effective user. */
  readonly userId: number;
  /** Whether it leads a session of its own: the processes that it forks have its argv and do not. */
  readonly leadsSession: boolean;
  /** Whether it lives in a pid namespace below ours: a container's, whose paths are not ours either. */
  readonly isContained: boolean;
  readonly argv: readonly string[];
}

/** What one small read tells of a pid. */
export type ProcessGlance = Pick<ProcessIdentity, 'startTicks' | 'state'>;

export type Signal =
  'SIGTERM' | 'SIGKILL' | 'SIGUSR1' | 'SIGUSR2' | 'SIGHUP' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT';

export interface ProcessRunner {
  /** Runs a program to its end with `LC_ALL=C TZ=UTC`. Throws `unavailable` only when it could not be started. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a program in a session of its own. Throws `unavailable` when it could not be started. */
  startDetached(argv: readonly string[], options: DetachedOptions): Promise<DetachedProcess>;
  /** Sends a signal; false when there is no such process. With `startTicks` it goes to the process that started then and to no other: the pid is looked at in the same instant. */
  signal(pid: number, signal: Signal, startTicks?: string): boolean;
  /** Sends a signal to the process group that a detached process leads; false when there is none. `startTicks` as above, of the leader. */
  signalGroup(pid: number, signal: Signal, startTicks?: string): boolean;
  /** Reads who a pid is now; undefined when it is gone (zombies are reported, with their state). */
  identify(pid: number): Promise<ProcessIdentity | undefined>;
  /** Reads start and state of a pid at once, cheaply enough for hundreds a second; undefined when it is gone. Throws `unavailable` when /proc cannot be read. */
  glance(pid: number): ProcessGlance | undefined;
  /** Lists the processes whose program (the last part of argv[0]) has this name; zombies have none. */
  processesOf(program: string): Promise<readonly ProcessIdentity[]>;
}
