// The listening TCP sockets of a machine by script, as `ss -H -l -t -n -p` of iproute2 6.1 prints them: those that the
// texts of the scripted haproxy groups bind, and those of others that a test adds.

import { listeningRow, localOf } from '../../agent/testing/fake-haproxy/listening';
import type { FakeGroup, ScriptedHaproxy } from './scripted-haproxy';
import type { ScriptedRunner } from './scripted-runner';

export interface ScriptedListeners {
  /** Another process listens from now on; `local` as ss prints it. Without a pid: one that we may not see. */
  add(local: string, pid?: number): void;
  remove(local: string): void;
  /** From now on haproxy's workers serve without this address, as ss prints it. */
  hide(local: string): void;
}

/** Puts ss(8) on a machine of fakes. */
export function installListeners(
  runner: ScriptedRunner,
  haproxy: Pick<ScriptedHaproxy, 'groups'>,
): ScriptedListeners {
  const others = new Map<string, number | undefined>();
  const hidden = new Set<string>();
  const own = (group: FakeGroup): readonly string[] =>
    locals(group.serves)
      .filter((local) => !hidden.has(local))
      .map((local) => listeningRow(local, 'haproxy', group.worker));

  runner.script({
    match: /\bss -H -l -t -n -p$/,
    result: () => ({
      stdout: [
        ...haproxy.groups().flatMap(own),
        ...[...others].map(([local, pid]) => listeningRow(local, 'other', pid)),
        '',
      ].join('\n'),
    }),
  });

  return {
    add: (local, pid) => others.set(local, pid),
    remove: (local) => others.delete(local),
    hide: (local) => hidden.add(local),
  };
}

// Only what tests write: one address and port to a bind, without ranges or prefixes.
function locals(texts: readonly string[]): readonly string[] {
  return [...texts.join('\n').matchAll(/^ *bind (\S*):(\d+)( .*\bv6only\b)?/gm)].map(
    ([, address = '', port = '', only]) =>
      localOf({ address, port: Number(port), v6only: only !== undefined }),
  );
}
