// Who follows the configuration while the agent runs, beside those who ask for its current values themselves.

import type { AgentConfigs } from '../core/agent-config';
import type { Findings } from '../core/findings';
import type { Access } from './wire-access';

/** Has the lists of client names follow what is in force, from now on, and tells what is not. */
export function followConfig(
  configs: AgentConfigs,
  access: Pick<Access, 'useNames'>,
  findings: Pick<Findings, 'add'>,
): void {
  findings.add('configuration', configs.findings);
  configs.onChange(({ amphorad }) => access.useNames(amphorad));
  // It may have been read again while the agent was being built.
  access.useNames(configs.current().amphorad);
}
