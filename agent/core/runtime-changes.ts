// Carries the changes of a plan out in a running haproxy, and looks whether it has become what the plan expects. Whoever
// calls it reloads when it throws: the file is the truth. Source: contract/dataplane.md 7; HAProxy 2.6 management guide, 9.3.
//
// INVARIANT: no session is ended: a server that still has some after a moment is left in maintenance, and a reload lets
// them finish in the old worker.

import {
  deletionOf,
  ordersOf,
  purgeOf,
  restOf,
  settling,
  type ImmediateChange,
} from '../haproxy/change-orders';
import {
  differentAddress,
  differentCertificate,
  differentChecks,
  differentServers,
  differentStanding,
  differentWeight,
} from '../haproxy/read-back';
import { requireSuccess } from '../haproxy/runtime/answers';
import { runtimeCommand, withPayload, type ServerName } from '../haproxy/runtime/command';
import { parseServersState, type ServerState } from '../haproxy/runtime/show-servers-state';
import type { WorkerLines } from '../haproxy/runtime/worker-lines';
import type { ExpectedServer, NewServer, RuntimeChange, RuntimePlan } from '../haproxy/runtime-change';
import type { Clock } from '../host/clock';
import { AgentError, isAgentError } from '../model/errors';

export type Changes = Extract<RuntimePlan, { readonly kind: 'runtime' }>;

export interface RuntimeChangesInput {
  readonly lines: WorkerLines;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly plan: Changes;
  /** The servers as they were. */
  readonly before: readonly ServerState[];
  /** Texts of the certificates that change, by path. */
  readonly certificates: ReadonlyMap<string, string>;
}

const removalMs = 500;
const retryMs = 10;

/** Names the servers that a plan touches, `backend/server`. */
export function touchedBy({ changes, expected }: Changes): readonly string[] {
  const named = changes.flatMap((change) =>
    change.kind === 'certificate' ? [] : [nameOf(change.kind === 'add' ? change.server : change)],
  );
  return [...new Set([...named, ...expected.filter(({ changes: touched }) => touched).map(nameOf)])];
}

/** Carries a plan out. Throws haproxy's refusal and faults of the socket; some of it is then done. */
export async function carryOut(input: RuntimeChangesInput): Promise<void> {
  const { lines, plan } = input;
  const certificates = plan.changes.flatMap((change) => (change.kind === 'certificate' ? [change.path] : []));
  const removals = plan.changes.flatMap((change) => (change.kind === 'remove' ? [change] : []));
  for (const path of certificates) await replaceCertificate(lines, path, input.certificates.get(path) ?? '');
  const immediate = plan.changes.filter(
    (change): change is ImmediateChange => change.kind !== 'certificate' && change.kind !== 'remove',
  );
  await lines.order([...immediate.flatMap(ordersOf), ...settlingOrders(input), ...removals.map(restOf)]);
  await remove(input, removals);
}

/** Reads back what a plan has made of haproxy. Throws `precondition` for what is not as expected. */
export async function readBack({ lines, plan, certificates }: RuntimeChangesInput): Promise<void> {
  const changing = new Set(
    plan.changes.flatMap((change) => (change.kind === 'certificate' ? [] : [backendOf(change)])),
  );
  const states: ServerState[] = [];
  for (const backend of changing)
    states.push(...parseServersState(await lines.ask(runtimeCommand('show', 'servers', 'state', backend))));
  const expected = plan.expected.filter(({ backend }) => changing.has(backend));
  refuse(differentServers(expected.map(nameOf), states));
  const found = new Map(states.map((state) => [nameOf(state), state] as const));
  for (const server of expected) {
    const state = found.get(nameOf(server));
    if (state !== undefined) refuse(differenceOf(server, state), nameOf(server));
  }
  for (const change of plan.changes) {
    const state = change.kind === 'add' ? found.get(nameOf(change.server)) : undefined;
    if (change.kind === 'add' && state !== undefined)
      refuse(differentChecks(change.server, state), nameOf(change.server));
  }
  for (const [path, pem] of certificates)
    refuse(differentCertificate(pem, await lines.ask(runtimeCommand('show', 'ssl', 'cert', path))), path);
}

