// The runtime API as commands use it, over the agent's local socket. Source: contract/runtime.md sections 2, 3 and 6.

import type { LocalHttpRequest } from '../host/local-http';
import { AgentError, invalidInput } from '../model/errors';
import type { LocalAgent } from './local-agent';

export interface ServerName {
  readonly backend: string;
  readonly server: string;
}

/** A server of one instance. */
export interface ServerPath extends ServerName {
  readonly instance: string;
}

export interface DrainWish {
  /** Seconds. */
  readonly timeoutS: number;
  readonly then?: 'maint' | undefined;
  readonly force: boolean;
}

export interface DrainProgress {
  readonly state: 'waiting' | 'completed' | 'timeout' | 'cancelled' | 'failed';
  readonly sessionsAtStart: number;
  readonly sessions: number;
  readonly elapsedS: number;
  /** Clients with the server's cookie still come. */
  readonly isSticky: boolean;
  /** Sessions that were cut at the end of the time. */
  readonly cut: number;
  /** Why it ended as it did; '' where that is plain. */
  readonly reason: string;
}

const root = '/api/v1/haproxy';
const namePattern = /^[A-Za-z0-9_.:-]{1,255}$/;
const states: ReadonlySet<string> = new Set(['waiting', 'completed', 'timeout', 'cancelled', 'failed']);

/** Reads `BACKEND/SERVER`. Throws `invalid-input`. */
export function parseServerName(text: string): ServerName {
  const [backend = '', server = '', more] = text.split('/');
  if (more !== undefined || !namePattern.test(backend) || !namePattern.test(server)) {
    throw invalidInput('Invalid argument', 'expected BACKEND/SERVER, in names of haproxy');
  }
  return { backend, server };
}

/** Finds the one instance that has a backend. Throws `not-found` for none, `conflict` naming them for several. */
export async function findInstance(agent: LocalAgent, { backend }: ServerName): Promise<string> {
  const { instances } = (await call(agent, { method: 'GET', path: `${root}/instances` })).data;
  const names = (Array.isArray(instances) ? instances : []).map(nameOf).filter((name) => name !== '');
  const having = await Promise.all(names.map((name) => hasBackend(agent, name, backend)));
  const found = names.filter((_, index) => having[index]);
  const [only, second] = found;
  if (only === undefined) {
    throw new AgentError('not-found', `No load balancer that answers has a backend ${backend}`, {
      detail: names.length === 0 ? 'there are no load balancers' : `asked were ${names.join(', ')}`,
    });
  }
  if (second === undefined) return only;
  throw new AgentError(
    'conflict',
    `Several load balancers have a backend ${backend}: say which by --instance`,
    {
      detail: found.join(', '),
    },
  );
}

function nameOf(instance: unknown): string {
  if (typeof instance === 'string') return instance;
  const { name } = (typeof instance === 'object' && instance !== null ? instance : {}) as { name?: unknown };
  return typeof name === 'string' ? name : '';
}

/** False also for one whose haproxy does not answer. */
async function hasBackend(agent: LocalAgent, instance: string, backend: string): Promise<boolean> {
  const { status, json } = await agent.ask({
    method: 'GET',
    path: `${root}/${encodeURIComponent(instance)}/backends`,
    headers: english,
  });
  const { backends } = dataOf(json);
  return status === 200 && Array.isArray(backends) && backends.includes(backend);
}

/** Sets what a server takes. */
export async function setServer(
  agent: LocalAgent,
  server: ServerPath,
  action: 'ready' | 'drain' | 'maint',
): Promise<void> {
  await call(agent, { method: 'POST', path: `${pathOf(server)}/action`, body: { action } });
}

/** Begins to drain a server and gives the path of the operation. */
export async function beginDrain(agent: LocalAgent, server: ServerPath, wish: DrainWish): Promise<string> {
  const { timeoutS, then, force } = wish;
  const body = { action: 'drain', wait: true, timeout: timeoutS, force, ...(then && { then }) };
  const { location } = await call(agent, { method: 'POST', path: `${pathOf(server)}/action`, body });
  if (location?.startsWith('/') === true) return location;
  throw new AgentError('version-mismatch', 'The agent does not tell which operation it has begun');
}

/** Asks how an operation goes. */
export async function readDrain(agent: LocalAgent, path: string): Promise<DrainProgress> {
  const { data } = await call(agent, { method: 'GET', path });
  const { state } = data;
  if (typeof state !== 'string' || !states.has(state)) {
    throw new AgentError('version-mismatch', 'The agent does not tell how the operation goes');
  }
  const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return {
    state: state as DrainProgress['state'],
    sessionsAtStart: numberOf(data['sessions_start']),
    sessions: numberOf(data['sessions']),
    elapsedS: numberOf(data['elapsed']),
    isSticky: data['cookie_persistent'] === true,
    cut: numberOf(data['sessions_cut']),
    reason: typeof data['reason'] === 'string' ? data['reason'] : '',
  };
}

/** Ends an operation; the server stays as it is. */
export async function cancelDrain(agent: LocalAgent, path: string): Promise<void> {
  await call(agent, { method: 'DELETE', path });
}

const english = { 'Accept-Language': 'en', 'X-Strict-Status': '1' } as const;

interface Answered {
  readonly data: Readonly<Record<string, unknown>>;
  readonly location: string | undefined;
}

async function call(
  agent: LocalAgent,
  request: Pick<LocalHttpRequest, 'method' | 'path' | 'body'>,
): Promise<Answered> {
  const { status, json, text, headers } = await agent.ask({ ...request, headers: english });
  if (status >= 200 && status < 300) return { data: dataOf(json), location: headers['location'] };
  const { error } = (typeof json === 'object' && json !== null ? json : {}) as { error?: unknown };
  const words = typeof error === 'string' ? error : text.slice(0, 200);
  throw new AgentError(
    status === 404 ? 'not-found' : 'conflict',
    words === '' ? `The agent answers ${status}` : words,
  );
}

function dataOf(json: unknown): Readonly<Record<string, unknown>> {
  const { data } = (typeof json === 'object' && json !== null ? json : {}) as { data?: unknown };
  return typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
}

function pathOf({ instance, backend, server }: ServerPath): string {
  const [first, second, third] = [instance, backend, server].map(encodeURIComponent);
  return `${root}/${first ?? ''}/backends/${second ?? ''}/servers/${third ?? ''}`;
}
