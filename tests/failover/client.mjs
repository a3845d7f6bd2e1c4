// The client of a pair, seen from the run: what it was answered, and what that says of an outage.
import { readFileSync, writeFileSync } from 'node:fs';
import { startChild } from '../../scripts/demo/child.mjs';
import { waitUntil } from '../../scripts/demo/loopback.mjs';
import { outageOf } from './outage.mjs';

const inARow = 20;
const program = new URL('probe.mjs', import.meta.url).pathname;

/** The machine's monotonic clock in ms, as every process of it reads it. */
export function nowMs() {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** Starts a client of `url` in a namespace. */
export function startClient({ namespace, url, log, signal }) {
  const answers = [];
  let rest = '';
  writeFileSync(log, '', { mode: 0o600 });
  const argv = ['nsenter', `--net=/run/netns/${namespace}`, process.execPath, program, url];
  const child = startChild(argv, log, (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) answers.push(JSON.parse(line));
  });
  const isWell = () => {
    const last = answers.slice(-inARow);
    return last.length === inARow && last.every(({ error }) => error === undefined);
  };
  return {
    /** Waits until 20 answers in a row, all sent from now on, were good; true when that came within the deadline. */
    isServed: async (deadlineMs) => {
      const since = nowMs();
      const done = await waitUntil(() => isWell() && answers.at(-inARow).sentAt >= since, deadlineMs, signal);
      if (child.ended() !== undefined)
        throw new Error(`the client: ${child.ended()}: ${readFileSync(log, 'utf8')}`);
      return done !== undefined;
    },
    /** What it went through since a moment of `nowMs`. */
    since: (moment) => outageOf(answers, moment),
    /** Forgets what is older than a moment. */
    forget(moment) {
      const index = answers.findIndex(({ endedAt }) => endedAt >= moment - 2_000);
      if (index > 0) answers.splice(0, index);
    },
    end: () => child.end(1_000),
  };
}
