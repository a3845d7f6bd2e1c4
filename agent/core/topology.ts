// Which topology is in force, and the way from one to another: what was posted last, else what the configuration says.
// Source: contract/amphora-v0.1.md "Topology", contract/vrrp.md 6.
//
// INVARIANTS:
// - where a transition leads is on disk before anything is changed, so that a killed agent goes on with it;
// - a transition ends in what was wanted or in what was before, and until then nobody else changes anything;
// - an uploaded configuration of keepalived is never touched: the topology is then recorded and nothing more.

import type { Log } from '../host/log';
import { AgentError, messageOf } from '../model/errors';
import {
  isSameTopology,
  type HeldAddress,
  type Pair,
  type Topology,
  type TopologyState,
  type WantedTopology,
} from '../model/topology';
import type { VrrpState as VrrpRole } from '../model/vrrp';
import type { TopologyRecord, TopologyStore } from './topology-store';
import { describeTopology, followedTopology } from './topology-state';

/** What a topology makes of this machine. */
export interface TopologyEffects {
  /** Whether a controller has uploaded a configuration of keepalived. */
  isUploaded(): Promise<boolean>;
  /** Whether this amphora is half of a pair by a configuration of our own. */
  isPaired(): Promise<boolean>;
  /** Throws `invalid-input` naming the parameter that this machine cannot serve. */
  requirePossible(pair: Pair): Promise<void>;
  /** Tells whether nothing need be done for a topology that was reached before. */
  isInForce(topology: WantedTopology): Promise<boolean>;
  /** Makes this amphora half of a pair and resolves when VRRP has decided on its role; `held`: where its address was before. */
  pair(pair: Pair, held: readonly HeldAddress[], signal: AbortSignal): Promise<void>;
  /** Tells where this amphora has the address of a pair now; empty when it has not. */
  held(pair: Pair): Promise<readonly HeldAddress[]>;
  /** Ends what `pair` has made, and puts back what was `held`; plugged VIPs follow `followed`. */
  alone(former: Pair | undefined, held: readonly HeldAddress[], followed: Topology): Promise<void>;
}

export interface TopologyReader {
  /** The topology in force with the role that is observed now. */
  state(): Promise<TopologyState>;
}

export interface TopologyControl extends TopologyReader {
  /** Reads what was posted; before anything is restored. Throws `version-mismatch`. */
  load(): Promise<void>;
  /** What the network of this machine is to follow: where a transition leads, else the topology in force. */
  followed(): Promise<Topology>;
  /** Why nothing may be changed now. */
  refuseChange(): AgentError | undefined;
  /** Makes a topology the wanted one; true when a transition has begun, false when nothing had to be changed. Throws `unavailable` during another transition, `invalid-input`. */
  post(wanted: WantedTopology): Promise<boolean>;
  /** Goes on with a transition that the former agent did not end. */
  resume(): void;
  /** Resolves when no transition is under way. */
  settled(): Promise<void>;
  /** Ends waiting: the next agent goes on. */
  stop(): void;
}

export interface TopologyDeps {
  readonly log: Log;
  readonly store: TopologyStore;
  readonly effects: TopologyEffects;
  readonly role: () => Promise<VrrpRole | undefined>;
  /** agent.conf's `loadbalancer_topology`, which may change while the agent runs. */
  readonly configured: () => 'SINGLE' | 'ACTIVE_STANDBY';
  /** Told when a transition has ended. */
  readonly ended: () => void;
}

/** What the control knows and does now. */
interface Book {
  record: TopologyRecord;
  /** The transition under way, or the decision whether there is one. */
  busy: Promise<void> | undefined;
  readonly stopped: AbortController;
}

/** Makes the control; nothing is read yet. */
export function createTopology(deps: TopologyDeps): TopologyControl {
  const book: Book = { record: {}, busy: undefined, stopped: new AbortController() };

  async function post(wanted: WantedTopology): Promise<boolean> {
    const refusal = refusalOf(book);
    if (refusal !== undefined) throw refusal;
    let release: () => void = () => undefined;
    book.busy = new Promise((resolve) => (release = resolve));
    let isBegun = false;
    try {
      isBegun = await decide(deps, book, wanted);
      return isBegun;
    } finally {
      book.busy = undefined;
      if (isBegun) begin(deps, book, wanted);
      release();
    }
  }

  return {
    async load() {
      book.record = await deps.store.read();
    },
    followed: () => followed(deps, book.record),
    refuseChange: () => refusalOf(book),
    post,
    resume() {
      if (book.record.next !== undefined && book.busy === undefined) begin(deps, book, book.record.next);
    },
    settled: async () => {
      while (book.busy !== undefined) await book.busy;
    },
    stop: () => book.stopped.abort(),
    state: async () =>
      describeTopology({
        record: book.record,
        isBusy: book.record.next !== undefined,
        configured: deps.configured(),
        role: await deps.role(),
      }),
  };
}

