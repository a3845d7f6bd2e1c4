// The text that keepalived reads in place of an upload. The account of scripts stands first: on a reload keepalived 2.2
// settles it while reading, and drops every script and check that comes before. So lines move, and what keepalived says
// of them is put back to the lines of the upload. Source: contract/vrrp.md, pitfalls 7 and 8.

import { AgentError, isAgentError } from '../model/errors';

export interface LiveLine {
  readonly text: string;
  /** The number of the upload's line that it stands for. */
  readonly from: number;
}

export interface LiveText {
  readonly text: string;
  /** Puts line numbers of the upload where keepalived's output gives those of this text. */
  renumber(output: string): string;
}

// Without a user and with scripts that others could write keepalived would not run them, and says so in its log only.
const account = ['global_defs {', '    script_user root', '    enable_script_security', '}'];

/** Puts the account of scripts before the lines. */
export function createLiveText(lines: readonly LiveLine[]): LiveText {
  const made = [...account.map((text) => ({ text, from: 1 })), ...lines];
  return {
    text: made.map(({ text }) => text).join('\n'),
    renumber: (output) =>
      output.replace(/\bLine (\d+)\)/g, (found, number: string) => {
        const from = made[Number(number) - 1]?.from;
        return from === undefined ? found : `Line ${from})`;
      }),
  };
}

/** Runs a job on a live text; what it throws names lines of the upload, and `inWords` may change its words further. */
export async function inLinesOfUpload<T>(
  live: LiveText,
  job: () => Promise<T>,
  inWords: (detail: string) => string = (detail) => detail,
): Promise<T> {
  try {
    return await job();
  } catch (thrown) {
    if (!isAgentError(thrown) || thrown.detail === undefined) throw thrown;
    const detail = inWords(live.renumber(thrown.detail));
    throw new AgentError(thrown.kind, thrown.message, { detail, cause: thrown });
  }
}
