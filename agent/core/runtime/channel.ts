// The way to one haproxy's runtime socket. haproxy takes 10 connections there and lets the 11th hang, so that few are
// opened at once and the others wait. Source: contract of the runtime API, 5 "Connection rules".
//
// INVARIANTS:
// - one command a connection, at most four at once, in the order of the calls;
// - the deadline of a command begins when it leaves the queue; who waits longer than two deadlines gets `busy`;
// - a read joins an identical one that is waiting or left the queue at most 100 ms ago, never across a write.

import { toWorker, type RuntimeCommand } from '../../haproxy/runtime/command';
import type { Clock } from '../../host/clock';
import type { Log } from '../../host/log';
import type { StreamAddress, StreamSockets } from '../../host/sockets';
import { isAgentError } from '../../model/errors';
import { exchangeFault } from './exchange-fault';
import { createTurns } from './turns';

export interface Channel {
  /** Asks; the answer is whole and ends with its empty line. Throws faults of the connection. */
  read(command: RuntimeCommand): Promise<string>;
  /** The same, read by `parse` once for all who share the answer: a command is always read by the same function. Throws what that throws too. */
  readAs<T>(command: RuntimeCommand, parse: (answer: string) => T): Promise<T>;
  /** Changes something; resolves with what haproxy said, which may be a refusal. Throws faults of the connection. */
  write(command: RuntimeCommand): Promise<string>;
}

export interface ChannelDeps {
  readonly streams: StreamSockets;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

export interface ChannelEnd {
  /** As the instance is called, for the log. */
  readonly name: string;
  readonly at: StreamAddress;
  /** The socket is a master's: its present worker is meant. */
  readonly isMaster: boolean;
}

interface SharedRead {
  readonly answer: Promise<string>;
  /** What its reader made of it, once somebody asked. */
  parsed?: Promise<unknown>;
  /** When it left the queue; undefined while it waits. */
  leftMs?: number;
}

const mostAtOnce = 4;
/** For how long after a read has begun, in milliseconds, an identical one is told the same. */
export const joinMs = 100;
const mostBytes = 64 * 1024 * 1024;

/** Makes the channel; nothing is opened before a command comes. */
export function createChannel(deps: ChannelDeps, end: ChannelEnd): Channel {
  const { streams, clock, timeoutMs } = deps;
  const turns = createTurns(clock, mostAtOnce, 2 * timeoutMs);
  const reads = new Map<RuntimeCommand, SharedRead>();

  /** `whole` is how an answer ends that nobody has cut short. */
  function send(command: RuntimeCommand, whole: string, begin: () => void): Promise<string> {
    return turns.take(async () => {
      begin();
      const line = end.isMaster ? toWorker(command) : command;
      const outcome = await streams.exchange(end.at, line, { timeoutMs, maxBytes: mostBytes });
      return exchangeFault(outcome, { at: end.at, whole, mostBytes });
    });
  }

  function shared(command: RuntimeCommand): SharedRead {
    const known = reads.get(command);
    if (known !== undefined && isFresh(known, clock)) return known;
    const answer = logged(deps, end, command, 'debug', () =>
      send(command, '\n\n', () => (read.leftMs = clock.monotonic())),
    );
    const read: SharedRead = { answer };
    reads.set(command, read);
    const forget = (): void => {
      if (reads.get(command) === read && !isFresh(read, clock)) reads.delete(command);
    };
    void answer.then(
      () => void clock.sleep(joinMs).then(forget, forget),
      () => {
        if (reads.get(command) === read) reads.delete(command);
      },
    );
    return read;
  }

  return {
    read: (command) => shared(command).answer,
    readAs<T>(command: RuntimeCommand, parse: (answer: string) => T) {
      const read = shared(command);
      read.parsed ??= read.answer.then(parse);
      return read.parsed as Promise<T>;
    },
    async write(command) {
      // What is asked while it is being done may still be answered as before.
      reads.clear();
      try {
        return await logged(deps, end, command, 'info', () => send(command, '\n', () => reads.clear()));
      } finally {
        reads.clear();
      }
    },
  };
}

function isFresh({ leftMs }: SharedRead, clock: Clock): boolean {
  return leftMs === undefined || clock.monotonic() - leftMs <= joinMs;
}

async function logged(
  { log, clock }: ChannelDeps,
  { name, at }: ChannelEnd,
  command: RuntimeCommand,
  level: 'debug' | 'info',
  run: () => Promise<string>,
): Promise<string> {
  const begunMs = clock.monotonic();
  const tell = (outcome: string, isFailure: boolean): void =>
    log[isFailure ? 'warning' : level]('haproxy command', {
      type: at.type,
      instance: name,
      command,
      ms: Math.round(clock.monotonic() - begunMs),
      outcome,
    });
  try {
    const answer = await run();
    const [first = ''] = answer.trim().split('\n');
    tell(level === 'info' && first !== '' ? first.slice(0, 200) : 'ok', false);
    return answer;
  } catch (thrown) {
    tell(isAgentError(thrown) ? (thrown.fault?.code ?? thrown.kind) : 'internal', true);
    throw thrown;
  }
}
