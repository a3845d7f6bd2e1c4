// The findings of `amphorad vrrp lint`, whichever of its rules made them.

import type { Finding, Severity } from '../model/finding';

/** Makes a finding of the linter. */
export function lintFinding(
  check: string,
  severity: Severity,
  { what, why, todo }: Pick<Finding, 'what' | 'why' | 'todo'>,
): Finding {
  return { check: `vrrp-${check}`, severity, what, why, todo };
}
