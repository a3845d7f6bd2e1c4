// HTTPS servers as a script: one function answers every request, and what was asked is kept.

import type { HttpsAnswer, HttpsClient, HttpsEnd, HttpsRequest, HttpsTarget } from '../../agent/host/https';

export interface ScriptedHttps extends HttpsClient {
  readonly asked: readonly HttpsRequest[];
}

/** Makes a client whose requests `answer` answers, or throws for as the seam says. */
export function createScriptedHttps(
  answer: (request: HttpsRequest, target: HttpsTarget) => HttpsAnswer | HttpsEnd,
): ScriptedHttps {
  const asked: HttpsRequest[] = [];
  return {
    asked,
    request: (target, request) => {
      asked.push(request);
      return Promise.resolve().then(() => answer(request, target));
    },
  };
}

/** An answer; a body that is no text is written as JSON. */
export function scriptedAnswer(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
): HttpsAnswer {
  const isText = typeof body === 'string';
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': isText ? 'text/plain; charset=UTF-8' : 'application/json', ...headers },
    body: Buffer.from(isText ? body : JSON.stringify(body)),
    certificatePem: '',
  };
}
