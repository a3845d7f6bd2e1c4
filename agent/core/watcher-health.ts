// The rounds of the watcher: is each group alive, does it answer, has it been up long enough.

import { soundAfterMs } from '../supervisor/restart-policy';
import { lookEveryMs, type WatchedGroup } from './watched-group';
import { background, died, heard, isAlive, pathsOf, planRestart, type WatchContext } from './watcher-events';

export const roundMs = 250;

// A round that comes so late says that the agent stood still itself.
const gapMs = 4 * roundMs;

/** Makes the round, to be run every `roundMs`. */
export function createHealthRound(context: WatchContext): () => void {
  const { clock } = context.deps;
  let lastRoundMs = clock.monotonic();
  return () => {
    const nowMs = clock.monotonic();
    const wasAway = nowMs - lastRoundMs > gapMs;
    lastRoundMs = nowMs;
    for (const group of context.groups.values()) {
      if (wasAway && group.health !== 'hung') group.heardMs = nowMs;
      visit(context, group, nowMs);
    }
  };
}

function visit(context: WatchContext, group: WatchedGroup, nowMs: number): void {
  const { deps, probeEveryMs } = context;
  if (group.isChanging) return;
  if (group.exited === undefined && nowMs >= group.nextLookMs) look(context, group, nowMs);
  if (group.health === 'down') return;
  if (nowMs >= group.nextProbeMs && !group.isAsked) {
    group.nextProbeMs += Math.ceil((nowMs - group.nextProbeMs + 1) / probeEveryMs) * probeEveryMs;
    background(context, ask(context, group));
  }
  const isSilent = nowMs - group.heardMs >= deps.hangTimeoutMs;
  if (isSilent && group.health !== 'hung') hang(context, group);
  if (group.health === 'hung' && deps.restartHung && group.restart === undefined) {
    planRestart(context, group, nowMs - group.upSinceMs);
  }
  if (group.health === 'serves' && nowMs - group.upSinceMs >= soundAfterMs) settle(context, group);
}

function look(context: WatchContext, group: WatchedGroup, nowMs: number): void {
  group.nextLookMs = nowMs + lookEveryMs;
  if (group.health !== 'down' && !isAlive(context, group)) died(context, group);
}

/** One question through the master to the worker: both have to answer. */
async function ask(context: WatchContext, group: WatchedGroup): Promise<void> {
  const { clock, haproxy, descriptors } = context.deps;
  group.isAsked = true;
  try {
    const info = await haproxy.info(pathsOf(context, group));
    if (context.groups.get(group.id) !== group) return;
    if (info?.has('Pid') === true) {
      descriptors.note(group.id, info);
      heard(context, group);
    } else {
      // Asked again at the next round; and one for whom nobody listens may be dead.
      group.nextProbeMs = clock.monotonic();
      look(context, group, clock.monotonic());
    }
  } finally {
    group.isAsked = false;
  }
}

function hang({ deps }: WatchContext, group: WatchedGroup): void {
  group.health = 'hung';
  deps.log.error('haproxy does not answer', {
    loadBalancer: group.id,
    pid: group.process?.pid,
    silentS: Math.round(deps.hangTimeoutMs / 1_000),
  });
}

/** It has been up for long: its failures are history. */
function settle(context: WatchContext, group: WatchedGroup): void {
  group.failures = 0;
  group.words = '';
  if (!group.mayHaveCrashLog) return;
  group.mayHaveCrashLog = false;
  background(context, context.deps.crashLog.forget(pathsOf(context, group)));
}
