// What a running agent tells of itself to commands on its machine.

import type { Finding } from './finding';

/** `starting`: it has the base_path, and is not ready for calls. */
export type AgentStage = 'starting' | 'running' | 'stopping';

export interface AgentReport {
  readonly pid: number;
  readonly version: string;
  readonly amphoraId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly stage: AgentStage;
  /** What it is at while it starts. */
  readonly step?: string;
  readonly findings: readonly Finding[];
}
