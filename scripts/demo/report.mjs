// What the demo prints: numbered steps, the calls they make, what came of them. Colours on a terminal only.

const longestAnswer = 500;
const styles = { bold: 1, dim: 2, red: 31, green: 32 };

/** A disappointed expectation; `shown` is what was there instead. */
export class ExpectationFailed extends Error {
  constructor(expectation, shown) {
    super(`expected ${expectation}`);
    this.shown = shown;
  }
}

/** Throws ExpectationFailed unless `condition` holds. `shown` is an answer of the API, or anything JSON. */
export function expectThat(condition, expectation, shown) {
  if (!condition) throw new ExpectationFailed(expectation, describe(shown));
}

/** Says how many requests each member answered. */
export function inWords(perMember) {
  return Object.entries(perMember)
    .map(([name, count]) => `${count} by "${name}"`)
    .join(', ');
}

/** Makes a reporter that writes to a stream; a silent one drops all but the failures. */
export function createReport({ stream, silent }) {
  const paint = (style, text) => (stream.isTTY === true ? `\u001b[${styles[style]}m${text}\u001b[0m` : text);
  const say = (line) => {
    if (!silent) stream.write(`${line}\n`);
  };
  let number = 0;
  return {
    heading: (text) => say(paint('bold', text)),
    step(title) {
      number += 1;
      say(paint('bold', `\n${String(number).padStart(2)}. ${title}`));
    },
    call: (method, path, answer) =>
      say(`    ${method} ${path}\n    ${paint('dim', `→ ${describe(answer)}`)}`),
    outcome: (text) => say(`    ${paint('green', '✓')} ${text}`),
    summary: (text) => say(paint('bold', paint('green', `\n${text}`))),
    failure(step, thrown) {
      const shown = thrown instanceof ExpectationFailed ? `\n    found: ${thrown.shown}` : '';
      stream.write(`${paint('red', `✗ ${step}: ${thrown.message}`)}${shown}\n`);
    },
  };
}

function describe(shown) {
  if (typeof shown === 'string') return shown;
  const isAnswer = typeof shown?.status === 'number' && typeof shown.text === 'string';
  const text = isAnswer ? `${shown.status} ${shown.text.trim()}` : JSON.stringify(shown);
  return text.length > longestAnswer ? `${text.slice(0, longestAnswer)}…` : text;
}
