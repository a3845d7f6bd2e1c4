// One check of `amphorad doctor`: a name, and what it finds. What it looks at belongs to its own file.

import type { Config } from '../../config/options';
import type { Clock } from '../../host/clock';
import type { Files } from '../../host/files';
import type { LocalHttp } from '../../host/local-http';
import type { ProcessRunner } from '../../host/process';
import type { LocalServers } from '../../host/sockets';
import type { System } from '../../host/system';
import { isAgentError } from '../../model/errors';
import type { Finding, Severity } from '../../model/finding';
import type { ReadTemplates } from '../../model/template';

export interface DoctorHost {
  readonly files: Files;
  readonly runner: ProcessRunner;
  readonly system: System;
  readonly clock: Clock;
  readonly localServers: LocalServers;
  readonly localHttp: LocalHttp;
  readonly readTemplates: ReadTemplates;
}

/** What every check may look at. */
export interface Patient {
  readonly config: Config;
  readonly host: DoctorHost;
  /** What the running agent said; undefined when none answers. */
  readonly agent: AgentReport | undefined;
}

/** What an agent tells of itself. */
export interface AgentReport {
  readonly pid: number;
  readonly version: string;
  /** Why it is not to be reckoned with yet: what it is at while it starts. */
  readonly step?: string;
  /** One of before HTTP: what it says is all that is known. */
  readonly isOld?: boolean;
  readonly findings: readonly Finding[];
}

export interface Check {
  readonly name: string;
  readonly look: (patient: Patient) => Promise<readonly Finding[]>;
  /** Puts right what is safe to put right, and tells each thing that it did; asked again it does nothing. Never touches what runs. */
  readonly mend?: (patient: Patient) => Promise<readonly string[]>;
  /** What its `ok` does not mean. */
  readonly remark?: (patient: Patient) => Promise<string | undefined>;
}

/** Makes a finding of a check. */
export function found(
  check: string,
  severity: Severity,
  { what, why, todo }: Pick<Finding, 'what' | 'why' | 'todo'>,
): Finding {
  return { check, severity, what, why, todo };
}

const askMs = 5_000;

/** What a program prints, trimmed; undefined when it is not there, fails, or takes longer than 5 s. */
export async function printedBy({ host }: Patient, argv: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout } = await host.runner.run(argv, { timeoutMs: askMs });
    return code === 0 ? stdout.trim() : undefined;
  } catch (thrown) {
    if (isAgentError(thrown)) return undefined;
    throw thrown;
  }
}
