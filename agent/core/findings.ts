// What every part of the agent finds about this amphora, as one list: bounded, with a deadline, and whoever fails to
// look is a finding itself.

import type { Clock } from '../host/clock';
import { AgentError, messageOf } from '../model/errors';
import type { Finding, FindProblems } from '../model/finding';

export interface FindingsDeps {
  readonly clock: Clock;
  /** By the name under which a part is shown when it cannot look. */
  readonly sources: Readonly<Record<string, FindProblems>>;
}

export interface Findings {
  /** The list of all sources, errors first. It never throws. */
  readonly all: FindProblems;
  /** Adds a part that came into being later. */
  add(name: string, find: FindProblems): void;
}

const deadlineMs = 5_000;
const mostFindings = 500;
const longestText = 2_000;

/** Makes the list of all sources. */
export function createFindings({ clock, sources }: FindingsDeps): Findings {
  const parts = new Map(Object.entries(sources));
  const look = async (name: string, find: FindProblems): Promise<readonly Finding[]> => {
    const aborter = new AbortController();
    const late = clock.sleep(deadlineMs, aborter.signal).then(() => {
      throw new AgentError('timeout', `it takes longer than ${deadlineMs / 1_000} s`);
    });
    try {
      return await Promise.race([find(), late]);
    } catch (thrown) {
      return [blind(name, thrown)];
    } finally {
      // The wait that lost must not be an unhandled rejection.
      late.catch(() => undefined);
      aborter.abort();
    }
  };

  const all = async (): Promise<readonly Finding[]> => {
    const found = await Promise.all([...parts].map(([name, find]) => look(name, find)));
    const every = found.flat();
    const errors = every.filter(({ severity }) => severity === 'error');
    const sorted = [...errors, ...every.filter(({ severity }) => severity !== 'error')].map(bounded);
    return sorted.length <= mostFindings
      ? sorted
      : [...sorted.slice(0, mostFindings), surplus(sorted.length - mostFindings)];
  };
  return { all, add: (name, find) => void parts.set(name, find) };
}

function blind(name: string, thrown: unknown): Finding {
  const detail = thrown instanceof AgentError && thrown.detail !== undefined ? ` (${thrown.detail})` : '';
  return {
    check: name,
    severity: 'warning',
    what: `The agent cannot look at this: ${messageOf(thrown)}${detail}`,
    why: 'What is wrong there would not be shown.',
    todo: 'See the log of the agent; when it goes on, restart the agent: haproxy stays.',
  };
}

function surplus(count: number): Finding {
  return {
    check: 'findings',
    severity: 'warning',
    what: `${count} more findings are not shown`,
    why: `At most ${mostFindings} are.`,
    todo: 'Deal with those that are shown.',
  };
}

function bounded(finding: Finding): Finding {
  const cut = (text: string): string =>
    text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
  return { ...finding, what: cut(finding.what), why: cut(finding.why), todo: cut(finding.todo) };
}
