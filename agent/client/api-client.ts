// A client of every surface, typed by the OpenAPI document: one method for each operation. It knows no transport: who
// makes it says how a request is sent. What it is typed by: agent/generated/api.ts.

import { operations, type Calls } from '../generated/api';

export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Sends one request and resolves with its answer, whatever its status. Rejects when nothing answers. */
export type Send = (request: ApiRequest) => Promise<ApiResponse>;

/** What a call resolves with: one member for each documented status, told apart by `status`. */
export type AnswerOf<Id extends keyof Calls> = Calls[Id]['answer'];

/** One method for each operation id: `await api.getV01Listener({ path: { listener } })`. */
export type ApiClient = {
  readonly [Id in keyof Calls]: (...given: Calls[Id]['arguments']) => Promise<AnswerOf<Id>>;
};

interface Given {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Row {
  readonly method: string;
  readonly path: string;
  readonly mediaType?: string;
}

/** Makes the client. Its methods resolve with whatever is answered: a refusal is an answer, too. */
export function createApiClient(send: Send): ApiClient {
  const rows: Readonly<Record<string, Row>> = operations;
  const calls = Object.entries(rows).map(
    ([id, row]) => [id, (given: Given = {}) => call(send, row, given)] as const,
  );
  return Object.fromEntries(calls) as unknown as ApiClient;
}

async function call(send: Send, row: Row, { path = {}, query = {}, headers = {}, body }: Given) {
  const {
    status,
    headers: answered,
    text,
  } = await send({
    method: row.method,
    path: pathOf(row.path, path) + queryOf(query),
    headers: { ...(body === undefined ? {} : { 'Content-Type': row.mediaType ?? 'text/plain' }), ...headers },
    ...(body === undefined ? {} : { body: textOf(row, body) }),
  });
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(String(answered['content-type'] ?? ''));
  return { status, headers: answered, body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text };
}

function textOf({ mediaType }: Row, body: unknown): string {
  return typeof body === 'string' && mediaType !== 'application/json' ? body : JSON.stringify(body);
}

function pathOf(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`${template}: ${name} is missing`);
    return encodeURIComponent(value);
  });
}

function queryOf(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}
