// Which API a request was for: whoever answers it is named on its response, so that whoever counts requests need know no
// paths. It gives a router no other behaviour.

import { Router, type Response } from 'express';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../host/clock';

/** A request that is over. */
export interface SeenRequest {
  /** Name of the API; `none` where none had such a path, or the client was refused before. */
  readonly surface: string;
  /** `other` for one that no API has. */
  readonly method: string;
  /** `2xx` to `5xx`; `none` when the client left before an answer began. */
  readonly status: string;
  readonly seconds: number;
}

export type ObserveRequest = (seen: SeenRequest) => void;

interface Locals {
  surface?: string;
}

const methods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']);

/** Makes a router that says whose it is to those who count. */
export function servedBy(surface: string, dialect: Router): Router {
  const router = Router();
  const mark =
    (name: string | undefined) =>
    (_request: unknown, response: Response, next: () => void): void => {
      const locals = response.locals as Locals;
      if (name === undefined) delete locals.surface;
      else locals.surface = name;
      next();
    };
  router.use(mark(surface), dialect, mark(undefined));
  return router;
}

/** Tells `observe` of a request once it is over. */
export function observeRequest(
  method: string | undefined,
  response: ServerResponse & { readonly locals?: unknown },
  { clock, observe }: { readonly clock: Pick<Clock, 'monotonic'>; readonly observe: ObserveRequest },
): void {
  const begunMs = clock.monotonic();
  response.once('close', () => {
    const { surface = 'none' } = (response.locals ?? {}) as Locals;
    observe({
      surface,
      method: methods.has(method ?? '') ? (method ?? '') : 'other',
      status: response.headersSent ? `${Math.floor(response.statusCode / 100)}xx` : 'none',
      seconds: (clock.monotonic() - begunMs) / 1_000,
    });
  });
}
