// Which configurations haproxy has checked for this agent, so that a reload right after an upload need not have the
// same asked again: a check takes longer than all the rest. What counts is all that a check looks at, as digests; what names hosts is
// looked up anew each time. Source: DESIGN "Two doors for change".
//
// INVARIANT: nothing outlives the agent, and what failed to come up is checked again.

import type { EffectiveConfig } from '../haproxy/overlay';
import { namesHosts } from '../haproxy/server-lines';
import type { LoadBalancerId } from '../model/ids';
import { digest, sameRun, type RunRecord } from './run-record';

export interface CheckedTexts {
  /** Notes that haproxy accepted a text; `before` and `after` are what it would have read around the check. */
  note(id: LoadBalancerId, effective: EffectiveConfig, before: RunRecord, after: RunRecord): void;
  /** Tells whether haproxy has accepted exactly this. */
  has(id: LoadBalancerId, effective: EffectiveConfig, record: RunRecord): boolean;
  /** What is known of a load balancer counts no longer. */
  forget(id: LoadBalancerId): void;
}

interface Checked {
  /** Digest of the text as haproxy reads it. */
  readonly text: string;
  readonly record: RunRecord;
}

/** Makes an empty memory: one text for each load balancer. */
export function createCheckedTexts(): CheckedTexts {
  const known = new Map<LoadBalancerId, Checked>();
  return {
    note(id, { text }, before, after) {
      if (sameRun(before, after) && !namesHosts(text)) known.set(id, { text: digest(text), record: after });
      else known.delete(id);
    },
    has(id, { text }, record) {
      const checked = known.get(id);
      return checked?.text === digest(text) && sameRun(checked.record, record);
    },
    forget: (id) => void known.delete(id),
  };
}
