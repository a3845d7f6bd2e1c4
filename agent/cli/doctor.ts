// `amphorad doctor`: is this amphora well, with a running agent or without. It changes nothing. Each trouble says
// what it is, why it matters and what to do. Source: docs/doctor.md.

import { loadConfig } from '../config/load';
import type { Config } from '../config/options';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import { agentChecks, askAgent } from './doctor/agent';
import { certificateChecks } from './doctor/certificates';
import { found, type Check, type DoctorHost, type Patient } from './doctor/check';
import { directoryChecks } from './doctor/directories';
import { machineChecks } from './doctor/machine';
import { networkChecks } from './doctor/network';
import { pairChecks } from './doctor/pair';
import { vrrpChecks } from './doctor/vrrp';

export interface DoctorOptions {
  readonly sources: ConfigSources;
  readonly json: boolean;
}

/** What to print, and the exit status. */
export interface Diagnosis {
  readonly text: string;
  readonly status: number;
}

interface Outcome {
  readonly check: string;
  readonly findings: readonly Finding[];
}

const checks: readonly Check[] = [
  ...agentChecks,
  ...machineChecks,
  ...directoryChecks,
  ...certificateChecks,
  ...pairChecks,
  ...vrrpChecks,
  ...networkChecks,
];

/** Runs every check. Status 0: all well; 1: errors; 2: only warnings; 78: the configuration is wrong, which ends it. */
export async function runDoctor({ sources, json }: DoctorOptions, host: DoctorHost): Promise<Diagnosis> {
  const loaded = await loadConfig(sources, host.files);
  const lines = [...(loaded.ok ? [] : loaded.problems), ...loaded.warnings].map(formatProblem);
  const failed = loaded.ok ? 0 : loaded.problems.length;
  const configuration = {
    check: 'configuration',
    findings: lines.map((line, index) => wrongConfiguration(line, index < failed)),
  };
  const outcomes = loaded.ok ? [configuration, ...(await lookAll(loaded.config, host))] : [configuration];
  const text = json ? `${JSON.stringify(summaryOf(outcomes), undefined, 2)}\n` : render(outcomes);
  return { text, status: loaded.ok ? statusOf(outcomes) : 78 };
}

async function lookAll(config: Config, host: DoctorHost): Promise<readonly Outcome[]> {
  const patient: Patient = { config, host, agent: await askAgent(config, host.localServers) };
  const outcomes: Outcome[] = [];
  for (const { name, look } of checks)
    outcomes.push({ check: name, findings: await safely(name, () => look(patient)) });
  return outcomes;
}

/** A check that cannot look is a finding: the others still say what they see. */
async function safely(name: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (thrown) {
    return [
      found(name, 'warning', {
        what: `This could not be looked at: ${messageOf(thrown)}`,
        why: 'What is wrong there would not be shown.',
        todo: 'Run the doctor as the agent’s user or as root.',
      }),
    ];
  }
}

function wrongConfiguration(line: string, isError: boolean): Finding {
  return found('configuration', isError ? 'error' : 'warning', {
    what: line,
    why: isError
      ? 'The agent does not start with it.'
      : 'What is written there has no effect, or not the one meant.',
    todo: 'Correct the line; docs/configuration.md lists every option.',
  });
}

function countOf(outcomes: readonly Outcome[], severity: Finding['severity']): number {
  return outcomes.flatMap(({ findings }) => findings).filter((each) => each.severity === severity).length;
}

function statusOf(outcomes: readonly Outcome[]): number {
  if (countOf(outcomes, 'error') > 0) return 1;
  return countOf(outcomes, 'warning') > 0 ? 2 : 0;
}

function summaryOf(outcomes: readonly Outcome[]): object {
  const errors = countOf(outcomes, 'error');
  const warnings = countOf(outcomes, 'warning');
  return { ok: errors + warnings === 0, errors, warnings, checks: outcomes };
}

function render(outcomes: readonly Outcome[]): string {
  const blocks = outcomes.map(({ check, findings }) =>
    findings.length === 0 ? `ok       ${check}` : findings.map(renderFinding).join('\n'),
  );
  const errors = countOf(outcomes, 'error');
  const warnings = countOf(outcomes, 'warning');
  return `${blocks.join('\n')}\n\n${errors} errors, ${warnings} warnings, ${outcomes.length} checks\n`;
}

function renderFinding({ check, severity, what, why, todo }: Finding): string {
  return `${severity.padEnd(8)} ${check}: ${what}\n         why: ${why}\n         do:  ${todo}`;
}
