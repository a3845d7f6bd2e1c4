// Who may come in by a plugged interface: read from what a controller sends, admitted, stored for the next start.
// Source: contract/octavia-1.0.md "Plugging" (interface rules).

import { validators } from '../generated/validators';
import { invalidInput, isAgentError, notFound } from '../model/errors';
import { quote } from '../model/ids';
import { parseIp, sameIp } from '../model/ip';
import type { FirewallRule } from '../model/network';
import type { Firewall, InterfaceRecords, Network } from '../network/network';
import type { Gate } from './gate';
import { parseLooseCidr } from './loose-cidr';
import { inPlugWords } from './plug-failure';
import { shapeFaults } from './shape-faults';

export interface InterfaceRulesDeps {
  readonly network: Pick<Network, 'ensureNamespace'>;
  readonly firewall: Firewall;
  readonly records: InterfaceRecords;
  readonly gate: Gate<'network'>;
  /** The interface that carries an address now. */
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
}

export interface InterfaceRules {
  /** Finds the plugged interface of an address, also of a VIP that is on the other half of a pair now. Throws `not-found` of the subject `interface`. */
  interfaceFor(ip: string): Promise<string>;
  /** Replaces the rules of an interface as a whole; an empty list leaves them. Throws `reload-failed` with what nft said; the old ones then stand. */
  replace(name: string, rules: readonly FirewallRule[]): Promise<void>;
}

interface RuleBody {
  readonly protocol: FirewallRule['protocol'];
  readonly cidr: string | null;
  readonly port: number;
}

/** Reads the rules of a body. Throws `invalid-input` with what is wrong in them. */
export function parseInterfaceRules(body: unknown): readonly FirewallRule[] {
  const message = 'Invalid rules information';
  if (!validators.interfaceRules(body)) {
    throw invalidInput(message, shapeFaults(validators.interfaceRules.errors));
  }
  return (body as readonly RuleBody[]).map(({ protocol, cidr, port }, index) => {
    const from = cidr === null ? null : parseLooseCidr(cidr);
    if (from !== undefined) return { protocol, from, port };
    throw invalidInput(message, `[${index}].cidr: expected a subnet or null, got ${quote(cidr ?? '')}`);
  });
}

/** Makes the verbs. */
export function createInterfaceRules(deps: InterfaceRulesDeps): InterfaceRules {
  const { records, gate } = deps;
  return {
    async interfaceFor(text) {
      const ip = parseIp(text);
      const { interfaces } = await records.read();
      const carrying = await deps.interfaceOf(text);
      const found = interfaces.find(({ wanted }) => {
        const all = [...wanted.addresses, ...wanted.movingAddresses];
        return carrying === undefined
          ? ip !== undefined && all.some((each) => sameIp(each.ip, ip))
          : wanted.name === carrying;
      });
      if (found === undefined) throw notFound('interface', text);
      return found.wanted.name;
    },
    replace: (name, rules) =>
      gate.run('network', () =>
        inPlugWords('Error loading interface rules', async () => {
          if (rules.length > 0) await replaceAll(deps, name, rules);
        }),
      ),
  };
}

async function replaceAll(
  { network, firewall, records }: InterfaceRulesDeps,
  name: string,
  rules: readonly FirewallRule[],
): Promise<void> {
  await network.ensureNamespace();
  const before = await readable(records, name);
  await firewall.admit(name, rules);
  try {
    await records.saveRules(name, rules);
  } catch (thrown) {
    if (before === 'none') await firewall.lift(name);
    else if (before !== 'spoiled') await firewall.admit(name, before);
    throw thrown;
  }
}

/** Rules that cannot be read are replaced all the same, and nothing is gone back to. */
async function readable(
  records: InterfaceRecords,
  name: string,
): Promise<readonly FirewallRule[] | 'none' | 'spoiled'> {
  try {
    return (await records.readRules(name)) ?? 'none';
  } catch (thrown) {
    if (isAgentError(thrown, 'precondition')) return 'spoiled';
    throw thrown;
  }
}
