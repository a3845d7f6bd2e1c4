// agent.conf while the agent runs: what of it is in force, its replacement by a controller (PUT /1.0/config) and its
// second reading (SIGHUP). Source: DESIGN "Configuration file", contract/agent-conf.md.
//
// INVARIANTS
// - A text is judged whole before a byte of it is written; a refused one changes nothing on disk or in force.
// - What is in force is either the old configuration or the new one in all that needs no restart.
// - A replacement is on disk, durably, before it takes effect: an agent killed between starts with the new one.
// - No secret and no line that could not be read gets into an error, a finding or the log.

import type { Config } from '../config/options';
import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { Problem } from '../config/problem';
import { judgeReplacement } from '../config/replacement';
import type { ConfigSources } from '../config/sources';
import { takeOver } from '../config/take-over';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { AgentError, invalidInput } from '../model/errors';
import type { Finding, FindProblems } from '../model/finding';
import { createGate } from './gate';

export interface AgentConfigDeps {
  readonly files: Files;
  readonly log: Log;
  /** Where the configuration comes from; the first file is the one that is replaced. */
  readonly sources: ConfigSources;
  /** What the agent starts with. */
  readonly started: Config;
}

export interface AgentConfigs {
  /** The file that `replace` writes; undefined when the agent was started without one. */
  readonly path: string | undefined;
  /** What is in force now. Ask again at each use: it changes. */
  current(): Config;
  /** Has `listener` called with what is in force whenever some of it has changed. */
  onChange(listener: (config: Config) => void): void;
  /** Replaces the configuration file and puts into force what needs no restart. Throws `invalid-input` with every fault of the text, `too-large`, `precondition` when other files are in the way, or what writing throws; the old one then stays. */
  replace(text: string): Promise<void>;
  /** Reads all files again and puts into force what needs no restart; what cannot be used is logged, and the old one stays. Never throws. */
  reread(): Promise<void>;
  /** What of the files is not in force. */
  readonly findings: FindProblems;
}

// Octavia's is 1 KB. What is judged at a stretch keeps everybody else waiting, some 0.1 s for as much rubbish.
const longestText = 65_536;
const mostProblems = 20;
const privateMode = 0o600;

/** Makes the holder of the configuration in force. */
export function createAgentConfigs({ files, log, sources, started }: AgentConfigDeps): AgentConfigs {
  const [path] = sources.configFiles;
  const gate = createGate<'agent.conf'>();
  const listeners: ((config: Config) => void)[] = [];
  let inForce = started;
  let waiting: readonly string[] = [];
  let unusable: readonly Problem[] = [];

  function use(wanted: Config): void {
    const taken = takeOver(inForce, wanted);
    const isNews = taken.waiting.some((option) => !waiting.includes(option));
    inForce = taken.config;
    waiting = taken.waiting;
    unusable = [];
    if (isNews) log.warning('the configuration is in force but for what needs a restart', { waiting });
    if (taken.changed.length === 0) return;
    log.info('configuration in force', { changed: taken.changed });
    for (const listener of listeners) listener(inForce);
  }

  async function replace(text: string): Promise<void> {
    if (path === undefined)
      throw new AgentError('precondition', 'The agent was started without a file to replace');
    refuseLong(text, inForce);
    const judgement = await judgeReplacement(text, path, inForce, sources, files);
    if (judgement.verdict === 'refused') throw invalidInput(refusal, describe(judgement.problems));
    if (judgement.verdict === 'blocked') {
      const detail = `not the new text is at fault: ${describe(judgement.problems)}`;
      throw new AgentError('precondition', refusal, { detail });
    }
    await files.writeAtomic(path, text, await modeOf(path));
    if (judgement.warnings.length > 0)
      log.warning('of the new configuration some has no effect', { warnings: shown(judgement.warnings) });
    log.info('configuration replaced', { path });
    use(judgement.config);
  }

  async function modeOf(file: string): Promise<number> {
    const stat = await files.stat(file);
    return stat?.kind === 'file' ? stat.mode : privateMode;
  }

  async function reread(): Promise<void> {
    const loaded = await loadConfig(sources, files);
    if (loaded.ok) {
      log.info('configuration read again');
      use(loaded.config);
    } else {
      unusable = loaded.problems;
      log.error('configuration not read again, the one before stays', { problems: shown(unusable) });
    }
  }

  return {
    path,
    current: () => inForce,
    onChange: (listener) => void listeners.push(listener),
    replace: (text) => gate.run('agent.conf', () => replace(text)),
    reread: () => gate.run('agent.conf', reread),
    findings: () => Promise.resolve([...findUnusable(unusable), ...findWaiting(waiting)]),
  };
}

const refusal = 'The configuration cannot be used';

function refuseLong(text: string, { amphorad }: Config): void {
  const limit = Math.min(amphorad.max_config_bytes, longestText);
  if (Buffer.byteLength(text) > limit)
    throw new AgentError('too-large', `The configuration is longer than ${limit} bytes`);
}

function describe(problems: readonly Problem[]): string {
  return shown(problems).join('; ');
}

function shown(problems: readonly Problem[]): readonly string[] {
  const lines = problems.slice(0, mostProblems).map(formatProblem);
  return problems.length > mostProblems ? [...lines, `${problems.length - mostProblems} more`] : lines;
}

function findUnusable(problems: readonly Problem[]): readonly Finding[] {
  if (problems.length === 0) return [];
  return [
    {
      check: 'configuration',
      severity: 'error',
      what: `The configuration on disk cannot be used: ${describe(problems)}`,
      why: 'The agent goes on with what it had read before, and would not start with this.',
      todo: 'Correct it (amphorad check shows all that is wrong) and send SIGHUP.',
    },
  ];
}

function findWaiting(waiting: readonly string[]): readonly Finding[] {
  if (waiting.length === 0) return [];
  return [
    {
      check: 'configuration',
      severity: 'warning',
      what: `Restart needed for ${waiting.join(', ')}`,
      why: 'The files say otherwise than what the agent runs with.',
      todo: 'Restart the agent; haproxy goes on meanwhile.',
    },
  ];
}
