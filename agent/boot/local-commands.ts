// The commands that ask the agent that runs, over the terminal they were started on.

import { runServerAction } from '../cli/drain';
import { runStatus } from '../cli/status';
import type { ConfigSources } from '../config/sources';
import { AgentError } from '../model/errors';
import type { Arguments } from './args';
import type { Output } from './serve';
import type { CommandHost } from './wire-host';

/** Runs one of them to its end, or to Ctrl-C. */
export async function runLocalCommand(
  command: 'status' | 'drain' | 'ready' | 'maint',
  args: Arguments,
  sources: ConfigSources,
  host: CommandHost,
  output: Output,
): Promise<number> {
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  const isTerminal = process.stdout.isTTY;
  const deps = { ...host, print: output.out, printError: output.err, signal: ended.signal };
  if (command === 'status') {
    const wantsColour = args.color ?? (isTerminal && (process.env['NO_COLOR'] ?? '') === '');
    return runStatus({ ...args, sources, isTerminal, color: wantsColour }, deps);
  }
  const wish = { timeoutS: args.timeoutS, then: args.then, force: args.force };
  if (!args.wait && (args.force || args.then !== undefined)) {
    throw new AgentError('invalid-input', '--then and --force go with --wait');
  }
  const wait = command === 'drain' && args.wait ? wish : undefined;
  const [target = ''] = args.paths;
  const options = {
    sources,
    action: command,
    target,
    instance: args.instance,
    wait,
    json: args.json,
    isTerminal,
  };
  return runServerAction(options, deps);
}
