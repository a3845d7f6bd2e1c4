// The namespace of the amphora: made when it is not there, with `lo` up and the settings that VIPs, VRRP and LVS need.
// Sources: ip-netns(8); the kernel's ip-sysctl.rst and ipvs-sysctl.rst; Octavia's amphora-netns unit for which of them.

import type { Log } from '../host/log';
import { AgentError } from '../model/errors';
import type { NamespaceCommand } from './in-namespace';
import { wordsOf } from './in-namespace';
import { isMissingNamespace, isSpoiledNamespace, type IpCommand } from './ip';

export interface NamespaceDeps {
  readonly log: Log;
  /** '' when none is configured. */
  readonly namespace: string;
  readonly inside: IpCommand;
  readonly command: NamespaceCommand;
  readonly maker: NamespaceMaker;
}

/** Who makes the namespace. What a process mounts in a mount namespace of its own, which a namespace's name is, nobody else sees. */
export interface NamespaceMaker {
  /** Makes it; `isSpoiled`: the file of its name is there and names nothing. Throws `unavailable` or `timeout`. */
  make(isSpoiled: boolean): Promise<void>;
}

const settings = [
  // haproxy binds VIPs that the other amphora of the pair carries at the moment.
  'net.ipv4.ip_nonlocal_bind=1',
  'net.ipv6.ip_nonlocal_bind=1',
  // LVS forwards to members and masquerades.
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.vs.conntrack=1',
  // Without it the removal of the first address of a subnet takes the others along.
  'net.ipv4.conf.all.promote_secondaries=1',
  'net.ipv4.conf.default.promote_secondaries=1',
  // An interface that is moved in starts with these, so that no advertisement comes before ours are set.
  'net.ipv6.conf.default.accept_ra=0',
  'net.ipv6.conf.default.autoconf=0',
];

/** Makes the namespace; see `Network.ensureNamespace`. */
export async function ensureNamespace(deps: NamespaceDeps): Promise<void> {
  const { namespace, inside, maker, log } = deps;
  refuseNone(namespace);
  const bringUp = ['link', 'set', 'dev', 'lo', 'up'];
  try {
    await inside.run(bringUp);
  } catch (thrown) {
    // The name outlives its namespace where /run is on a disk: over a restart of a container, for one.
    const isSpoiled = isSpoiledNamespace(thrown);
    if (!isSpoiled && !isMissingNamespace(thrown)) throw thrown;
    await maker.make(isSpoiled);
    log.info('made the network namespace', { namespace });
    // The distribution's own tuning, of which a new namespace has little; keys of other kinds are none of a namespace.
    await apply(deps, ['sysctl', '-q', '--system', '--pattern', '^net\\.']);
    await inside.run(bringUp);
  }
  await setAll(deps, settings);
}

/** Sets `key=value`s in the namespace; a key that this kernel lacks is logged and no failure. */
export async function setAll(
  deps: Pick<NamespaceDeps, 'command' | 'log'>,
  values: readonly string[],
): Promise<void> {
  await apply(deps, ['sysctl', '-q', '-w', ...values]);
}

/** Throws `precondition` when no namespace is configured: the host's own interfaces are none of ours to plug. */
export function refuseNone(namespace: string): void {
  if (namespace !== '') return;
  throw new AgentError('precondition', 'no network namespace is configured', {
    detail: 'network_namespace is empty: interfaces are plugged into a namespace only',
  });
}

async function apply(
  { command, log }: Pick<NamespaceDeps, 'command' | 'log'>,
  argv: readonly string[],
): Promise<void> {
  const result = await command.attempt(argv);
  if (result.code !== 0) log.info('a kernel setting was not taken', { words: wordsOf(result).split('\n') });
}
