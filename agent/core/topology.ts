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
import { describeTopology, topologyInForce } from './topology-state';

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
  /** The topology that the network of this machine is to follow: where a transition leads, else the one in force. */
  inForce(): Topology;
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

/** Makes the control; nothing is read yet. */
export function createTopology(deps: TopologyDeps): TopologyControl {
  const { log, store, effects } = deps;
  const stopped = new AbortController();
  let record: TopologyRecord = {};
  let busy: Promise<void> | undefined;

  async function keep(next: TopologyRecord): Promise<void> {
    await store.write(next);
    record = next;
  }

  async function reach(to: WantedTopology, from: WantedTopology | undefined): Promise<void> {
    if (to.topology === 'ACTIVE-STANDBY') await effects.pair(to, stopped.signal);
    else await effects.alone(from === undefined ? undefined : pairOf(from), record.held === true);
  }

  async function travel(to: WantedTopology): Promise<void> {
    const from = record.settled;
    try {
      await reach(to, from);
      await keep({ settled: to });
      log.info('topology reached', { topology: to.topology });
    } catch (thrown) {
      if (stopped.signal.aborted) return;
      await turnBack(to, from, wordsOf(thrown));
    }
  }

  async function turnBack(to: WantedTopology, from: WantedTopology | undefined, why: string): Promise<void> {
    log.error('topology not reached: back to the former one', { topology: to.topology, error: why });
    const errors = [why];
    try {
      await reach(from ?? { topology: 'SINGLE' }, to);
    } catch (thrown) {
      if (stopped.signal.aborted) return;
      errors.push(`and the former topology is not whole: ${wordsOf(thrown)}`);
      log.error('former topology not restored', { error: wordsOf(thrown) });
    }
    const next = { ...(from === undefined ? {} : { settled: from }), error: errors.join('; ') };
    // On a full disk too: what is known is told, and the next agent tries again.
    record = next;
    await store.write(next);
  }

  function begin(to: WantedTopology): void {
    busy = travel(to)
      .catch((thrown: unknown) => log.error('topology not recorded', { error: messageOf(thrown) }))
      .finally(() => {
        busy = undefined;
        deps.ended();
      });
  }

  const refuseChange = (): AgentError | undefined =>
    busy === undefined ? undefined : new AgentError('unavailable', 'Topology transition in progress');

  async function decide(wanted: WantedTopology): Promise<boolean> {
    if (record.settled !== undefined && isSameTopology(record.settled, wanted)) return false;
    const isPair = wanted.topology === 'ACTIVE-STANDBY';
    if ((await effects.isUploaded()) || (!isPair && !(await effects.isPaired()))) {
      await keep({ settled: wanted });
      return false;
    }
    const pair = pairOf(wanted);
    if (pair !== undefined) await effects.requirePossible(pair);
    const { settled } = record;
    const moving = pair ?? (settled === undefined ? undefined : pairOf(settled));
    const held = moving !== undefined && (await effects.isHeld(moving));
    await keep({
      ...(settled === undefined ? {} : { settled }),
      next: wanted,
      ...(held ? { held } : {}),
    });
    return true;
  }

  return {
    async load() {
      record = await store.read();
    },
    inForce: () => record.next?.topology ?? topologyInForce(record, deps.configured()),
    refuseChange,
    async post(wanted) {
      const refusal = refuseChange();
      if (refusal !== undefined) throw refusal;
      let release: () => void = () => undefined;
      busy = new Promise((resolve) => (release = resolve));
      try {
        const isBegun = await decide(wanted);
        if (isBegun) begin(wanted);
        else busy = undefined;
        return isBegun;
      } catch (thrown) {
        busy = undefined;
        throw thrown;
      } finally {
        release();
      }
    },
    resume() {
      if (record.next !== undefined) begin(record.next);
    },
    settled: async () => {
      while (busy !== undefined) await busy;
    },
    stop: () => stopped.abort(),
    state: async () =>
      describeTopology({
        record,
        isBusy: record.next !== undefined && busy !== undefined,
        configured: deps.configured(),
        role: await deps.role(),
      }),
  };
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
