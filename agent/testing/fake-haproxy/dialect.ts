// The fake haproxy over HTTP, for harnesses in other languages: only agents with a fake haproxy have it, and behind the same
// client certificates as everything else. It translates, and does nothing itself.

import type { Router } from 'express';
import { objectWith, type JsonObject } from '../../http/json-body';
import { json, type Reply } from '../../http/reply';
import { createDialectRouter, type Route, type RouteContext } from '../../http/route';
import { AgentError, invalidInput, type ErrorKind } from '../../model/errors';
import type {
  FakeHaproxy,
  FakeLoadBalancer,
  Fault,
  HowOften,
  ServerChange,
  Traffic,
} from '../fake-load-balancer';
import { faultKinds } from './faults';

/** Makes what `startAgent` serves beside the dialects. */
export function fakeHaproxyDialect(haproxy: FakeHaproxy): (context: RouteContext) => readonly Router[] {
  return (context) => [
    createDialectRouter(
      {
        routes: fakeHaproxyRoutes(haproxy),
        prefixes: ['/fake-haproxy'],
        slashes: 'lenient',
        errorReply,
        notFoundReply: (path) => json(404, { message: 'Not Found', details: `No such path: ${path}` }),
        methodNotAllowedReply: (method) =>
          json(405, { message: 'Method Not Allowed', details: `${method} is not allowed here` }),
      },
      context,
    ),
  ];
}

/** `-` stands for all load balancers. */
const everyOne = '-';

/** The rows. */
export function fakeHaproxyRoutes(haproxy: FakeHaproxy): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/fake-haproxy',
      body: 'none',
      handle: () => json(200, { running: haproxy.running() }),
    },
    {
      method: 'GET',
      path: '/fake-haproxy/:id',
      body: 'none',
      handle: ({ params }) => describe(haproxy.of(params['id'] ?? '')),
    },
    {
      method: 'PUT',
      path: '/fake-haproxy/:id',
      body: 'json',
      handle: async ({ params: { id = '' }, body }) => {
        const wish = readWish(body);
        if (id === everyOne) steerAll(haproxy, wish);
        else await steer(haproxy.of(id), wish);
        return id === everyOne ? json(200, { running: haproxy.running() }) : describe(haproxy.of(id));
      },
    },
  ];
}

/** What a body asks for; each member is done in this order. */
interface Wish {
  readonly heal: boolean;
  readonly fail: Fault | undefined;
  readonly howOften: HowOften;
  readonly servers: Readonly<Record<string, ServerChange>>;
  readonly count: Traffic | undefined;
  readonly endOldWorkers: boolean;
  readonly die: boolean;
}

const members = ['heal', 'fail', 'how_often', 'printed', 'ms', 'servers', 'count', 'end_old_workers', 'die'];

async function steer(fake: FakeLoadBalancer, wish: Wish): Promise<void> {
  if (wish.heal) fake.heal();
  if (wish.fail !== undefined) fake.fail(wish.fail, wish.howOften);
  for (const [name, change] of Object.entries(wish.servers)) fake.setServer(name, change);
  if (wish.count !== undefined) fake.count(wish.count);
  if (wish.endOldWorkers) fake.endOldWorkers();
  if (wish.die) await fake.die();
}

function steerAll(haproxy: FakeHaproxy, wish: Wish): void {
  if (wish.die || wish.endOldWorkers || wish.count !== undefined || Object.keys(wish.servers).length > 0) {
    throw invalidInput('Invalid request', 'for all load balancers together there are only "heal" and "fail"');
  }
  if (wish.heal) haproxy.heal();
  if (wish.fail !== undefined) haproxy.fail(wish.fail, wish.howOften);
}

function describe(fake: FakeLoadBalancer): Reply {
  const state = fake.state();
  return json(200, {
    running: state !== undefined,
    planned: fake
      .planned()
      .map(({ fault: { kind, ...more }, howOften }) => ({ fail: kind, ...more, how_often: howOften })),
    ...(state === undefined
      ? {}
      : {
          master_pid: state.masterPid,
          worker_pid: state.workerPid,
          old_workers: state.oldWorkers,
          reloads: state.reloads,
          hangs: state.hangs,
          listeners: state.listeners,
          servers: state.servers,
        }),
  });
}

