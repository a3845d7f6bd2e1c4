// Where the files of VRRP lie: Octavia's names, because its tools look for them, and ours beside them.
// Source: contract/octavia-1.0.md "vrrp check script", contract/vrrp.md.

import { join } from 'node:path';

export interface VrrpPaths {
  readonly directory: string;
  /** The last accepted upload, or what the topology call made. Holds a secret: 0600. */
  readonly config: string;
  /** What keepalived reads: the text that was last activated, and what the agent adds. */
  readonly live: string;
  /** The live text that last came up. */
  readonly lastGood: string;
  /** A text while keepalived checks it. */
  readonly candidate: string;
  readonly pidFile: string;
  readonly vrrpPidFile: string;
  readonly log: string;
  readonly state: string;
  /** Runs every file of `checkScripts`; the sum of their codes is its own. */
  readonly checkScript: string;
  readonly checkScripts: string;
  readonly haproxyCheck: string;
  /** What the haproxy check looks at, written by the agent. */
  readonly checkList: string;
  readonly notifyScript: string;
  /** One line of JSON for each change of state, the newest last. */
  readonly notifyLog: string;
  /** While it exists checks succeed: maintenance. */
  readonly disabled: string;
  /** While it exists checks fail: a planned move to the peer. */
  readonly forceFail: string;
}

/** Names every path. */
export function vrrpPaths(basePath: string): VrrpPaths {
  const directory = join(basePath, 'vrrp');
  const at = (name: string): string => join(directory, name);
  return {
    directory,
    config: at('octavia-keepalived.conf'),
    live: at('octavia-keepalived.live'),
    lastGood: at('octavia-keepalived.last-good'),
    candidate: at('octavia-keepalived.candidate'),
    pidFile: at('octavia-keepalived.pid'),
    vrrpPidFile: at('octavia-keepalived.vrrp.pid'),
    log: at('octavia-keepalived.log'),
    state: at('octavia-keepalived.json'),
    checkScript: at('check_script.sh'),
    checkScripts: at('check_scripts'),
    haproxyCheck: join(at('check_scripts'), 'haproxy_check_script.sh'),
    checkList: at('check.list'),
    notifyScript: at('notify.sh'),
    notifyLog: at('notify.jsonl'),
    disabled: at('disabled'),
    forceFail: at('force-fail'),
  };
}
