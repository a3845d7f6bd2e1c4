// What signals mean to the daemon. SIGTERM and SIGINT end it, a second one at once; SIGHUP reads files again;
// SIGUSR2 reopens logs; SIGPIPE is ignored by Node itself. Source: DESIGN "Logging", "Starting it".

export interface SignalActions {
  readonly hangup: () => Promise<void>;
  readonly reopenLogs: () => void;
}

export interface Signals {
  /** Settles with the name of the signal that asks the daemon to end. */
  readonly ended: Promise<string>;
  /** Aborted at the same moment. */
  readonly signal: AbortSignal;
}

const impatient = 130;

/** Takes the process's signals over. */
export function watchSignals(actions: SignalActions): Signals {
  const aborter = new AbortController();
  const ended = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        for (const again of ['SIGTERM', 'SIGINT'] as const) process.on(again, () => process.exit(impatient));
        resolve(signal);
        aborter.abort();
      });
    }
  });
  process.on('SIGHUP', () => void actions.hangup());
  process.on('SIGUSR2', () => actions.reopenLogs());
  return { ended, signal: aborter.signal };
}
