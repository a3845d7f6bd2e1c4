// `amphorad doctor`: is this amphora well, with a running agent or without. It changes nothing unless asked to (--fix).
// Each trouble says what it is, why it matters and what to do. Source: docs/doctor.md.

import { loadConfig } from '../config/load';
import type { Config } from '../config/options';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { AgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';
import { harmless } from './columns';
import { agentChecks, askAgent } from './doctor/agent';
import { certificateChecks } from './doctor/certificates';
import { found, type Check, type DoctorHost, type Patient } from './doctor/check';
import { clockChecks } from './doctor/clock';
import { directoryChecks } from './doctor/directories';
import { kernelChecks } from './doctor/kernel';
import { leftoverChecks } from './doctor/leftovers';
import { machineChecks } from './doctor/machine';
import { networkChecks } from './doctor/network';
import { pairChecks } from './doctor/pair';
import { privilegeChecks } from './doctor/privileges';
import { processChecks } from './doctor/processes';
import { programChecks } from './doctor/programs';
import { templateChecks } from './doctor/templates';
import { vrrpChecks } from './doctor/vrrp';

export interface DoctorOptions {
  readonly sources: ConfigSources;
  readonly json: boolean;
  /** Puts right what is safe first. */
  readonly fix?: boolean;
}

/** What to print, and the exit status. */
export interface Diagnosis {
  readonly text: string;
  readonly status: number;
}

interface Outcome {
  readonly check: string;
  readonly findings: readonly Finding[];
  /** What was put right. */
  readonly fixed?: readonly string[];
  readonly remark?: string;
}

const checks: readonly Check[] = [
  ...agentChecks,
  ...machineChecks,
  ...programChecks,
  ...kernelChecks,
  ...privilegeChecks,
  ...clockChecks,
  ...directoryChecks,
  ...templateChecks,
  ...leftoverChecks,
  ...processChecks,
  ...certificateChecks,
  ...pairChecks,
  ...vrrpChecks,
  ...networkChecks,
];

/** Runs every check. Status 0: all well; 1: errors; 2: only warnings; 78: the configuration is wrong, which ends it. */
export async function runDoctor(
  { sources, json, fix = false }: DoctorOptions,
  host: DoctorHost,
): Promise<Diagnosis> {
  const loaded = await loadConfig(sources, host.files);
  const lines = [...(loaded.ok ? [] : loaded.problems), ...loaded.warnings].map(formatProblem);
  const failed = loaded.ok ? 0 : loaded.problems.length;
  const configuration = {
    check: 'configuration',
    findings: lines.map((line, index) => wrongConfiguration(line, index < failed)),
  };
  const outcomes = loaded.ok
    ? [configuration, ...(await lookAll(loaded.config, host, fix))]
    : [configuration];
  const text = json ? `${JSON.stringify(summaryOf(outcomes), undefined, 2)}\n` : render(outcomes);
  return { text, status: loaded.ok ? statusOf(outcomes) : 78 };
}

async function lookAll(config: Config, host: DoctorHost, fix: boolean): Promise<readonly Outcome[]> {
  const patient: Patient = { config, host, agent: await askAgent(config, host) };
  const outcomes: Outcome[] = [];
  for (const { name, look, mend, remark } of checks) {
    const mended = fix && mend !== undefined ? await mendSafely(name, () => mend(patient)) : nothingMended;
    const findings = await safely(name, () => look(patient));
    const aside = findings.length === 0 ? await remark?.(patient) : undefined;
    outcomes.push({
      check: name,
      findings: [...mended.failed, ...findings],
      ...(mended.fixed.length === 0 ? {} : { fixed: mended.fixed }),
      ...(aside === undefined ? {} : { remark: aside }),
    });
  }
  return outcomes;
}

interface Mended {
  readonly fixed: readonly string[];
  readonly failed: readonly Finding[];
}

const nothingMended: Mended = { fixed: [], failed: [] };

/** What cannot be put right is a finding; the rest goes on. */
async function mendSafely(name: string, mend: () => Promise<readonly string[]>): Promise<Mended> {
  try {
    return { fixed: await mend(), failed: [] };
  } catch (thrown) {
    const detail = thrown instanceof AgentError && thrown.detail !== undefined ? `: ${thrown.detail}` : '';
    const failed = found(name, 'warning', {
      what: `This could not be put right: ${messageOf(thrown)}${detail}`,
      why: 'It stays as it is.',
      todo: 'Run amphorad doctor --fix as root.',
    });
    return { fixed: [], failed: [failed] };
  }
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
  const blocks = outcomes.map(({ check, findings, fixed = [], remark }) =>
    [
      ...fixed.map((done) => harmless(`fixed    ${check}: ${done}`)),
      ...(findings.length === 0
        ? [`ok       ${check}${remark === undefined ? '' : ` (${remark})`}`]
        : findings.map(renderFinding)),
    ].join('\n'),
  );
  const errors = countOf(outcomes, 'error');
  const warnings = countOf(outcomes, 'warning');
  const fixed = outcomes.reduce((sum, each) => sum + (each.fixed?.length ?? 0), 0);
  const done = fixed === 0 ? '' : `, ${fixed} fixed`;
  return `${blocks.join('\n')}\n\n${errors} errors, ${warnings} warnings, ${outcomes.length} checks${done}\n`;
}

function renderFinding({ check, severity, what, why, todo }: Finding): string {
  const lines = [`${severity.padEnd(8)} ${check}: ${what}`, `         why: ${why}`, `         do:  ${todo}`];
  return lines.map(harmless).join('\n');
}