function readWish(body: Buffer): Wish {
  const given = objectWith(body, []);
  if (given === undefined) throw invalidInput('Invalid request', 'expected a JSON object');
  refuseOthers(given, members, '');
  return {
    heal: flag(given, 'heal'),
    fail: readFault(given),
    howOften: oneOf(given, 'how_often', ['next', 'always'] as const) ?? 'next',
    servers: Object.fromEntries(
      Object.entries(objectIn(given, 'servers') ?? {}).map(([name, change]) => [
        name,
        readChange(name, change),
      ]),
    ),
    count: readTraffic(objectIn(given, 'count')),
    endOldWorkers: flag(given, 'end_old_workers'),
    die: flag(given, 'die'),
  };
}

function readFault(given: JsonObject): Fault | undefined {
  const kind = oneOf(given, 'fail', faultKinds);
  const printed = text(given, 'printed');
  const ms = number(given, 'ms');
  if (kind === 'start-is-slow' || kind === 'reload-is-slow') return { kind, ms: ms ?? 0 };
  if (kind === undefined || kind === 'hangs') return kind && { kind };
  return { kind, ...(printed === undefined ? {} : { printed }) };
}

function readChange(name: string, change: unknown): ServerChange {
  const given = asObject(change);
  if (given === undefined) throw expected(`servers.${name}`, 'an object');
  refuseOthers(given, ['status', 'weight', 'sessions'], `servers.${name}.`);
  const [status, weight, sessions] = [
    text(given, 'status'),
    number(given, 'weight'),
    number(given, 'sessions'),
  ];
  return {
    ...(status === undefined ? {} : { status }),
    ...(weight === undefined ? {} : { weight }),
    ...(sessions === undefined ? {} : { sessions }),
  };
}

const counted = {
  connections: 'connections',
  bytes_in: 'bytesIn',
  bytes_out: 'bytesOut',
  request_errors: 'requestErrors',
  current: 'current',
} as const;

function readTraffic(given: JsonObject | undefined): Traffic | undefined {
  if (given === undefined) return undefined;
  refuseOthers(given, ['listener', ...Object.keys(counted)], 'count.');
  const listener = text(given, 'listener');
  const figures = Object.entries(counted).flatMap(([word, name]) => {
    const value = number(given, word);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...(listener === undefined ? {} : { listener }), ...Object.fromEntries(figures) };
}

function flag(given: JsonObject, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value !== 'boolean') throw expected(name, 'true or false');
  return value;
}

function text(given: JsonObject, name: string): string | undefined {
  const value = given[name];
  if (value !== undefined && typeof value !== 'string') throw expected(name, 'a string');
  return value;
}

function number(given: JsonObject, name: string): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw expected(name, 'a whole number');
  return value;
}

function oneOf<T extends string>(given: JsonObject, name: string, words: readonly T[]): T | undefined {
  const value = text(given, name);
  const found = words.find((word) => word === value);
  if (value !== undefined && found === undefined) throw expected(name, `one of ${words.join(', ')}`);
  return found;
}

function objectIn(given: JsonObject, name: string): JsonObject | undefined {
  if (given[name] === undefined) return undefined;
  const value = asObject(given[name]);
  if (value === undefined) throw expected(name, 'an object');
  return value;
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

function refuseOthers(given: JsonObject, known: readonly string[], at: string): void {
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined) throw expected(`${at}${other}`, `no such member; there are ${known.join(', ')}`);
}

function expected(name: string, what: string): AgentError {
  return invalidInput('Invalid request', `${name}: expected ${what}`);
}

const statusOf: Partial<Record<ErrorKind, number>> = {
  'not-found': 404,
  'invalid-input': 400,
  'too-large': 413,
};

function errorReply({ kind, message, detail }: AgentError): Reply {
  return json(statusOf[kind] ?? 500, { message, ...(detail === undefined ? {} : { details: detail }) });
}
