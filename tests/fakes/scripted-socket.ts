// UNIX sockets that answer by script. A request without a rule is a failure; refusals and time-outs come at
// once, with the errors of the real socket; an answer that is a promise comes when it settles, however late. A
// conversation is with whom a rule says stands behind the path when it is opened, else with the rules themselves.

import type { UnixConversation, UnixSockets } from '../../agent/host/sockets';
import { answerTimeout, answerTooLong, noAnswer, refuseRequest } from '../../agent/host/node/socket-errors';

/** What comes back: text, an errno (nobody listens, the peer broke off), nothing at all, or something after the deadline. */
export type SocketAnswer =
  string | { readonly refuse: string } | { readonly silent: true } | { readonly late: Promise<unknown> };

/** Who stands behind a path, and goes on answering when somebody else does. */
export interface SocketPeer {
  answer(line: string): SocketAnswer | Promise<SocketAnswer>;
  /** A conversation with it was opened, or is over. */
  talks?(delta: 1 | -1): void;
}

export interface SocketRule {
  /** Tried against the socket's path; any path when left out. */
  readonly path?: RegExp;
  /** Tried against the command; any command when left out. */
  readonly line?: RegExp;
  /** A function that gives undefined leaves it to the next rule. */
  readonly answer:
    | SocketAnswer
    | ((line: string, path: string, payload?: string) => SocketAnswer | undefined | Promise<SocketAnswer>);
  /** Who stands behind a path at this moment; undefined: not said here. */
  readonly behind?: (path: string) => SocketPeer | undefined;
}

export interface ScriptedSockets extends UnixSockets {
  /** Every request so far, `path: line`. */
  readonly transcript: readonly string[];
  /** Requests that no rule matched: in case the code under test swallowed the failure. */
  readonly unscripted: readonly string[];
  /** Adds a rule before all others. */
  script(rule: SocketRule): void;
  /** How many conversations are open. */
  conversations(): number;
}

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes sockets that answer by `rules`; the first that matches answers. */
export function createScriptedSockets(rules: readonly SocketRule[] = []): ScriptedSockets {
  const script = [...rules];
  const transcript: string[] = [];
  const unscripted: string[] = [];
  const open = new Set<object>();
  const answerFrom = (answer: SocketAnswer, path: string, timeoutMs: number, maxBytes: number): string => {
    if (typeof answer === 'string') {
      if (Buffer.byteLength(answer) > maxBytes) throw answerTooLong(path, maxBytes);
      return answer;
    }
    if (!('refuse' in answer)) throw answerTimeout(path, timeoutMs);
    throw noAnswer(path, Object.assign(new Error(answer.refuse), { code: answer.refuse }));
  };

  return {
    transcript,
    unscripted,
    script: (rule) => script.unshift(rule),
    conversations: () => open.size,

    async request(path, line, { timeoutMs, maxBytes = defaultMaxBytes, payload }) {
      refuseRequest(path, line);
      transcript.push(`${path}: ${line}`);
      const answer = await answerOf(script, path, line, payload);
      if (answer === undefined) {
        unscripted.push(`${path}: ${line}`);
        throw new Error(`no rule of the scripted sockets matches: ${path}: ${line}`);
      }
      return answerFrom(answer, path, timeoutMs, maxBytes);
    },

    async converse(path) {
      refuseRequest(path, '');
      const peer = script.map((rule) => rule.behind?.(path)).find((found) => found !== undefined);
      const first = await (peer?.answer('') ?? answerOf(script, path, ''));
      if (first === undefined || (typeof first === 'object' && 'refuse' in first)) {
        throw noAnswer(path, { code: first === undefined ? 'ENOENT' : first.refuse });
      }
      const me = {};
      open.add(me);
      peer?.talks?.(1);
      let hangUp: () => void = () => undefined;
      const over = new Promise<void>((resolve) => (hangUp = resolve));
      const gone = (): Error => noAnswer(path, { code: 'EPIPE' });
      const end = (): void => {
        if (!open.delete(me)) return;
        peer?.talks?.(-1);
        hangUp();
      };
      let isOverdue = false;
      let turn: Promise<unknown> = Promise.resolve();
      const exchange = async (line: string, timeoutMs: number): Promise<string> => {
        if (!open.has(me)) throw gone();
        if (isOverdue) throw answerTimeout(path, timeoutMs);
        const coming = peer?.answer(line) ?? answerOf(script, path, line) ?? { refuse: 'EPIPE' };
        const answer = await Promise.race([coming, over.then(() => undefined)]);
        if (answer === undefined) throw gone();
        if (typeof answer === 'object' && 'refuse' in answer) end();
        isOverdue = typeof answer === 'object' && !('refuse' in answer);
        if (typeof answer === 'object' && 'late' in answer) void answer.late.then(() => (isOverdue = false));
        return answerFrom(answer, path, timeoutMs, defaultMaxBytes);
      };
      const conversation: UnixConversation = {
        async ask(line, timeoutMs) {
          refuseRequest(path, line);
          transcript.push(`${path}> ${line}`);
          const mine = turn.then(() => exchange(line, timeoutMs));
          turn = mine.catch(() => undefined);
          return mine;
        },
        async read(line, timeoutMs, read) {
          return read(Buffer.from(await conversation.ask(line, timeoutMs)));
        },
        close: end,
      };
      return conversation;
    },
  };
}

function answerOf(
  script: readonly SocketRule[],
  path: string,
  line: string,
  payload?: string,
): SocketAnswer | Promise<SocketAnswer> | undefined {
  for (const rule of script) {
    if (!(rule.path?.test(path) ?? true) || !(rule.line?.test(line) ?? true)) continue;
    const answer = typeof rule.answer === 'function' ? rule.answer(line, path, payload) : rule.answer;
    if (answer !== undefined) return answer;
  }
  return undefined;
}
