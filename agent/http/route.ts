// Turns a surface's table of routes into an Express router: reads bodies, calls handlers, writes replies. A handler
// returns a reply or throws; nothing else writes to the response.

import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
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
  readonly routes: readonly Route[];
  /** Path prefixes that are this dialect's alone: unknown paths below them get its 404. `''`: all that no dialect before it took. */
  readonly prefixes: readonly string[];
  /** `lenient`: a slash at the end does not matter. `strict`: it does, and of slashes only a second one at the very beginning is forgiven. */
  readonly slashes: 'lenient' | 'strict';
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
  /** Hears of the rows of every router that is made. */
  readonly mounted?: (routes: readonly Route[]) => void;
}

/** Makes the router of one dialect. */
export function createDialectRouter(dialect: Dialect, context: RouteContext): Router {
  context.mounted?.(dialect.routes);
  const isStrict = dialect.slashes === 'strict';
  const router = Router({ caseSensitive: true, strict: isStrict });
  // In this order: what another dialect is to answer goes on as it came.
  router.use(skipForeign(dialect));
  if (isStrict) router.use(withoutSecondSlash);
  for (const route of dialect.routes) {
    const verb = route.method.toLowerCase() as 'get' | 'put' | 'post' | 'delete';
    router[verb](route.path, (request, response) => answer(route, dialect, context, request, response));
  }
  // Made when a request first fits no row: many agents in one process seldom see one.
  let methods: Router | undefined;
  router.use((request, response, next) => {
    methods ??= createMethodsRouter(dialect);
    methods(request, response, next);
  });
  router.use((request, response, next) => {
    const allowed = allowedOf(response);
    if (allowed.length > 0) {
      const reply =
        (request.method === 'OPTIONS' ? dialect.optionsReply?.() : undefined) ??
        dialect.methodNotAllowedReply(request.method, askedOf(request));
      const headers = { ...reply.headers, Allow: [...new Set(allowed)].join(', ') };
      sendReply(request, response, { ...reply, headers });
      return;
    }
    if (!isOwn(dialect, request.path)) {
      next();
      return;
    }
    sendReply(request, response, dialect.notFoundReply(request.path, askedOf(request)));
  });
  router.use(onError(dialect, context));
  return router;
}

/** Notes for each path which methods it has. */
function createMethodsRouter(dialect: Dialect): Router {
  const router = Router({ caseSensitive: true, strict: dialect.slashes === 'strict' });
  for (const [path, methods] of methodsByPath(dialect)) {
    router.all(path, (_request, response, next) => {
      allowedOf(response).push(...methods);
      next();
    });
  }
  return router;
}

async function answer(
  route: Route,
  dialect: Dialect,
  { limits, log, uploads, refuseChange }: RouteContext,
  request: Request,
  response: Response,
): Promise<void> {
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
    reply = await route.handle(asRouteRequest(request, response, body));
  } catch (thrown) {
    reply = dialect.errorReply(asAgentError(thrown, log, response), askedOf(request));
  } finally {
    share.release();
  }
  sendReply(request, response, reply);
}

function asRouteRequest(request: Request, response: Response, body: Buffer): RouteRequest {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    params: request.params as Readonly<Record<string, string>>,
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
    sendReply(request, response, dialect.errorReply(error, askedOf(request)));
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

function isOwn({ prefixes }: Dialect, path: string): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

const firstSegment = (path: string): string => path.split('/', 2)[1] ?? '';

/** Another dialect's paths are not tried against each row of this one. */
function skipForeign(dialect: Dialect): RequestHandler {
  const heads = new Set(dialect.routes.map(({ path }) => firstSegment(path)));
  return (request, _response, next) => {
    if (heads.has(firstSegment(request.path)) || isOwn(dialect, request.path)) next();
    else next('router');
  };
}

const withoutSecondSlash: RequestHandler = (request, _response, next) => {
  if (/^\/\/(?!\/)/.test(request.url)) request.url = request.url.slice(1);
  next();
};

function methodsByPath({ routes, optionsReply }: Dialect): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const methods = found.get(path) ?? (optionsReply === undefined ? [] : ['OPTIONS']);
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
