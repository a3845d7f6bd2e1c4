// What the configuration policy is asked with and what it answers. Source: DESIGN "Configuration policy".

import { AgentError } from '../../model/errors';
import type { LoadBalancerId } from '../../model/ids';

/** `octavia`: default-deny. `permissive`: refuses only what would take haproxy out of the agent's hands. */
export type PolicyMode = 'octavia' | 'permissive';

/** The load balancer whose configuration is judged, and the few places outside its own that it may name. */
export interface PolicyContext {
  readonly mode: PolicyMode;
  readonly basePath: string;
  readonly certDir: string;
  /** Where the admin and master sockets lie when that is not below `basePath`. */
  readonly runtimeDir?: string;
  readonly id: LoadBalancerId;
  /** The one socket that `stats socket` may make. */
  readonly statsSocket: string;
  /** Log sockets of the distribution, e.g. /dev/log. */
  readonly logSockets: readonly string[];
  /** CA bundles of the distribution, e.g. /etc/ssl/certs/ca-certificates.crt. */
  readonly caBundles: readonly string[];
  /** The PING monitor's programs that the agent supplies. */
  readonly pingHelpers: readonly string[];
}

/** One thing that the policy refuses; `word` is quoted for an error message and bounded. */
export interface PolicyFault {
  /** Counted from 1. */
  readonly line: number;
  readonly word: string;
  readonly reason: string;
}

// An answer that lists a thousand lines helps nobody.
const mostShown = 50;

/** Makes the one `config-rejected` error of a refused configuration; its detail has a line for each fault, 50 at most. */
export function policyRefusal(faults: readonly PolicyFault[]): AgentError {
  const shown = faults
    .slice(0, mostShown)
    .map(({ line, word, reason }) => `line ${line}: ${word}: ${reason}`);
  const left = faults.length - shown.length;
  if (left > 0) shown.push(`and ${left} more`);
  return new AgentError('config-rejected', 'The configuration policy refuses the configuration', {
    detail: shown.join('\n'),
  });
}

/** Throws `config-rejected` when there is any fault. */
export function refusePolicyFaults(faults: readonly PolicyFault[]): void {
  if (faults.length > 0) throw policyRefusal(faults);
}
