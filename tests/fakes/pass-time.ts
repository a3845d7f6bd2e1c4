// Lets time pass under a hand-moved clock while something waits, one short step after the other.

import type { HandClock } from './hand-clock';

const stepMs = 10;
const mostMs = 300_000;

/** Moves `clock` until `job` settles, and gives its outcome. Throws when it has not settled after five minutes of its time. */
export async function passTime<T>(clock: HandClock, job: Promise<T>): Promise<T> {
  const waiting = { settled: false };
  const note = (): void => {
    waiting.settled = true;
  };
  job.then(note, note);
  await clock.advance(0);
  for (let passedMs = 0; !waiting.settled; passedMs += stepMs) {
    if (passedMs >= mostMs) throw new Error('the job waits for something other than time');
    await clock.advance(stepMs);
  }
  return job;
}
