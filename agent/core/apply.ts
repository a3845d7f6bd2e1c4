// The UPLOAD door: stores what policy and haproxy accept, and touches no process. The other door is core/activation.
// Source: DESIGN "Two doors for change".
//
// INVARIANTS:
// - callers hold the gate of the load balancer;
// - `haproxy.cfg` is always a whole text that haproxy accepted, the last one acknowledged;
// - a refused upload changes nothing but `haproxy.cfg.rejected`.

import { dirname } from 'node:path';
import type { Files } from '../host/files';
import { readBinds } from '../haproxy/binds';
import type { Log } from '../host/log';
import type { ConfigCheck } from '../haproxy/check';
import { refuseTooManyLines } from '../haproxy/config/line-count';
import { readSections } from '../haproxy/config/sections';
import { effectiveConfig, type OverlayOptions } from '../haproxy/overlay';
import type { HaproxyPaths } from '../haproxy/paths';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import { checkCandidate } from './candidate';
import type { CheckedTexts } from './checked-texts';
import { requireSpace } from './disk-reserve';
import type { PolicyGuard } from './policy-guard';
import { recordRun, type RunInput, type RunRecord } from './run-record';

export interface Apply {
  /** Has policy and haproxy check a text without storing it. Throws `config-rejected` with what they say and keeps the text aside. */
  check(id: LoadBalancerId, paths: HaproxyPaths, text: string, peer: string): Promise<void>;
  /** Makes a checked text `haproxy.cfg`, durably. */
  store(paths: HaproxyPaths, text: string): Promise<void>;
}

export interface ApplyDeps {
  readonly files: Files;
  readonly log: Log;
  readonly check: ConfigCheck;
  readonly checked: CheckedTexts;
  readonly guard: PolicyGuard;
  readonly binary: string;
  /** Read at each change: log sockets come and go. */
  readonly overlayOptions: () => Promise<OverlayOptions>;
}

const mode = 0o600;

/** Makes the door. */
export function createApply(deps: ApplyDeps): Apply {
  const { files, log } = deps;

  // For debugging only: a full disk must not hide what haproxy said.
  async function keepAside(paths: HaproxyPaths, text: string): Promise<void> {
    try {
      await files.writeAtomic(paths.rejected, text, mode);
    } catch (thrown) {
      const { directory } = paths;
      log.warning('refused configuration not kept aside', { directory, error: messageOf(thrown) });
    }
  }

  /** What haproxy would read of it now. */
  async function record(what: Pick<RunInput, 'text' | 'overlay' | 'peer'>): Promise<RunRecord> {
    const { guard, binary } = deps;
    return recordRun(files, { ...what, binary, files: await guard.filesOf(what.text) });
  }

  return {
    async check(id, paths, text, peer) {
      await requireSpace(files, dirname(paths.directory), Buffer.byteLength(text));
      await files.makeDirectory(paths.directory, 0o700);
      refuseTooManyLines(text);
      const effective = effectiveConfig(text, paths, await deps.overlayOptions());
      const beside = { text: paths.candidate, overlay: `${paths.overlay}.candidate` };
      try {
        refuseWithoutListener(text);
        readBinds(text, peer);
        await deps.guard.refuseFaults(id, text);
        const overlay = effective.overlay;
        const before = await record({ text, overlay, peer });
        await checkCandidate(deps, beside, effective, peer);
        deps.checked.note(id, effective, before, await record({ text, overlay, peer }));
      } catch (thrown) {
        if (isAgentError(thrown, 'config-rejected')) await keepAside(paths, text);
        throw thrown;
      }
      if (effective.dropped.length > 0) {
        const { directory } = paths;
        log.warning('these lines have no effect without root', { directory, lines: effective.dropped });
      }
    },

    async store(paths, text) {
      await files.writeAtomic(paths.config, text, mode);
      await files.remove(paths.rejected);
    },
  };
}

// haproxy refuses this by itself, but the overlay's socket counts as a listener to it.
function refuseWithoutListener(text: string): void {
  const binds = readSections(text).some(({ lines }) => lines.some(({ words }) => words[0] === 'bind'));
  if (!binds) {
    throw new AgentError('config-rejected', 'The configuration has no listener', {
      detail: 'expected at least one "bind" line in a "frontend" or "listen" section',
    });
  }
}
