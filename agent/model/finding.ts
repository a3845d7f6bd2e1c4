// Something about this amphora that an operator should know, in the words that doctor, status and the log share:
// what it is, why it matters, what to do. Whoever knows of such things offers them as a list; none is kept.

export type Severity = 'warning' | 'error';

export interface Finding {
  /** Which check found it: lower case, hyphens; the same word in every output. */
  readonly check: string;
  readonly severity: Severity;
  /** What was found, one sentence, with the figures and names. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly todo: string;
}

/** What one part of the agent finds now; empty when all is well. Never throws for what it looks at. */
export type FindProblems = () => Promise<readonly Finding[]>;
