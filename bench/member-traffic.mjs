// Who answers: requests one after the other, each on a connection of its own, until they show what is awaited.
import { createVisitor } from '../scripts/demo/traffic.mjs';

const deadlineMs = 10_000;

/** Shows when one has answered so many times in a row. */
export const isRunOf = (count, name) => (answers) =>
  answers.length >= count && answers.slice(-count).every((answer) => answer === name) && count;

/** Shows when one is so many times among the last answers. */
export const seen = (count, name, last) => (answers) =>
  answers.slice(-last).filter((answer) => answer === name).length >= count && last;

/**
 * Sends requests from now on; resolves with the time at which the first of those that show it was sent, or undefined when
 * none do in 10 s. Resolves with the requests that failed, too.
 */
export async function follow(port, shows, signal) {
  const visitor = createVisitor(port, false);
  const deadline = performance.now() + deadlineMs;
  const [answers, times, failures] = [[], [], []];
  try {
    while (performance.now() < deadline) {
      signal.throwIfAborted();
      times.push(performance.now());
      try {
        answers.push(await visitor.visit());
      } catch (thrown) {
        times.pop();
        failures.push(thrown.code ?? thrown.message);
      }
      const needed = shows(answers);
      if (needed !== false) return { at: times.at(-Math.min(needed, times.length)), failures };
    }
    return { at: undefined, failures };
  } finally {
    visitor.close();
  }
}
