// Whether an agent runs, which one, and what it says of itself: GET /report on `<base>/agent.sock`. One of before HTTP
// tells the same to whoever connects. Source: DESIGN "On disk".

import { join } from 'node:path';
import type { Config } from '../../config/options';
import { version } from '../../generated/version';
import { isAgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { found, type AgentReport, type Check, type DoctorHost } from './check';

// Longer than the agent gives its own parts to answer.
const askMs = 10_000;

/** Asks the agent of a configuration; undefined when none answers, or none that this version understands. */
export async function askAgent(
  { haproxy_amphora }: Config,
  { localHttp, localServers }: Pick<DoctorHost, 'localHttp' | 'localServers'>,
): Promise<AgentReport | undefined> {
  const path = socketOf(haproxy_amphora.base_path);
  try {
    const { text } = await localHttp.request(path, { method: 'GET', path: '/report', timeoutMs: askMs });
    return readReport(text);
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    if (thrown.kind !== 'version-mismatch') return undefined;
    const report = readReport((await localServers.ask(path, askMs)) ?? '');
    return report && { ...report, isOld: true };
  }
}

/** Reads what an agent said; undefined when it is no report. */
export function readReport(text: string): AgentReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, version: said, stage, step, findings } = value as Readonly<Record<string, unknown>>;
  if (typeof pid !== 'number') return undefined;
  return {
    pid,
    version: typeof said === 'string' ? said : '',
    ...(stage === 'starting' && typeof step === 'string' ? { step } : {}),
    findings: Array.isArray(findings) ? findings.filter(isFinding) : [],
  };
}

export const agentChecks: readonly Check[] = [
  {
    name: 'agent',
    look: ({ agent, config }) => Promise.resolve(agent === undefined ? [noAgent(config)] : ofThis(agent)),
  },
  {
    name: 'reaper',
    look: ({ agent }) => Promise.resolve(agent?.pid === 1 ? [noReaper] : []),
  },
  { name: 'agent-findings', look: ({ agent }) => Promise.resolve(agent?.findings ?? []) },
];

function noAgent({ haproxy_amphora }: Config): Finding {
  return found('agent', 'error', {
    what: `No agent answers on ${socketOf(haproxy_amphora.base_path)}`,
    why: 'haproxies that run go on, but nothing can be changed, and what dies stays dead.',
    todo: 'Start it: amphorad --config-file FILE, or by its unit. If it runs, ask as its user or as root.',
  });
}

function ofThis({ pid, version: running, isOld, step }: AgentReport): readonly Finding[] {
  if (isOld === true || running !== version) return [ofAnother(pid, running)];
  if (step === undefined) return [];
  return [
    found('agent', 'warning', {
      what: `The agent (pid ${pid}) still starts: ${step}`,
      why: 'Nobody can change anything until it is ready.',
      todo: 'Ask again; if it stays so, see its log.',
    }),
  ];
}

function ofAnother(pid: number, running: string): Finding {
  return found('agent', 'warning', {
    what: `The agent that runs (pid ${pid}) is version ${running}, this program is ${version}`,
    why: 'What was upgraded on disk is not what serves.',
    todo: 'Restart the agent: haproxy stays.',
  });
}

const noReaper = found('reaper', 'error', {
  what: 'The agent is process 1 of its container',
  why: 'Processes whose parent has gone become its children, and it collects none but its own: zombies pile up.',
  todo: 'Start it under a small reaper: docker run --init, or tini as the entry point.',
});

function socketOf(basePath: string): string {
  return join(basePath, 'agent.sock');
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { check, severity, what, why, todo } = value as Readonly<Record<string, unknown>>;
  const isText = [check, what, why, todo].every((each) => typeof each === 'string');
  return isText && (severity === 'error' || severity === 'warning');
}
