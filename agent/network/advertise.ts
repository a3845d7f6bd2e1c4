// Tells neighbours where an address is now: gratuitous ARP by arping (iputils-arping, -U), unsolicited neighbour
// advertisements by ndptool (libndp-tools, with the override flag). Measured: a neighbour with a stale entry has the new
// one at once. The kernel's own ndisc_notify speaks only when an interface comes up, not when an address is added.

import type { Ip } from '../model/ip';
import { createLimiter } from '../model/limiter';
import { messageOf } from '../model/errors';
import type { NamespaceCommand } from './in-namespace';
import { wordsOf } from './in-namespace';

// arping stays for a second after each.
const atOnce = 16;

/** Announces addresses; see `Network.announce`. */
export async function announce(
  command: NamespaceCommand,
  name: string,
  ips: readonly Ip[],
): Promise<readonly string[]> {
  const limit = createLimiter(atOnce);
  const failures = await Promise.all(ips.map((ip) => limit(() => announceOne(command, name, ip))));
  return failures.flat();
}

async function announceOne(command: NamespaceCommand, name: string, ip: Ip): Promise<readonly string[]> {
  const argv =
    ip.family === 4
      ? ['arping', '-q', '-U', '-c', '1', '-w', '2', '-I', name, ip.text]
      : ['ndptool', '-t', 'na', '-U', '-i', name, '-T', ip.text, 'send'];
  const failed = (words: string): readonly string[] => [`${ip.text} was not announced on ${name}: ${words}`];
  try {
    const result = await command.attempt(argv);
    return result.code === 0 ? [] : failed(wordsOf(result));
  } catch (thrown) {
    return failed(messageOf(thrown));
  }
}
