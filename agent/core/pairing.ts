// What a topology makes of this machine: a pair is a keepalived of our own that has the address; alone, the amphora
// itself has it. Source: contract/vrrp.md 6, contract/amphora-v0.1.md "Topology".

import { renderVrrpConfig } from '../keepalived/render';
import type { VrrpPaths } from '../keepalived/vrrp-paths';
import { virtualRouterIdOf, vrrpPassword } from '../keepalived/vrrp-secret';
import type { Clock } from '../host/clock';
import { AgentError, internal } from '../model/errors';
import { parseIp, type Ip } from '../model/ip';
import type { Template } from '../model/template';
import type { Pair } from '../model/topology';
import { defaultAdvertMs, defaultCheckTiming, vrrpPriority, type VrrpInstance } from '../model/vrrp';
import type { PairAddress, Place } from './pair-address';
import type { TopologyEffects } from './topology';
import type { Vrrp } from './vrrp';

export interface PairingDeps {
  readonly clock: Clock;
  readonly vrrp: Pick<Vrrp, 'origin' | 'generate' | 'withdraw' | 'role'>;
  readonly address: PairAddress;
  readonly paths: VrrpPaths;
  readonly template: Template;
  /** The name of this amphora. */
  readonly routerId: string;
  /** Milliseconds until a transition that has not ended is given up. */
  readonly deadlineMs: number;
}

const pollMs = 200;

/** Makes the effects. */
export function createPairing(deps: PairingDeps): TopologyEffects {
  const { vrrp, address, paths } = deps;
  const isPaired = async (): Promise<boolean> => (await vrrp.origin()) === 'generated';
  return {
    isUploaded: async () => (await vrrp.origin()) === 'uploaded',
    isPaired,

    requirePossible: (pair) => address.requireSpeaker(pair),

    isInForce: async ({ topology }) =>
      topology === 'ACTIVE-STANDBY'
        ? (await isPaired()) && (await vrrp.role()) !== undefined
        : !(await isPaired()),

    async pair(pair, held, signal) {
      const deadline = deps.clock.monotonic() + deps.deadlineMs;
      const place = await address.place(pair, held);
      await address.release(pair, await isPaired());
      // An agent that ends starts nothing any more.
      signal.throwIfAborted();
      const instance = instanceOf(pair, place, deps.routerId);
      await vrrp.generate(renderVrrpConfig(deps.template, instance, paths));
      await untilDecided(deps, deadline, signal);
    },

    held: (pair) => address.held(pair),

    async alone(former, held, followed) {
      await vrrp.withdraw();
      await address.hold(former, held, followed);
    },
  };
}

/** A check that fails keeps this amphora in FAULT: it could serve nobody. */
async function untilDecided(
  { clock, vrrp, deadlineMs }: PairingDeps,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const role = await vrrp.role();
    if (role === 'MASTER' || role === 'BACKUP') return;
    if (clock.monotonic() >= deadline) {
      throw new AgentError(
        'timeout',
        `keepalived was neither MASTER nor BACKUP within ${deadlineMs / 1_000} s`,
        {
          detail: `it reports ${role ?? 'nothing'}`,
        },
      );
    }
    await clock.sleep(pollMs, signal);
  }
}

/** The VRRP instance that a pair is, on this machine. */
export function instanceOf(pair: Pair, place: Place, routerId: string): VrrpInstance {
  const advertMs = pair.advertIntervalS === undefined ? defaultAdvertMs : inTens(pair.advertIntervalS);
  const haIp = ipOf(pair.haIp);
  const { interfaceName, source, vips } = place;
  return {
    name: 'VI_1',
    routerId,
    interfaceName,
    virtualRouterId: pair.virtualRouterId ?? virtualRouterIdOf(haIp),
    priority: pair.priority ?? vrrpPriority(pair.role, advertMs),
    advertMs,
    source,
    peers: (pair.peers ?? []).map(ipOf),
    vips,
    authPass: vrrpPassword(pair.secret),
    check: defaultCheckTiming,
  };
}

// VRRP version 3 counts in hundredths of a second.
function inTens(seconds: number): number {
  return Math.round(seconds * 100) * 10;
}

function ipOf(text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined) throw internal('a stored topology has an address that is none');
  return ip;
}
