// Turns a surface's table of routes into an Express router: reads bodies, calls handlers, writes replies. A handler
// returns a reply or throws; nothing else writes to the response.

import { Router, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '../host/log';
import { AgentError, internal, invalidInput, isAgentError, messageOf } from '../model/errors';
import { readBody, type BodyKind, type BodyLimits } from './body';
import { sendReply, type Reply } from './reply';
import type { Uploads } from './uploads';

export interface RouteRequest {
  /** Path parameters, percent-decoded, not yet validated. */
  readonly params: Readonly<Record<string, string>>;
  /** Empty for routes that take no body. */
  readonly body: Buffer;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Express path, e.g. `/v0.1/listeners/:listener`. */
  readonly path: string;
  readonly body: BodyKind;
  readonly handle: (request: RouteRequest) => Promise<Reply> | Reply;
}

export interface Dialect {
  readonly routes: readonly Route[];
  /** Path prefixes that are this dialect's alone: unknown paths below them get its 404. */
  readonly prefixes: readonly string[];
  /** A domain error in the dialect's words. */
  readonly errorReply: (error: AgentError) => Reply;
  readonly notFoundReply: (path: string) => Reply;
  readonly methodNotAllowedReply: (method: string) => Reply;
}

export interface RouteContext {
  readonly limits: BodyLimits;
  readonly log: Log;
  /** The memory for bodies. */
  readonly uploads: Uploads;
}

/** Makes the router of one dialect. */
export function createDialectRouter(dialect: Dialect, context: RouteContext): Router {
  const router = Router({ caseSensitive: true, strict: false });
  for (const route of dialect.routes) {
    const verb = route.method.toLowerCase() as 'get' | 'put' | 'post' | 'delete';
    router[verb](route.path, (request, response) => answer(route, dialect, context, request, response));
  }
  for (const [path, methods] of methodsByPath(dialect.routes)) {
    router.all(path, (_request, response, next) => {
      allowedOf(response).push(...methods);
      next();
    });
  }
  router.use((request, response, next) => {
    const allowed = allowedOf(response);
    if (allowed.length > 0) {
      const reply = dialect.methodNotAllowedReply(request.method);
      const headers = { ...reply.headers, Allow: [...new Set(allowed)].join(', ') };
      sendReply(request, response, { ...reply, headers });
      return;
    }
    if (
      !dialect.prefixes.some((prefix) => request.path === prefix || request.path.startsWith(`${prefix}/`))
    ) {
      next();
      return;
    }
    sendReply(request, response, dialect.notFoundReply(request.path));
  });
  router.use(onError(dialect, context));
  return router;
}

async function answer(
  route: Route,
  dialect: Dialect,
  { limits, log, uploads }: RouteContext,
  request: Request,
  response: Response,
): Promise<void> {
  let reply: Reply;
  const share = uploads();
  try {
    const body =
      route.body === 'none' ? Buffer.alloc(0) : await readBody(request, response, limits[route.body], share);
    reply = await route.handle({ params: request.params as Readonly<Record<string, string>>, body });
  } catch (thrown) {
    reply = dialect.errorReply(asAgentError(thrown, log, response));
  } finally {
    share.release();
  }
  sendReply(request, response, reply);
}

type ErrorMiddleware = (thrown: unknown, request: Request, response: Response, next: NextFunction) => void;

// What Express itself throws: a path that is not percent-encoded UTF-8.
function onError(dialect: Dialect, { log }: RouteContext): ErrorMiddleware {
  return (thrown, request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const undecodable = thrown instanceof Error && 'status' in thrown && thrown.status === 400;
    const error = undecodable
      ? invalidInput('Invalid request', 'path: expected percent-encoded UTF-8')
      : asAgentError(thrown, log, response);
    sendReply(request, response, dialect.errorReply(error));
  };
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

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const methods = found.get(path) ?? [];
    methods.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]));
    found.set(path, methods);
  }
  return found;
}

function allowedOf(response: Response): string[] {
  const locals = response.locals as { allowed?: string[] };
  locals.allowed ??= [];
  return locals.allowed;
}
