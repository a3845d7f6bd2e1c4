// `amphorad status`: how everything on this amphora is, on one screen or as a document. Source: docs/cli.md.

import type { ConfigSources } from '../config/sources';
import { validators } from '../generated/validators';
import type { Clock } from '../host/clock';
import { AgentError } from '../model/errors';
import { isAmiss, type AmphoraStatus } from '../model/status';
import type { LocalAgent } from './local-agent';
import { withLocalAgent, type CommandDeps } from './local-command';
import { drawStatus } from './status-screen';

export interface StatusOptions {
  readonly sources: ConfigSources;
  readonly json: boolean;
  readonly watch: boolean;
  readonly isTerminal: boolean;
  readonly color: boolean;
}

export interface StatusDeps extends CommandDeps {
  readonly clock: Clock;
  /** Ends a watch. */
  readonly signal: AbortSignal;
}

const everyMs = 2_000;
const clearScreen = '\u001b[H\u001b[2J';

/** Prints it once, or again and again until the signal. Exit status 0: all well; 1: something is wrong; 3: no agent. */
export function runStatus(options: StatusOptions, deps: StatusDeps): Promise<number> {
  const showOnce = (): Promise<number> =>
    withLocalAgent(options.sources, deps, async (agent) => {
      const status = await readStatus(agent);
      deps.print(shown(status, options));
      return isAmiss(status) ? 1 : 0;
    });
  return options.watch ? watch(deps, showOnce) : showOnce();
}

async function watch({ clock, signal }: StatusDeps, showOnce: () => Promise<number>): Promise<number> {
  let last = 0;
  while (!signal.aborted) {
    last = await showOnce();
    // A configuration that is wrong does not mend itself.
    if (last === 78) break;
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
  return last;
}

/** Asks for the document and holds it against its schema. Throws `unavailable` while the agent starts. */
export async function readStatus(agent: LocalAgent): Promise<AmphoraStatus> {
  const { status, json, text } = await agent.ask({ method: 'GET', path: '/status' });
  if (status !== 200) throw refusal(status, json, text);
  if (!validators['amphora-status'](json)) {
    const faults = (validators['amphora-status'].errors ?? []).map(
      ({ instancePath, message = '' }) => `${instancePath} ${message}`,
    );
    throw new AgentError(
      'version-mismatch',
      'The agent that runs tells its status in another form: restart it, haproxy stays',
      {
        detail: faults.slice(0, 3).join('; '),
      },
    );
  }
  return json as AmphoraStatus;
}

function refusal(status: number, json: unknown, text: string): AgentError {
  const { message, details } = (typeof json === 'object' && json !== null ? json : {}) as Readonly<
    Record<string, unknown>
  >;
  const isTold = typeof message === 'string';
  const detail = isTold ? details : text.slice(0, 200);
  return new AgentError(
    status === 503 ? 'unavailable' : 'internal',
    isTold ? message : `The agent answers ${status}`,
    typeof detail === 'string' ? { detail } : {},
  );
}

function shown(status: AmphoraStatus, { json, watch: again, isTerminal, color }: StatusOptions): string {
  // A line each where a program reads along.
  if (json || (again && !isTerminal)) return `${JSON.stringify(status, undefined, again ? undefined : 2)}\n`;
  const screen = drawStatus(status, { color });
  return again ? `${clearScreen}${screen}` : screen;
}
