// The daemon: configuration, log, agent, signals, until it is told to end.

import type { Config } from '../config/options';
import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { createAgentConfigs, type AgentConfigs } from '../core/agent-config';
import { version } from '../generated/version';
import type { LogLevel } from '../host/log';
import { createWinstonLog, type WinstonLog } from '../host/node/winston-log';
import { AgentError, messageOf } from '../model/errors';
import { exitStatusOf, startAgent, type Agent } from './agent';
import { keepTrying } from './keep-trying';
import { notifySystemd, readyLine, type Ready } from './ready';
import { watchSignals, type SignalActions, type Signals } from './signals';
import { informSystemd } from './watchdog';
import type { FakeMachine } from './wire-fake-haproxy';
import type { AgentHost, Environment, HostWithLog } from './wire-host';

export interface ServeOptions {
  readonly sources: ConfigSources;
  readonly stopChildren: boolean;
  readonly readyJson: boolean;
  /** While files are missing or wrong, wait for them instead of ending with 78. */
  readonly keepTrying?: boolean;
  /** Called once the agent answers, before anyone else is told; what it gives is told beside the rest. */
  readonly onReady?: (ready: Ready) => Promise<object>;
  /** Undefined: the real haproxy. */
  readonly fake?: FakeMachine | undefined;
}

export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** How a daemon ended. */
export interface Ending {
  readonly status: number;
  /** Why it could not start. */
  readonly why?: string;
}

/** What of the process a running agent uses; it comes and goes with the agent. */
interface Life {
  readonly signals: Signals;
  actions: SignalActions | undefined;
}

/** Runs the daemon to its end and resolves with the exit status: 0, 1, or 78 when the configuration is at fault. */
export async function serve(
  options: ServeOptions,
  host: AgentHost,
  env: Environment,
  output: Output,
): Promise<number> {
  const life: Life = {
    // From here on: a signal that comes while the agent starts must neither kill it half-way nor be lost.
    signals: watchSignals({
      hangup: () => life.actions?.hangup() ?? Promise.resolve(),
      reopenLogs: () => life.actions?.reopenLogs(),
    }),
    actions: undefined,
  };
  const { sources, onReady } = options;
  if (options.keepTrying !== true) return (await serveOnce(options, life, host, env, output)).status;
  const attempt = (isUp: () => Promise<void>): Promise<Ending> => {
    const handOver = async (ready: Ready): Promise<object> => {
      await isUp();
      return (await onReady?.(ready)) ?? {};
    };
    return serveOnce({ ...options, onReady: handOver }, life, host, env, output);
  };
  return keepTrying({ sources, host, env, output, ended: life.signals.signal, attempt });
}

async function serveOnce(
  options: ServeOptions,
  life: Life,
  host: AgentHost,
  env: Environment,
  output: Output,
): Promise<Ending> {
  const loaded = await loadConfig(options.sources, host.files);
  for (const warning of loaded.warnings) output.err(`warning: ${formatProblem(warning)}\n`);
  if (!loaded.ok) {
    for (const problem of loaded.problems) output.err(`error: ${formatProblem(problem)}\n`);
    return { status: 78, why: loaded.problems.map(formatProblem)[0] ?? '' };
  }
  const { config } = loaded;
  const log = createLog(config, env);
  try {
    return await run(config, options, life, { ...host, log }, log, env, output);
  } finally {
    await log.close();
  }
}

async function run(
  config: Config,
  options: ServeOptions,
  life: Life,
  host: HostWithLog & AgentHost,
  log: WinstonLog,
  env: Environment,
  output: Output,
): Promise<Ending> {
  log.info('starting', { version, amphoraId: config.amphora_agent.amphora_id, pid: host.system.processId() });
  const configs = createAgentConfigs({ files: host.files, log, sources: options.sources, started: config });
  configs.onChange((inForce) => log.setLevel(levelOf(inForce)));
  const running: { agent?: Agent } = {};
  life.actions = { hangup: () => rereadAll(running.agent, log, configs), reopenLogs: () => log.reopen() };
  try {
    const { fake, stopChildren } = options;
    if (fake !== undefined) log.warning('haproxy is a fake in this process: nothing is balanced');
    const furtherDialects = fake && { furtherDialects: fake.furtherDialects };
    running.agent = await startAgent(fake?.settle(config) ?? config, host, {
      stopChildren,
      configs,
      ...furtherDialects,
    });
  } catch (thrown) {
    const detail = thrown instanceof AgentError ? thrown.detail : undefined;
    log.error('the agent cannot start', { error: messageOf(thrown), detail });
    life.actions = undefined;
    const why = `${messageOf(thrown)}${detail === undefined ? '' : `: ${detail}`}`;
    return { status: exitStatusOf(thrown), why };
  }
  await announce(running.agent, config, options, host, env, output);
  if (config.DEFAULT.debug) void reportInventory(host);

  const { ended, signal } = life.signals;
  const { agent } = running;
  informSystemd(host, env, signal, () => agent.pulse());
  const reason = await ended;
  log.info('stopping', { signal: reason });
  await agent.stop();
  log.info('stopped');
  return { status: 0 };
}

function createLog(config: Config, env: Environment): WinstonLog {
  return createWinstonLog({
    level: levelOf(config),
    format: config.amphorad.log_format,
    syslog: config.DEFAULT.use_syslog,
    facility: config.DEFAULT.syslog_log_facility,
    environment: env,
  });
}

async function announce(
  { address, port, metrics }: Agent,
  config: Config,
  options: ServeOptions,
  host: HostWithLog,
  env: Environment,
  output: Output,
): Promise<void> {
  host.log.info('listening', { address, port });
  const { amphora_id, agent_server_ca: ca } = config.amphora_agent;
  const ready: Ready = {
    pid: host.system.processId(),
    address,
    port,
    ca,
    amphora_id,
    ...(metrics === undefined ? {} : { metrics }),
  };
  const more = await options.onReady?.(ready);
  await notifySystemd(host, env);
  if (options.readyJson) output.out(readyLine({ ...ready, ...more }));
}

/** SIGHUP: the certificates, and of the configuration what takes effect without a restart. */
async function rereadAll(agent: Agent | undefined, log: WinstonLog, configs: AgentConfigs): Promise<void> {
  try {
    await agent?.rereadCertificates();
  } catch (thrown) {
    log.error('server certificate not read again, the one before stays', { error: messageOf(thrown) });
  }
  await configs.reread();
}

function levelOf(config: Config): LogLevel {
  return config.DEFAULT.debug ? 'debug' : config.amphorad.log_level;
}

async function reportInventory({ system, log }: HostWithLog): Promise<void> {
  try {
    log.debug('this machine', { ...(await system.inventory()) });
  } catch (thrown) {
    log.warning('no inventory of this machine', { error: messageOf(thrown) });
  }
}
