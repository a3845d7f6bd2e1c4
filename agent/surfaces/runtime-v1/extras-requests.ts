// Bodies and queries of what goes beyond the document, read or refused with the member and what was expected.
// Source: contract/runtime.md 6.

import { validators } from '../../generated/validators';
import { parseJson } from '../../http/json-body';
import { parseIp } from '../../model/ip';
import { runtimeError } from '../../model/runtime-fault';

export interface Wait {
  readonly timeoutMs: number;
  readonly afterwards: 'maint' | 'ready' | undefined;
  readonly force: boolean;
}

export interface HealthBody {
  readonly check?: 'enabled' | 'disabled';
  readonly agent?: 'enabled' | 'disabled';
  readonly force?: 'up' | 'down' | 'stopping';
}

export interface AdditionBody {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly check?: boolean;
  readonly weight?: number;
  readonly maxconn?: number;
  readonly backup?: boolean;
  readonly inter?: number;
  readonly fall?: number;
  readonly rise?: number;
  readonly persist?: boolean;
}

type Shape = 'runtimeWait' | 'runtimeWeight' | 'runtimeHealth' | 'runtimeBulk' | 'runtimeAddition';

const expectations: Readonly<Record<string, string>> = {
  wait: 'true, false',
  timeout: '0.1 … 86400',
  then: 'maint, ready',
  force: 'true, false',
  weight: '0 … 256, "0%" … "100%"',
  check: 'true, false',
  agent: 'enabled, disabled',
  servers: '["…"], "*"',
  name: 'A-Z a-z 0-9 _ . : -',
  address: 'IPv4, IPv6',
  port: '1 … 65535',
  maxconn: '0 …',
  backup: 'true, false',
  inter: '1 … (ms)',
  fall: '1 … 1000',
  rise: '1 … 1000',
  persist: 'true, false',
};
const ofHealth: Readonly<Record<string, string>> = {
  check: 'enabled, disabled',
  force: 'up, down, stopping',
  body: 'check, agent, force',
};

const defaultWaitS = 60;
const defaultRemovalS = 10;

/** Reads how a drain is to be waited for; undefined when it is not. Only for `drain`: nothing else becomes idle by itself. */
export function readWait(body: Buffer, action: string): Wait | undefined {
  const value = read('runtimeWait', body) as {
    readonly wait?: boolean;
    readonly timeout?: number;
    readonly then?: 'maint' | 'ready';
    readonly force?: boolean;
  };
  if (value.wait !== true) return undefined;
  if (action !== 'drain') throw runtimeError({ code: 'invalid_request', field: 'action', expected: 'drain' });
  const { timeout = defaultWaitS, then, force = false } = value;
  return { timeoutMs: timeout * 1_000, afterwards: then, force };
}

/** Reads a weight in haproxy's words. */
export function readWeight(body: Buffer): string {
  return String((read('runtimeWeight', body) as { readonly weight: number | string }).weight);
}

/** Reads what is wished of a server's checks. */
export function readHealth(body: Buffer): HealthBody {
  const { check, agent, force } = read('runtimeHealth', body) as HealthBody;
  if (check === undefined && agent === undefined && force === undefined)
    throw wrong('body', ofHealth['body']);
  return {
    ...(check === undefined ? {} : { check }),
    ...(agent === undefined ? {} : { agent }),
    ...(force === undefined ? {} : { force }),
  };
}

/** Reads which servers an action is for. */
export function readServers(body: Buffer): readonly string[] | '*' {
  return (read('runtimeBulk', body) as { readonly servers: readonly string[] | '*' }).servers;
}

/** Reads a server to be added. A name in place of an address is refused: haproxy would leave it without one. */
export function readAddition(body: Buffer): AdditionBody {
  const value = read('runtimeAddition', body) as AdditionBody;
  const ip = parseIp(value.address);
  if (ip === undefined || ip.zone !== undefined) throw wrong('address', expectations['address']);
  return { ...value, address: ip.text };
}

/** Reads `drain` and `timeout` of a removal. */
export function readRemoval(query: URLSearchParams): { readonly drain: boolean; readonly timeoutMs: number } {
  const timeout = Number(query.get('timeout') ?? defaultRemovalS);
  if (!(timeout >= 0 && timeout <= 3_600)) throw wrong('timeout', '0 … 3600');
  return { drain: isSet(query, 'drain'), timeoutMs: timeout * 1_000 };
}

/** Tells whether a switch of the query is on: `?sync=1`, `?sync=true`. */
export function isSet(query: URLSearchParams, name: string): boolean {
  return ['1', 'true'].includes(query.get(name) ?? '');
}

function read(shape: Shape, body: Buffer): unknown {
  const value = parseJson(body);
  const validate = validators[shape];
  if (validate(value)) return value;
  const fault = validate.errors?.[0];
  const missing: unknown = fault?.params['missingProperty'];
  const path = fault?.instancePath.split('/')[1];
  const field = path ?? (typeof missing === 'string' ? missing : 'body');
  throw wrong(field, (shape === 'runtimeHealth' ? ofHealth[field] : undefined) ?? expectations[field]);
}

const wrong = (field: string, expected = '{…}') => runtimeError({ code: 'invalid_request', field, expected });
