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
  /** Makes this amphora half of a pair and resolves when VRRP has decided on its role. */
  pair(pair: Pair, signal: AbortSignal): Promise<void>;
  /** Tells whether this amphora has the address of a pair now. */
  isHeld(pair: Pair): Promise<boolean>;
  /** Ends what `pair` has made; this amphora has the address of its former pair again when it was its own or `wasHeld`. */
  alone(former: Pair | undefined, wasHeld: boolean): Promise<void>;
}

export interface TopologyReader {
  /** The topology in force with the role that is observed now. */
  state(): Promise<TopologyState>;
}

export interface TopologyControl extends TopologyReader {
  /** Reads what was posted; before anything is restored. Throws `version-mismatch`. */
  load(): Promise<void>;
  /** What the network of this machine is to follow: where a transition leads, else the topology in force. */
  followed(): Topology;
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
    followed: () => followedTopology(book.record, deps.configured()),
    refuseChange: () => refusalOf(book),
    post,
    resume() {
      if (book.record.next !== undefined) begin(deps, book, book.record.next);
    },
    settled: async () => {
      while (book.busy !== undefined) await book.busy;
    },
    stop: () => book.stopped.abort(),
    state: async () =>
      describeTopology({
        record: book.record,
        isBusy: book.record.next !== undefined && book.busy !== undefined,
        configured: deps.configured(),
        role: await deps.role(),
      }),
  };
}

function refusalOf({ busy }: Book): AgentError | undefined {
  return busy === undefined ? undefined : new AgentError('unavailable', 'Topology transition in progress');
}

async function keep({ store }: TopologyDeps, book: Book, record: TopologyRecord): Promise<void> {
  await store.write(record);
  book.record = record;
}

/** False when there is no way to go: what was wanted is then in force. */
async function decide(deps: TopologyDeps, book: Book, wanted: WantedTopology): Promise<boolean> {
  const { effects } = deps;
  const { settled } = book.record;
  if (settled !== undefined && isSameTopology(settled, wanted)) return false;
  const pair = pairOf(wanted);
  if ((await effects.isUploaded()) || (pair === undefined && !(await effects.isPaired()))) {
    await keep(deps, book, { settled: wanted });
    return false;
  }
  if (pair !== undefined) await effects.requirePossible(pair);
  const moving = pair ?? (settled === undefined ? undefined : pairOf(settled));
  const held = moving !== undefined && (await effects.isHeld(moving));
  await keep(deps, book, {
    ...(settled === undefined ? {} : { settled }),
    next: wanted,
    ...(held ? { held } : {}),
  });
  return true;
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
  const { settled } = book.record;
  log.error('topology not reached: back to the former one', { topology: to.topology, error: why });
  const errors = [why];
  try {
    await reach(deps, book, settled ?? { topology: 'SINGLE' }, to);
  } catch (thrown) {
    if (book.stopped.signal.aborted) return;
    errors.push(`and the former topology is not whole: ${wordsOf(thrown)}`);
    log.error('former topology not restored', { error: wordsOf(thrown) });
  }
  // On a full disk too: what is known is told, and the next agent tries again.
  book.record = { ...(settled === undefined ? {} : { settled }), error: errors.join('; ') };
  await store.write(book.record);
}

async function reach(
  { effects }: TopologyDeps,
  { record, stopped }: Book,
  to: WantedTopology,
  from: WantedTopology | undefined,
): Promise<void> {
  if (to.topology === 'ACTIVE-STANDBY') await effects.pair(to, stopped.signal);
  else await effects.alone(from === undefined ? undefined : pairOf(from), record.held === true);
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
