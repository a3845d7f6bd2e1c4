// What a keepalived that was killed, or that read another text, has left on the interfaces: addresses of both amphorae
// at once are worse than none. Source: contract/vrrp.md, pitfall 6 and row 10 of its measurements.

import type { Clock } from '../host/clock';
import { readVrrpConfig, type VrrpAddress } from './vrrp-config';

export interface VrrpAddresses {
  /** Takes away every address of these texts that is there. */
  removeAll(texts: readonly string[]): Promise<void>;
  /** Takes away what one text has and the next has not: keepalived forgets an address that moves to another interface. */
  removeDropped(before: string, now: string): Promise<void>;
  /** Waits until keepalived has taken them away itself, 3 s at most, and then takes away the rest. */
  release(texts: readonly string[]): Promise<void>;
  /** Tells whether all addresses of a text are there. */
  holdsAll(text: string): Promise<boolean>;
}

export interface VrrpAddressesDeps {
  readonly clock: Clock;
  /** Which of these addresses are on their interfaces now. */
  readonly presentAddresses: (wanted: readonly VrrpAddress[]) => Promise<readonly VrrpAddress[]>;
  /** Takes addresses off their interfaces; silent for those that are gone. */
  readonly removeAddresses: (addresses: readonly VrrpAddress[]) => Promise<void>;
}

const pollMs = 20;
const goneMs = 3_000;

/** Makes what looks after addresses that keepalived sets. */
export function createVrrpAddresses(deps: VrrpAddressesDeps): VrrpAddresses {
  const { clock } = deps;

  async function present(wanted: readonly VrrpAddress[]): Promise<readonly VrrpAddress[]> {
    return wanted.length === 0 ? [] : deps.presentAddresses(wanted);
  }

  async function remove(wanted: readonly VrrpAddress[]): Promise<void> {
    const left = await present(wanted);
    if (left.length > 0) await deps.removeAddresses(left);
  }

  return {
    removeAll: (texts) => remove(addressesOf(texts)),

    removeDropped(before, now) {
      const kept = new Set(addressesOf([now]).map(keyOf));
      return remove(addressesOf([before]).filter((address) => !kept.has(keyOf(address))));
    },

    async release(texts) {
      const wanted = addressesOf(texts);
      const deadline = clock.monotonic() + goneMs;
      while ((await present(wanted)).length > 0 && clock.monotonic() < deadline) await clock.sleep(pollMs);
      await remove(wanted);
    },

    async holdsAll(text) {
      const wanted = addressesOf([text]);
      return wanted.length > 0 && (await present(wanted)).length === wanted.length;
    },
  };
}

/** Names every virtual address of these texts once. */
export function addressesOf(texts: readonly string[]): readonly VrrpAddress[] {
  const all = texts.flatMap((text) => readVrrpConfig(text).instances.flatMap(({ addresses }) => addresses));
  return [...new Map(all.map((address) => [keyOf(address), address])).values()];
}

function keyOf({ ip, interfaceName }: VrrpAddress): string {
  return `${ip.text} ${interfaceName}`;
}
