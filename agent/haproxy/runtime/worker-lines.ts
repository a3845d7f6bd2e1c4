// Tells one worker several commands by one line of its master's socket: changes of a whole configuration are many, and
// each connection is a round trip. The worker is named by its pid, so that what is meant for one never reaches the
// next. Seen on 2.6.12: each command needs the prefix; answers follow each other, each with an empty line behind it.
// Source: HAProxy 2.6 management guide, 9.4 "Master CLI".

import type { UnixSockets } from '../../host/sockets';
import { AgentError } from '../../model/errors';
import { refusal, successes, type CommandKind } from './answers';
import { lineOf, toProcess, type RuntimeCommand, type ServerName } from './command';

/** A command, what its success looks like, and which server it is about. */
export interface ServerOrder {
  readonly kind: CommandKind;
  readonly command: RuntimeCommand;
  readonly about: ServerName;
}

export interface WorkerLines {
  /** Asks one thing. Throws `unavailable`, `timeout`. */
  ask(command: RuntimeCommand, payload?: string): Promise<string>;
  /** Has the orders done, in their order. Throws haproxy's first refusal; how many were done is then not known. */
  order(orders: readonly ServerOrder[]): Promise<void>;
}

const timeoutMs = 2_000;
const maxBytes = 64 * 1024 * 1024;
// A line above 16 KiB resets the connection (tune.bufsize), and configurations may set less.
const longestLine = 4_096;

/** Makes the way to a worker. */
export function createWorkerLines(sockets: UnixSockets, masterPath: string, pid: number): WorkerLines {
  const send = (line: string, payload?: string): Promise<string> =>
    sockets.request(masterPath, line, { timeoutMs, maxBytes, ...(payload === undefined ? {} : { payload }) });
  return {
    ask: (command, payload) => send(toProcess(pid, command), payload),
    async order(orders) {
      for (const part of inLines(orders, (command) => toProcess(pid, command).length + 1)) {
        const answer = await send(
          lineOf(
            pid,
            part.map(({ command }) => command),
          ),
        );
        requireSuccesses(part, answer);
      }
    },
  };
}

function inLines(
  orders: readonly ServerOrder[],
  lengthOf: (command: RuntimeCommand) => number,
): readonly (readonly ServerOrder[])[] {
  const lines: ServerOrder[][] = [];
  let length = Infinity;
  for (const order of orders) {
    const own = lengthOf(order.command);
    if (length + own > longestLine) {
      lines.push([]);
      length = 0;
    }
    lines.at(-1)?.push(order);
    length += own;
  }
  return lines;
}

/** Every command that says something at its success has said it, in turn, and nobody has said anything else. */
function requireSuccesses(orders: readonly ServerOrder[], answer: string): void {
  const said = answer.split('\n').filter((line) => line.trim() !== '');
  for (const { kind, about } of orders) {
    const success = successes[kind];
    const [next] = said;
    if (next !== undefined && success.test(next.trim())) said.shift();
    else if (!success.test('')) throw refusal(next ?? '', about);
  }
  const [more] = said;
  const [first] = orders;
  if (more !== undefined && first !== undefined) throw refusal(more, first.about);
  // An answer that was cut short has not even its empty lines.
  if (answer === '') throw new AgentError('unavailable', 'haproxy broke off its answer');
}
