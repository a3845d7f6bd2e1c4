// The rounds of the watcher: is each group alive, does it answer, has it been up long enough. Looks and questions are
// spread over time, so that hundreds of groups never make one burst.

import { haproxyPaths } from '../haproxy/paths';
import type { LoadBalancerId } from '../model/ids';
import { soundAfterMs } from '../supervisor/restart-policy';
import type { WatchedGroup } from './watched-group';
import type { WatcherDeps } from './watcher';

export interface HealthRounds {
  /** Milliseconds between two rounds. */
  readonly periodMs: number;
  readonly round: () => void;
  /** Gives a group its place in time. */
  spread(group: WatchedGroup): void;
}

export interface HealthRoundsHooks {
  readonly groups: ReadonlyMap<LoadBalancerId, WatchedGroup>;
  readonly planRestart: (group: WatchedGroup, upMs: number) => void;
  readonly died: (group: WatchedGroup) => void;
  readonly heard: (group: WatchedGroup) => void;
  readonly background: (job: Promise<unknown>) => void;
}

const periodMs = 250;
const lookEveryMs = 1_000;
const longestProbeEveryMs = 5_000;
// A round that comes so late says that the agent stood still itself.
const gapMs = 4 * periodMs;
// Multiples of the golden ratio spread evenly, however many there are.
const goldenRatio = 0.618_033_988_75;

/** Makes the rounds. */
export function createHealthRounds(deps: WatcherDeps, hooks: HealthRoundsHooks): HealthRounds {
  const { clock, log, liveness, haproxy, descriptors, crashLog, hangTimeoutMs } = deps;
  const probeEveryMs = Math.min(hangTimeoutMs / 2, longestProbeEveryMs);
  let places = 0;
  let lastRoundMs = clock.monotonic();

  function lookAt(group: WatchedGroup, nowMs: number): void {
    group.nextLookMs = nowMs + lookEveryMs;
    if (group.process !== undefined && !liveness.isAlive(group.process)) hooks.died(group);
  }

  /** One question through the master to the worker: both have to answer. */
  async function ask(group: WatchedGroup): Promise<void> {
    group.isAsked = true;
    try {
      const info = await haproxy.info(haproxyPaths(deps.roots, group.id));
      if (hooks.groups.get(group.id) !== group) return;
      if (info?.has('Pid') === true) {
        descriptors.note(group.id, info);
        hooks.heard(group);
      } else {
        // Asked again at the next round; and somebody that nobody listens for may be dead.
        group.nextProbeMs = clock.monotonic();
        lookAt(group, clock.monotonic());
      }
    } finally {
      group.isAsked = false;
    }
  }

  function hang(group: WatchedGroup): void {
    group.health = 'hung';
    log.error('haproxy does not answer', {
      loadBalancer: group.id,
      pid: group.process?.pid,
      silentS: Math.round(hangTimeoutMs / 1_000),
    });
  }

  function visit(group: WatchedGroup, nowMs: number): void {
    if (group.isChanging) return;
    if (!group.isChild && nowMs >= group.nextLookMs) lookAt(group, nowMs);
    if (group.health === 'down') return;
    if (nowMs >= group.nextProbeMs && !group.isAsked) {
      group.nextProbeMs += Math.ceil((nowMs - group.nextProbeMs + 1) / probeEveryMs) * probeEveryMs;
      hooks.background(ask(group));
    }
    const isSilent = nowMs - group.heardMs >= hangTimeoutMs;
    if (isSilent && group.health !== 'hung') hang(group);
    if (group.health === 'hung' && deps.restartHung && group.restart === undefined) {
      hooks.planRestart(group, nowMs - group.upSinceMs);
    }
    if (group.health === 'serves' && nowMs - group.upSinceMs >= soundAfterMs) settle(group);
  }

  /** It has been up for long: its failures are history. */
  function settle(group: WatchedGroup): void {
    group.failures = 0;
    group.words = '';
    if (!group.mayHaveCrashLog) return;
    group.mayHaveCrashLog = false;
    hooks.background(crashLog.forget(haproxyPaths(deps.roots, group.id)));
  }

  return {
    periodMs,
    spread(group) {
      places += 1;
      const place = (places * goldenRatio) % 1;
      group.nextLookMs += place * lookEveryMs;
      group.nextProbeMs += place * probeEveryMs;
    },
    round() {
      const nowMs = clock.monotonic();
      const wasAway = nowMs - lastRoundMs > gapMs;
      lastRoundMs = nowMs;
      for (const group of hooks.groups.values()) {
        if (wasAway && group.health !== 'hung') group.heardMs = nowMs;
        visit(group, nowMs);
      }
    },
  };
}