function differenceOf(server: ExpectedServer, state: ServerState): string | undefined {
  const address = differentAddress(server, state);
  if (!server.changes) return address;
  return address ?? differentWeight(server, state) ?? differentStanding(server, state);
}

function refuse(difference: string | undefined, of?: string): void {
  if (difference === undefined) return;
  throw new AgentError('precondition', 'haproxy has not become what was asked of it', {
    detail: of === undefined ? difference : `${of} ${difference}`,
  });
}

function settlingOrders({ plan, before }: RuntimeChangesInput) {
  const states = new Map(before.map((state) => [nameOf(state), state] as const));
  return plan.expected.flatMap((server) => {
    const state = states.get(nameOf(server));
    // One that is added has no state yet.
    if (!server.changes || state === undefined) return [];
    const own = plan.changes.filter((change) => isOf(change, server));
    return own.some(({ kind }) => kind === 'remove') ? [] : settling(server, state, own);
  });
}

async function remove(
  { lines, clock, before }: RuntimeChangesInput,
  removals: readonly ServerName[],
): Promise<void> {
  const deadlineMs = clock.monotonic() + removalMs;
  let left = removals;
  for (;;) {
    const used: ServerName[] = [];
    for (const name of left) if (!(await removeOne(lines, name))) used.push(name);
    const [first] = used;
    if (first === undefined) return;
    if (clock.monotonic() >= deadlineMs)
      throw new AgentError('conflict', 'sessions of a removed server go on', { detail: nameOf(first) });
    left = used;
    const names = new Set(used.map(nameOf));
    await lines.order(before.filter((state) => names.has(nameOf(state))).flatMap(purgeOf));
    await clock.sleep(retryMs);
  }
}

/** False while it is used. */
async function removeOne(lines: WorkerLines, name: ServerName): Promise<boolean> {
  const { command, kind, about } = deletionOf(name);
  try {
    requireSuccess(kind, await lines.ask(command), about);
    return true;
  } catch (thrown) {
    const fault = isAgentError(thrown) ? thrown.fault : undefined;
    if (fault?.code === 'conflict' && fault.said.startsWith('Server still has connections')) return false;
    throw thrown;
  }
}

async function replaceCertificate(lines: WorkerLines, path: string, pem: string): Promise<void> {
  // An empty line ends the payload.
  const text = pem.split(/\r?\n/).filter((line) => line.trim() !== '');
  const payload = [...text, '', ''].join('\n');
  const taken = await lines.ask(withPayload(runtimeCommand('set', 'ssl', 'cert', path)), payload);
  requireWord(/^Transaction (?:created|updated) for certificate /, taken, path);
  const done = await lines.ask(runtimeCommand('commit', 'ssl', 'cert', path));
  if (/^Success!$/m.test(done)) return;
  await lines.ask(runtimeCommand('abort', 'ssl', 'cert', path));
  requireWord(/^Success!$/m, done, path);
}

function requireWord(success: RegExp, answer: string, path: string): void {
  if (success.test(answer)) return;
  throw new AgentError('precondition', 'haproxy does not take a certificate', {
    detail: `${path}: ${answer.trim().slice(0, 500)}`,
  });
}

const backendOf = (change: Exclude<RuntimeChange, { readonly kind: 'certificate' }>): string =>
  change.kind === 'add' ? change.server.backend : change.backend;

const isOf = (change: RuntimeChange, { backend, server }: ExpectedServer): boolean =>
  change.kind !== 'certificate' &&
  change.kind !== 'add' &&
  change.backend === backend &&
  change.server === server;

const nameOf = ({ backend, server }: Pick<NewServer, 'backend' | 'server'>): string => `${backend}/${server}`;
