// Who makes the namespace: this process, where others see what it mounts; else a unit of systemd that does it outside.
// Sources: ip-netns(8), mount_namespaces(7), systemctl(1).

import type { ProcessRunner } from '../host/process';
import { AgentError } from '../model/errors';
import { wordsOf } from './in-namespace';
import type { IpCommand } from './ip';
import type { NamespaceMaker } from './netns';

// Its program starts Node, on a machine that may just be booting.
const timeoutMs = 60_000;

/** Makes it with `ip`, run outside of it. */
export function createOwnMaker(outside: IpCommand, namespace: string): NamespaceMaker {
  return {
    async make(isSpoiled) {
      if (isSpoiled) await outside.run(['netns', 'delete', namespace]);
      await outside.run(['netns', 'add', namespace]);
    },
  };
}

/** Has a unit make it, which knows itself what is spoiled. */
export function createUnitMaker(runner: ProcessRunner, unit: string): NamespaceMaker {
  return {
    async make() {
      // Not start: it has run, and counts as active for as long as the machine is up.
      const argv = ['systemctl', '--no-ask-password', 'restart', unit];
      const result = await runner.run(argv, { timeoutMs });
      if (result.timedOut) throw new AgentError('timeout', `${unit} took longer than ${timeoutMs / 1_000} s`);
      if (result.code !== 0) {
        throw new AgentError('unavailable', `${unit} did not make the network namespace`, {
          detail: wordsOf(result),
        });
      }
    },
  };
}
