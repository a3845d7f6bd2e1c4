// Ctrl-C and TERM as an abort signal, so that what was started is taken away before the program ends.
const statusOf = { SIGINT: 130, SIGTERM: 143 };

/** Listens from now on; `endedBy` tells the name of the first signal that came, `status` the exit status it asks for. */
export function listenForInterruption() {
  const aborter = new AbortController();
  let endedBy;
  // Not `once`: npm hands on the Ctrl-C that the terminal has sent already, and the second must not cut cleaning up.
  for (const name of Object.keys(statusOf)) {
    process.on(name, () => {
      endedBy ??= name;
      aborter.abort(new Error(`ended by ${name}`));
    });
  }
  return { signal: aborter.signal, endedBy: () => endedBy, status: () => statusOf[endedBy] };
}
