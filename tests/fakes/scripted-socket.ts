// UNIX sockets that answer by script. A request without a rule is a failure; refusals and time-outs come at
// once, with the errors of the real socket. A conversation is with whom a rule says stands behind the path when it is
// opened, else with the rules themselves.

import type { UnixConversation, UnixSockets } from '../../agent/host/sockets';
import { answerTimeout, answerTooLong, noAnswer, refuseRequest } from '../../agent/host/node/socket-errors';

/** What comes back: text, an errno (nobody listens, the peer broke off), or nothing within the deadline. */
export type SocketAnswer = string | { readonly refuse: string } | { readonly silent: true };

export interface SocketRule {
  /** Tried against the socket's path; any path when left out. */
  readonly path?: RegExp;
  /** Tried against the command; any command when left out. */
  readonly line?: RegExp;
  /** A function that gives undefined leaves it to the next rule. */
  readonly answer:
    SocketAnswer | ((line: string, path: string) => SocketAnswer | undefined | Promise<SocketAnswer>);
  /** Who stands behind a path at this moment, and goes on answering when somebody else does; undefined: not said here. */
  readonly behind?: (path: string) => ((line: string) => SocketAnswer) | undefined;
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
    if ('silent' in answer) throw answerTimeout(path, timeoutMs);
    throw noAnswer(path, Object.assign(new Error(answer.refuse), { code: answer.refuse }));
  };

  return {
    transcript,
    unscripted,
    script: (rule) => script.unshift(rule),
    conversations: () => open.size,

    async request(path, line, { timeoutMs, maxBytes = defaultMaxBytes }) {
      refuseRequest(path, line);
      transcript.push(`${path}: ${line}`);
      const answer = await answerOf(script, path, line);
      if (answer === undefined) {
        unscripted.push(`${path}: ${line}`);
        throw new Error(`no rule of the scripted sockets matches: ${path}: ${line}`);
      }
      return answerFrom(answer, path, timeoutMs, maxBytes);
    },

    async converse(path) {
      refuseRequest(path, '');
      const behind = script.map((rule) => rule.behind?.(path)).find((answers) => answers !== undefined);
      const first = behind?.('') ?? (await answerOf(script, path, ''));
      if (first === undefined || (typeof first === 'object' && 'refuse' in first)) {
        throw noAnswer(path, { code: first === undefined ? 'ENOENT' : first.refuse });
      }
      const me = {};
      open.add(me);
      const gone = (): Error => noAnswer(path, { code: 'EPIPE' });
      let isOverdue = false;
      const conversation: UnixConversation = {
        async ask(line, timeoutMs) {
          refuseRequest(path, line);
          transcript.push(`${path}> ${line}`);
          if (!open.has(me)) throw gone();
          if (isOverdue) throw answerTimeout(path, timeoutMs);
          const answer = behind?.(line) ?? (await answerOf(script, path, line)) ?? { refuse: 'EPIPE' };
          if (typeof answer === 'object' && 'refuse' in answer) open.delete(me);
          isOverdue = typeof answer === 'object' && 'silent' in answer && answer.silent;
          return answerFrom(answer, path, timeoutMs, defaultMaxBytes);
        },
        async read(line, timeoutMs, read) {
          return read(Buffer.from(await conversation.ask(line, timeoutMs)));
        },
        close: () => void open.delete(me),
      };
      return conversation;
    },
  };
}

function answerOf(
  script: readonly SocketRule[],
  path: string,
  line: string,
): SocketAnswer | Promise<SocketAnswer> | undefined {
  for (const rule of script) {
    if (!(rule.path?.test(path) ?? true) || !(rule.line?.test(line) ?? true)) continue;
    const answer = typeof rule.answer === 'function' ? rule.answer(line, path) : rule.answer;
    if (answer !== undefined) return answer;
  }
  return undefined;
}