/** Also before a transition of the former agent goes on: the listener is there first. */
function refusalOf({ busy, record }: Book): AgentError | undefined {
  if (busy === undefined && record.next === undefined) return undefined;
  return new AgentError('unavailable', 'Topology transition in progress');
}

async function followed({ effects, configured }: TopologyDeps, record: TopologyRecord): Promise<Topology> {
  return followedTopology(record, configured(), await effects.isUploaded());
}

async function keep({ store }: TopologyDeps, book: Book, record: TopologyRecord): Promise<void> {
  await store.write(record);
  book.record = record;
}

/** False when there is no way to go: what was wanted is then in force. */
async function decide(deps: TopologyDeps, book: Book, wanted: WantedTopology): Promise<boolean> {
  const { effects } = deps;
  const { settled, error } = book.record;
  const isKnown = settled !== undefined && isSameTopology(settled, wanted);
  if (isKnown && error === undefined && (await effects.isInForce(wanted))) return false;
  const pair = pairOf(wanted);
  const changes =
    pair !== undefined ||
    error !== undefined ||
    (await effects.isPaired()) ||
    (await meansPair(deps, book.record)) !== (await meansPair(deps, { settled: wanted }));
  if ((await effects.isUploaded()) || !changes) {
    await keep(deps, book, { settled: wanted });
    return false;
  }
  if (pair !== undefined) await effects.requirePossible(pair);
  const moving = pair ?? (settled === undefined ? undefined : pairOf(settled));
  const now = moving === undefined ? [] : await effects.held(moving);
  const held = now.length > 0 ? now : (book.record.held ?? []);
  await keep(deps, book, { ...withSettled(settled), next: wanted, ...(held.length > 0 ? { held } : {}) });
  return true;
}

/** Whether plugged VIPs are keepalived's. */
async function meansPair(deps: TopologyDeps, record: TopologyRecord): Promise<boolean> {
  return (await followed(deps, record)) === 'ACTIVE-STANDBY';
}

function begin(deps: TopologyDeps, book: Book, to: WantedTopology): void {
  book.busy = travel(deps, book, to)
    .catch((thrown: unknown) => deps.log.error('topology not recorded', { error: messageOf(thrown) }))
    .finally(() => {
      book.busy = undefined;
      deps.ended();
    });
}

async function travel(deps: TopologyDeps, book: Book, to: WantedTopology): Promise<void> {
  try {
    await reach(deps, book, to, book.record.settled);
    await keep(deps, book, { settled: to });
    deps.log.info('topology reached', { topology: to.topology });
  } catch (thrown) {
    if (!book.stopped.signal.aborted) await turnBack(deps, book, to, wordsOf(thrown));
  }
}

async function turnBack(deps: TopologyDeps, book: Book, to: WantedTopology, why: string): Promise<void> {
  const { log, store } = deps;
  const { settled, held } = book.record;
  log.error('topology not reached: back to the former one', { topology: to.topology, error: why });
  const errors = [why];
  let left: Pick<TopologyRecord, 'held'> = {};
  try {
    await reach(deps, book, settled, to);
  } catch (thrown) {
    if (book.stopped.signal.aborted) return;
    if (held !== undefined) left = { held };
    errors.push(`and the former topology is not whole: ${wordsOf(thrown)}`);
    log.error('former topology not restored', { error: wordsOf(thrown) });
  }
  // On a full disk too: what is known is told, and the next agent tries again.
  book.record = { ...withSettled(settled), ...left, error: errors.join('; ') };
  await store.write(book.record);
}

/** `to` undefined: what the configuration says, which is nothing of ours to make. */
async function reach(
  deps: TopologyDeps,
  { record: { held = [] }, stopped }: Book,
  to: WantedTopology | undefined,
  from: WantedTopology | undefined,
): Promise<void> {
  if (to?.topology === 'ACTIVE-STANDBY') return deps.effects.pair(to, held, stopped.signal);
  const former = from === undefined ? undefined : pairOf(from);
  await deps.effects.alone(former, held, await followed(deps, withSettled(to)));
}

function withSettled(settled: WantedTopology | undefined): TopologyRecord {
  return settled === undefined ? {} : { settled };
}

function pairOf(topology: WantedTopology): Pair | undefined {
  return topology.topology === 'ACTIVE-STANDBY' ? topology : undefined;
}

function wordsOf(thrown: unknown): string {
  const detail = thrown instanceof AgentError ? thrown.detail : undefined;
  const words = detail === undefined || detail === '' ? messageOf(thrown) : `${messageOf(thrown)}: ${detail}`;
  return words.slice(0, longestError);
}

const longestError = 1_000;
