// Stream sockets that answer by script: the first rule that matches answers, a request without a rule is a failure of the
// test. An answer that is a promise comes when it settles, however late.

import type { Exchanged, StreamAddress, StreamSockets } from '../../agent/host/sockets';
import { refuseLine } from '../../agent/host/node/stream-exchange';

/** Text is the whole answer; anything else is how the exchange ended. */
export type StreamAnswer = string | Exchanged;

export interface StreamRule {
  /** Tried against the path, or `host:port`; anywhere when left out. */
  readonly at?: RegExp;
  /** Tried against the command; any when left out. */
  readonly line?: RegExp;
  readonly answer: StreamAnswer | ((line: string) => StreamAnswer | Promise<StreamAnswer>);
}

export interface ScriptedStreams extends StreamSockets {
  /** Every request so far, `place: line`. */
  readonly transcript: readonly string[];
  /** How many wait for their answer now. */
  inFlight(): number;
}

const defaultMaxBytes = 64 * 1024 * 1024;

/** Makes sockets that answer by `rules`. */
export function createScriptedStreams(rules: readonly StreamRule[]): ScriptedStreams {
  const transcript: string[] = [];
  let open = 0;
  return {
    transcript,
    inFlight: () => open,
    async exchange(at, line, { maxBytes = defaultMaxBytes }) {
      refuseLine(line);
      const place = placeOf(at);
      transcript.push(`${place}: ${line}`);
      const rule = rules.find((each) => (each.at?.test(place) ?? true) && (each.line?.test(line) ?? true));
      if (rule === undefined) throw new Error(`no rule of the scripted streams matches: ${place}: ${line}`);
      open += 1;
      try {
        const answer = await (typeof rule.answer === 'function' ? rule.answer(line) : rule.answer);
        if (typeof answer !== 'string') return answer;
        const isTooLong = Buffer.byteLength(answer) > maxBytes;
        return isTooLong ? { ok: false, why: 'too long' } : { ok: true, answer };
      } finally {
        open -= 1;
      }
    },
  };
}

function placeOf(at: StreamAddress): string {
  return at.type === 'unix' ? at.path : `${at.host}:${at.port}`;
}
