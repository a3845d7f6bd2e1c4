// HTTP over UNIX sockets in a table: who listens on a path, and what is answered there. What was asked is kept.

import type { LocalHttp, LocalHttpAnswer, LocalHttpRequest } from '../../agent/host/local-http';
import { answerTimeout, noAnswer } from '../../agent/host/node/socket-errors';
import { AgentError } from '../../agent/model/errors';

export interface GivenAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** In place of JSON. */
  readonly text?: string;
}

/** `silence`: it takes the request and never answers. `no-http`: it says something else and hangs up. `hang-up`: without a word. `forbidden`: this user may not connect. */
export type Peer =
  | 'silence'
  | 'no-http'
  | 'hang-up'
  | 'forbidden'
  | ((request: LocalHttpRequest) => GivenAnswer | Promise<GivenAnswer>);

export interface ScriptedLocalHttp extends LocalHttp {
  /** Has somebody listen on a path, in place of whoever did. */
  listen(path: string, peer: Peer): void;
  /** Nobody listens there any more. */
  leave(path: string): void;
  /** `METHOD path body` of every question, in order. */
  asked(): readonly string[];
}

/** Makes an empty table. */
export function createScriptedLocalHttp(): ScriptedLocalHttp {
  const peers = new Map<string, Peer>();
  const asked: string[] = [];
  return {
    listen: (path, peer) => void peers.set(path, peer),
    leave: (path) => void peers.delete(path),
    asked: () => asked,
    async request(path, request) {
      const peer = peers.get(path);
      if (peer === undefined) throw noAnswer(path, { code: 'ENOENT' });
      if (peer === 'forbidden') throw new AgentError('forbidden', `this user may not connect to ${path}`);
      const { method, path: what, body, timeoutMs } = request;
      asked.push([method, what, ...(body === undefined ? [] : [JSON.stringify(body)])].join(' '));
      if (peer === 'silence') throw answerTimeout(path, timeoutMs);
      if (peer === 'hang-up') throw noAnswer(path, { code: 'ECONNRESET' });
      if (peer === 'no-http')
        throw new AgentError('version-mismatch', `what listens on ${path} speaks no HTTP`);
      return answerOf(await peer(request));
    },
  };
}

function answerOf({ status = 200, headers = {}, json, text }: GivenAnswer): LocalHttpAnswer {
  const said = text ?? JSON.stringify(json);
  let read: unknown;
  try {
    read = JSON.parse(said) as unknown;
  } catch {
    read = undefined;
  }
  return { status, headers, json: read, text: said };
}
