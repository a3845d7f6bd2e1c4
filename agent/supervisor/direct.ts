// Process groups as detached children of the agent, which outlive it: for machines without systemd, for tests, and
// for everybody who is not root. Source: DESIGN "Process managers".

import { createProvenProcesses, type ProvenProcessDeps } from './proven-process';
import type { Supervisor } from './service';

/** Makes the process manager for machines without systemd, and for tests. */
export function createDirectSupervisor(deps: ProvenProcessDeps): Supervisor {
  const proven = createProvenProcesses(deps);
  return {
    ...proven,
    async start(spec) {
      const child = await deps.runner.startDetached([...spec.through, ...spec.argv], {
        logPath: spec.logPath,
      });
      return { process: await proven.record(child.pid), exited: child.exited };
    },
  };
}
