// HTTP over a UNIX socket by node:http. One connection for each question: commands ask a few and end. A path longer
// than a socket address is refused before: Node would say ENOENT (unix(7), 107 bytes).

import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { AgentError } from '../../model/errors';
import type { LocalHttp, LocalHttpAnswer, LocalHttpRequest } from '../local-http';
import { errnoOf, hasErrno } from './errno';
import { answerTimeout, answerTooLong, noAnswer, refuseRequest } from './socket-errors';

const longestAnswer = 64 * 1024 * 1024;
const listenMs = 500;

/** Makes the real thing. */
export function createNodeLocalHttp(): LocalHttp {
  return {
    async request(socketPath, asked) {
      refuseRequest(socketPath, asked.path);
      return exchange(socketPath, asked);
    },
  };
}

function exchange(
  socketPath: string,
  { method, path, body, headers = {}, timeoutMs }: LocalHttpRequest,
): Promise<LocalHttpAnswer> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const fail = (reason: AgentError): void => {
      clearTimeout(deadline);
      asking.destroy();
      reject(reason);
    };
    const asking = request({
      socketPath,
      method,
      path,
      agent: false,
      headers: {
        Host: 'localhost',
        Connection: 'close',
        ...(payload && { 'Content-Type': 'application/json', 'Content-Length': payload.length }),
        ...headers,
      },
    });
    const deadline = setTimeout(() => fail(answerTimeout(socketPath, timeoutMs)), timeoutMs);
    asking.on('error', (thrown) => void failureOf(socketPath, thrown).then(fail));
    asking.on('response', (response) => {
      read(socketPath, response).then((answer) => {
        clearTimeout(deadline);
        resolve(answer);
      }, fail);
    });
    asking.end(payload);
  });
}

async function failureOf(socketPath: string, thrown: unknown): Promise<AgentError> {
  if (hasErrno(thrown, 'EACCES')) {
    return new AgentError('forbidden', `this user may not connect to ${socketPath}`, { cause: thrown });
  }
  const isNoHttp = isParseFailure(thrown) || (isHangUp(thrown) && (await talksUnasked(socketPath)));
  if (!isNoHttp) return noAnswer(socketPath, thrown);
  return new AgentError('version-mismatch', `what listens on ${socketPath} speaks no HTTP`, {
    cause: thrown,
  });
}

function isParseFailure(thrown: unknown): boolean {
  return errnoOf(thrown)?.startsWith('HPE_') === true;
}

function isHangUp(thrown: unknown): boolean {
  return hasErrno(thrown, 'ECONNRESET') || hasErrno(thrown, 'EPIPE');
}

/** Whoever tells all it knows and hangs up may be gone before the question is written: what it said is lost then. */
function talksUnasked(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: socketPath, timeout: listenMs });
    const end = (talks: boolean): void => {
      socket.destroy();
      resolve(talks);
    };
    socket.once('data', () => end(true));
    for (const event of ['end', 'timeout', 'error'] as const) socket.once(event, () => end(false));
  });
}

function read(socketPath: string, response: IncomingMessage): Promise<LocalHttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > longestAnswer) reject(answerTooLong(socketPath, longestAnswer));
    });
    response.on('error', (thrown) => reject(noAnswer(socketPath, thrown)));
    response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks).toString('utf8'))));
  });
}

function answerOf({ statusCode = 0, headers: given }: IncomingMessage, text: string): LocalHttpAnswer {
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  return { status: statusCode, headers, json: parsed(text), text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
