// Lets PING monitors send echo requests. haproxy runs its external checks without privileges and takes file
// capabilities away from them (PR_SET_NO_NEW_PRIVS), so ping(8) is left with ICMP sockets, which the kernel gives to
// the groups of net.ipv4.ping_group_range alone: by default to none, in each new network namespace anew.
// Sources: haproxy 2.6 manual, "insecure-setuid-wanted"; icmp(7). For IPv6 the same range counts.

import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';

export interface PingPermission {
  /** Opens ICMP sockets to haproxy's checks where the kernel's default forbids them; what an operator has chosen stays. Never throws. */
  allow(): Promise<void>;
  /** What was in the way at the last try. */
  findings(): readonly Finding[];
}

export interface PingPermissionDeps {
  readonly runner: ProcessRunner;
  readonly log: Log;
  /** What a command is started through to be in haproxy's network namespace; may be empty. */
  readonly through: readonly string[];
}

const path = '/proc/sys/net/ipv4/ping_group_range';
// What systemd sets on the machines that it starts.
const everyGroup = '0 2147483647\n';

/** Makes the permission; nothing is changed yet. */
export function createPingPermission({ runner, log, through }: PingPermissionDeps): PingPermission {
  let obstacle: string | undefined;

  /** Says why it cannot be; undefined when groups may ping. */
  async function open(): Promise<string | undefined> {
    const found = await runner.run([...through, 'cat', path]);
    if (found.code !== 0) return found.stderr.trim();
    const [lowest = 0, highest = 0] = found.stdout.trim().split(/\s+/).map(Number);
    if (lowest <= highest) return undefined;
    const written = await runner.run([...through, 'tee', path], { input: everyGroup });
    if (written.code !== 0) return written.stderr.trim();
    log.info('health monitors may ping', { ping_group_range: everyGroup.trim() });
    return undefined;
  }

  return {
    async allow() {
      const before = obstacle;
      try {
        obstacle = await open();
      } catch (thrown) {
        if (!isAgentError(thrown)) throw thrown;
        obstacle = messageOf(thrown);
      }
      if (obstacle !== undefined && obstacle !== before) {
        log.warning('health monitors may not ping: members with a PING monitor stay DOWN', {
          error: obstacle,
        });
      }
    },

    findings() {
      if (obstacle === undefined) return [];
      return [
        {
          check: 'ping-monitors',
          severity: 'warning',
          what: `a running configuration has PING monitors, and ${path} cannot be opened to them: ${obstacle}`,
          why: 'haproxy runs their checks without privileges: members that answer pings stay DOWN',
          todo: 'run the agent as root, or set net.ipv4.ping_group_range = 0 2147483647 in the network namespace of haproxy',
        },
      ];
    },
  };
}
