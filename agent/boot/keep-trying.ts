// An agent that refuses to start over files, and waits until they are right: what it is that it refuses stands in the
// journal, on the console and in the status of its unit, and the machine's boot goes on. For machines whose files may
// come late, or be mended by nobody but their controller. What no file can mend ends the agent as ever.
//
// INVARIANTS:
// - a reason is told once, until it changes;
// - nothing of the machine is touched while a file is wrong: the whole of them is tried first.

import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import type { ConfigSources } from '../config/sources';
import { isAgentError } from '../model/errors';
import { logTo } from './command-log';
import { tryMaterial } from './material';
import { tellSystemd } from './ready';
import type { Ending, Output } from './serve';
import { loadTemplates, requireUsable } from './templates';
import type { AgentHost, Environment } from './wire-host';
import { informSystemd } from './watchdog';

export interface TryingDeps {
  readonly sources: ConfigSources;
  readonly host: AgentHost;
  readonly env: Environment;
  readonly output: Output;
  /** Aborted when the agent is asked to end. */
  readonly ended: AbortSignal;
  /** Runs an agent to its end; calls `isUp` when it answers, and tells systemd of itself from then on. */
  readonly attempt: (isUp: () => Promise<void>) => Promise<Ending>;
}

interface Look {
  readonly problems: readonly string[];
  /** Changes with what is in force. */
  readonly stamp: string;
}

const lookMs = 1_000;
/** What the files do not show may have changed by then. */
const longestWaitMs = 30_000;
const configurationError = 78;

/** Runs the agent, as often as files keep it from starting. Resolves with the exit status: 0 when it was asked to end. */
export async function keepTrying(deps: TryingDeps): Promise<number> {
  const refuse = createRefusal(deps);
  for (;;) {
    const before = await untilRight(deps, refuse);
    if (isOver(deps)) return 0;
    await refuse.over();
    const { status, why } = await deps.attempt(() => refuse.handOver());
    if (isOver(deps)) return 0;
    if (status !== configurationError) {
      refuse.end();
      return status;
    }
    await refuse.tell([why ?? 'it cannot start'], false);
    await untilDifferent(deps, before);
  }
}

/** Waits until every file is right; gives their stamp. */
async function untilRight(deps: TryingDeps, refuse: Refusal): Promise<string> {
  for (;;) {
    const { problems, stamp } = await look(deps);
    if (problems.length === 0 || isOver(deps)) return stamp;
    await refuse.tell(problems, true);
    await pause(deps);
  }
}

async function untilDifferent(deps: TryingDeps, before: string): Promise<void> {
  const { clock } = deps.host;
  const deadline = clock.monotonic() + longestWaitMs;
  while (!isOver(deps) && clock.monotonic() < deadline) {
    await pause(deps);
    if ((await look(deps)).stamp !== before) return;
  }
}

function isOver({ ended }: TryingDeps): boolean {
  return ended.aborted;
}

async function pause({ host, ended }: TryingDeps): Promise<void> {
  await host.clock.sleep(lookMs, ended).catch(() => undefined);
}

async function look({ sources, host }: TryingDeps): Promise<Look> {
  const loaded = await loadConfig(sources, host.files);
  if (!loaded.ok) {
    const problems = loaded.problems.map(formatProblem);
    return { problems, stamp: problems.join('\n') };
  }
  const stamp = JSON.stringify(loaded.config);
  try {
    await tryMaterial(loaded.config, host);
    requireUsable(await loadTemplates(loaded.config.amphorad.template_dir, host.files));
    return { problems: [], stamp };
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    const detail = thrown.detail === undefined ? '' : `: ${thrown.detail}`;
    return { problems: [`${thrown.message}${detail}`], stamp: `${thrown.message}${detail}` };
  }
}

interface Refusal {
  /** Says why, unless it has just been said; `isNews` false: not on standard error, which has it already. */
  tell(problems: readonly string[], isNews: boolean): Promise<void>;
  /** Says that the files are right, if they were not. Systemd hears on: it was told that this service is up. */
  over(): Promise<void>;
  /** Leaves to the agent what systemd hears. */
  handOver(): Promise<void>;
  /** Tells nobody any more. */
  end(): void;
}

function createRefusal({ host, env, output, ended }: TryingDeps): Refusal {
  const teller = { ...host, log: logTo(output) };
  let told: string | undefined;
  let isOfFiles = false;
  let informing = new AbortController();
  ended.addEventListener('abort', () => informing.abort());

  function inform(status: string): void {
    informing.abort();
    informing = new AbortController();
    informSystemd(teller, env, informing.signal, () => Promise.resolve({ isWell: true, status }));
  }

  return {
    async tell(problems, isNews) {
      const why = problems.join('\n');
      if (why === told) return;
      if (isNews) for (const problem of problems) output.err(`error: ${problem}\n`);
      const status = `refusing: ${oneLine(problems)}`;
      await showOnConsole(host, env, `amphorad: ${status}`);
      await tellSystemd(teller, env, ['--ready']);
      inform(status);
      told = why;
      isOfFiles = isNews;
    },
    async over() {
      // What a start has told was no fault of a file: it is tried again, and may be just as it was.
      if (told === undefined || !isOfFiles) return;
      told = undefined;
      inform('starting');
      output.err('the files are right, starting\n');
      await showOnConsole(host, env, 'amphorad: the files are right, starting');
    },
    async handOver() {
      informing.abort();
      if (told === undefined) return;
      told = undefined;
      await showOnConsole(host, env, 'amphorad: started');
    },
    end: () => informing.abort(),
  };
}

// Words of a file may be in it: nothing may begin a new line, or steer a terminal.
function oneLine([first = '', ...more]: readonly string[]): string {
  const words = first.replace(/\p{Cc}+/gu, ' ').slice(0, 300);
  return more.length === 0 ? words : `${words} (and ${more.length} more)`;
}

/** For whoever looks at an amphora that nobody can log in to. A machine without a console is none the worse. */
async function showOnConsole({ runner }: AgentHost, env: Environment, line: string): Promise<void> {
  if (env['NOTIFY_SOCKET'] === undefined) return;
  try {
    await runner.run(['tee', '/dev/console'], { input: `${line}\r\n`, timeoutMs: 2_000 });
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
  }
}
