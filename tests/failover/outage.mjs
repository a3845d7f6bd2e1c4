// What a client went through, from the answers that it got. Pure.

/** Tells, of the answers since a moment: the longest time without a successful one, in ms, how many requests failed and how, and who answered. */
export function outageOf(answers, sinceMs) {
  const good = answers.filter(({ error }) => error === undefined);
  const before = good.filter(({ endedAt }) => endedAt <= sinceMs).at(-1);
  const times = good.filter(({ endedAt }) => endedAt > sinceMs).map(({ endedAt }) => endedAt);
  const all = [before?.endedAt ?? sinceMs, ...times];
  const gaps = all.slice(1).map((time, index) => time - all[index]);
  const failed = answers.filter(({ endedAt, error }) => endedAt > sinceMs && error !== undefined);
  return {
    outageMs: Math.max(0, ...gaps),
    failed: failed.length,
    errors: [...new Set(failed.map(({ error }) => error))],
    by: [...new Set(good.filter(({ sentAt }) => sentAt > sinceMs).map(({ by }) => by))],
  };
}

/** The middle one of some numbers; of an even count the upper of the two. */
export function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}
