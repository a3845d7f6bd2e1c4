// Serves a surface's table of routes: finds the row, reads bodies, calls handlers, writes replies. A handler
// returns a reply or throws; nothing else writes to the response.

import type { NextFunction, Request, Response } from 'express';
import type { Log } from '../host/log';
import { type AgentError, internal, isAgentError, messageOf } from '../model/errors';
import { readBody, type BodyKind, type BodyLimits } from './body';
import { isBelowPrefix, pathParams, type Slashes } from './path';
import { sendReply, type Reply } from './reply';
import type { Uploads } from './uploads';

export interface RouteRequest {
  /** Path parameters, percent-decoded, not yet validated. */
  readonly params: Readonly<Record<string, string>>;
  /** Empty for routes that take no body. */
  readonly body: Buffer;
  /** As the header says; undefined without one. */
  readonly contentType?: string | undefined;
  /** What follows the path, decoded. */
  readonly query: URLSearchParams;
  /** A header by its name in lower case; undefined without one. */
  readonly header: (name: string) => string | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Express path, e.g. `/v0.1/listeners/:listener`. */
  readonly path: string;
  readonly body: BodyKind;
  readonly handle: (request: RouteRequest) => Promise<Reply> | Reply;
}

/** What of a request may matter to how an error is told. */
export interface Asked extends Pick<RouteRequest, 'query' | 'header'> {
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
}

export interface Dialect {
  /** Makes the table; asked once. */
  readonly routes: () => readonly Route[];
  /** Path prefixes that are this dialect's alone: all its rows lie below them, but those of `outposts`, and unknown paths there get its 404. `''`: all that no dialect before it took. */
  readonly prefixes: readonly string[];
  /** Paths outside the prefixes for which it has rows; what is unknown there is left to the next dialect. */
  readonly outposts?: readonly string[];
  /** `lenient`: a slash at the end does not matter. `strict`: it does, and of slashes only a second one at the very beginning is forgiven. */
  readonly slashes: Slashes;
  /** What OPTIONS gets where a path is known; without it OPTIONS is a method like any other. */
  readonly optionsReply?: () => Reply;
  /** A domain error in the dialect's words. */
  readonly errorReply: (error: AgentError, asked: Asked) => Reply;
  readonly notFoundReply: (path: string, asked: Asked) => Reply;
  readonly methodNotAllowedReply: (method: string, asked: Asked) => Reply;
}

export interface RouteContext {
  readonly limits: BodyLimits;
  readonly log: Log;
  /** The memory for bodies. */
  readonly uploads: Uploads;
  /** Why nothing may be changed now; undefined when all may. Reads are answered whatever it says. */
  readonly refuseChange?: () => AgentError | undefined;
  /** Hears of every router that is made, and can ask for its rows. */
  readonly mounted?: (rows: () => readonly Route[]) => void;
}

/** Answers what a dialect has; all else is left to the next one. */
export type DialectRouter = (request: Request, response: Response, next: NextFunction) => Promise<void>;

/** Makes the router of one dialect. Its rows are made when the first request for it comes: many agents in one process seldom see one. */
export function createDialectRouter(dialect: Dialect, context: RouteContext): DialectRouter {
  let made: readonly Route[] | undefined;
  const rows = (): readonly Route[] => (made ??= dialect.routes());
  context.mounted?.(rows);
  return async (request, response, next) => {
    const path = pathOf(request, dialect);
    const isOwn = isBelowPrefix(dialect.prefixes, path);
    if (!isOwn && !isBelowPrefix(dialect.outposts ?? [], path)) {
      next();
      return;
    }
    try {
      if (await serve(dialect, rows(), context, request, response)) return;
      if (isOwn) sendReply(request, response, dialect.notFoundReply(path, askedOf(request)));
      else next();
    } catch (thrown) {
      if (response.headersSent) next(thrown);
      else sendReply(request, response, replyOf(thrown, dialect, context, request, response));
    }
  };
}

/** What a strict dialect forgives is not forgiven by others: the request stays as it was sent. */
function pathOf({ path }: Request, { slashes }: Dialect): string {
  return slashes === 'strict' && /^\/\/(?!\/)/.test(path) ? path.slice(1) : path;
}

/** Answers where a row has the path; false: none has. */
async function serve(
  dialect: Dialect,
  rows: readonly Route[],
  context: RouteContext,
  request: Request,
  response: Response,
): Promise<boolean> {
  const { method } = request;
  const path = pathOf(request, dialect);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const ofPath: Route[] = [];
  for (const row of rows) {
    const params = pathParams(row.path, path, dialect.slashes);
    if (params === undefined) continue;
    if (row.method === wanted) {
      await answer({ row, params }, dialect, context, request, response);
      return true;
    }
    ofPath.push(row);
  }
  if (ofPath.length === 0) return false;
  const reply =
    (method === 'OPTIONS' ? dialect.optionsReply?.() : undefined) ??
    dialect.methodNotAllowedReply(method, askedOf(request));
  const headers = { ...reply.headers, Allow: methodsOf(ofPath, dialect).join(', ') };
  sendReply(request, response, { ...reply, headers });
  return true;
}

function methodsOf(rows: readonly Route[], { optionsReply }: Dialect): readonly string[] {
  const methods = rows.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...new Set([...(optionsReply === undefined ? [] : ['OPTIONS']), ...methods])];
}

interface Found {
  readonly row: Route;
  readonly params: Readonly<Record<string, string>>;
}

async function answer(
  { row: route, params }: Found,
  dialect: Dialect,
  context: RouteContext,
  request: Request,
  response: Response,
): Promise<void> {
  const { limits, uploads, refuseChange } = context;
  let reply: Reply;
  const share = uploads();
  try {
    const refusal = route.method === 'GET' ? undefined : refuseChange?.();
    if (refusal !== undefined) throw refusal;
    const body =
      route.body === 'none' ? Buffer.alloc(0) : await readBody(request, response, limits[route.body], share);
    // A body may take its time, and a transition begin meanwhile.
    const belated = route.method === 'GET' ? undefined : refuseChange?.();
    if (belated !== undefined) throw belated;
    reply = await route.handle(asRouteRequest(params, request, response, body));
  } catch (thrown) {
    reply = replyOf(thrown, dialect, context, request, response);
  } finally {
    share.release();
  }
  sendReply(request, response, reply);
}

function asRouteRequest(
  params: RouteRequest['params'],
  request: Request,
  response: Response,
  body: Buffer,
): RouteRequest {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    params,
    body,
    contentType: request.headers['content-type'],
    ...readsOf(request),
    gone: gone.signal,
  };
}

function askedOf(request: Request): Asked {
  return { method: request.method, path: request.path, ...readsOf(request) };
}

function readsOf(request: Request): Pick<RouteRequest, 'query' | 'header'> {
  const at = request.url.indexOf('?');
  return {
    query: new URLSearchParams(at === -1 ? '' : request.url.slice(at + 1)),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function replyOf(
  thrown: unknown,
  dialect: Dialect,
  { log }: RouteContext,
  request: Request,
  response: Response,
): Reply {
  return dialect.errorReply(asAgentError(thrown, log, response), askedOf(request));
}

function asAgentError(thrown: unknown, log: Log, response: Response): AgentError {
  const error = isAgentError(thrown) ? thrown : internal('Internal error', thrown);
  if (error.kind === 'internal') {
    log.error('request failed', {
      requestId: String(response.getHeader('X-Request-Id')),
      error: error.message,
      detail: error.detail,
      cause: error.cause instanceof Error ? error.cause.stack : messageOf(error.cause),
    });
  }
  return error;
}
