// The one domain error and its closed set of kinds. Surfaces map kinds to their dialect's status
// and body; nothing below floor 4 knows an HTTP number. Source: docs/errors.md.

import type { RuntimeFault } from './runtime-fault';

export const errorKinds = [
  'not-found',
  'already-exists',
  'invalid-input',
  'too-large',
  'conflict',
  'version-mismatch',
  'config-rejected',
  'reload-failed',
  'precondition',
  'unauthorized',
  'forbidden',
  'unsupported',
  'unavailable',
  'no-space',
  'timeout',
  'internal',
] as const;

export type ErrorKind = (typeof errorKinds)[number];

/** A failure with a meaning. `message` is for the caller; `detail` carries what a tool printed or which field failed. */
export class AgentError extends Error {
  readonly kind: ErrorKind;
  readonly detail: string | undefined;
  /** What a `not-found` or `already-exists` is about, so that a dialect can say it in its own words. */
  readonly subject: Subject | undefined;
  /** What exactly went wrong with haproxy's runtime socket, for the dialect that tells it. */
  readonly fault: RuntimeFault | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options: { detail?: string; cause?: unknown; subject?: Subject; fault?: RuntimeFault } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.kind = kind;
    this.detail = options.detail;
    this.subject = options.subject;
    this.fault = options.fault;
  }
}

/** The thing that an error is about: its kind in the field's words, and its name. */
export interface Subject {
  readonly what: 'load balancer' | 'UDP listener' | 'certificate' | 'interface' | 'network interface';
  readonly id: string;
}

/** Tells whether something thrown is an `AgentError`, of one kind when given. */
export function isAgentError(thrown: unknown, kind?: ErrorKind): thrown is AgentError {
  return thrown instanceof AgentError && (kind === undefined || thrown.kind === kind);
}

/** Something named does not exist, e.g. `notFound('load balancer', id)`. */
export function notFound(what: Subject['what'], id: string): AgentError {
  return new AgentError('not-found', `${what} not found: ${id}`, { subject: { what, id } });
}

/** The caller sent something malformed; `detail` names the field and what was expected. */
export function invalidInput(message: string, detail?: string): AgentError {
  return new AgentError('invalid-input', message, detail === undefined ? {} : { detail });
}

/** A wanted thing that this build, kernel or machine cannot do. */
export function unsupported(what: string): AgentError {
  return new AgentError('unsupported', `${what} is not supported`);
}

/** An invariant of ours broke, or something unforeseen was thrown. The cause is logged, never sent. */
export function internal(message: string, cause?: unknown): AgentError {
  return new AgentError('internal', message, { cause });
}

/** The readable message of anything thrown; by shape, because errors of another realm are no `instanceof Error`. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
