// What must be equal in the configurations of both amphorae of a pair, and what must not. Source: contract/vrrp.md
// sections 1 to 3: the weight must exceed the difference of priorities; sub-second advertisements want 50 between them.

import type { Finding } from '../model/finding';
import { subSecondPriorityGap } from '../model/vrrp';
import { lintFinding } from './vrrp-lint-finding';
import { readVrrpConfig, weightOf, type ConfiguredInstance, type VrrpConfig } from './vrrp-config';

/** Finds where two configurations cannot work together. */
export function lintVrrpPair(first: string, second: string): readonly Finding[] {
  const [one, other] = [readVrrpConfig(first), readVrrpConfig(second)];
  if (one.instances.length !== other.instances.length) {
    return [
      differs(
        'instance',
        `One file has ${one.instances.length} instances, the other ${other.instances.length}`,
      ),
    ];
  }
  return one.instances.flatMap((instance, index) => {
    const peer = other.instances.find(({ name }) => name === instance.name) ?? other.instances[index];
    return peer === undefined ? [] : compare(instance, peer, [one, other]);
  });
}

function differs(check: string, what: string): Finding {
  return lintFinding(check, 'error', {
    what,
    why: 'Both amphorae then do not hear each other: each takes the address, or none follows.',
    todo: 'Make it the same in both files.',
  });
}

function compare(
  one: ConfiguredInstance,
  other: ConfiguredInstance,
  configs: readonly [VrrpConfig, VrrpConfig],
): readonly Finding[] {
  const { name } = one;
  const findings: Finding[] = [];
  const same = (check: string, what: string, a: unknown, b: unknown): void => {
    if (a !== b) findings.push(differs(check, `${name}: ${what}`));
  };
  same(
    'vrid',
    `the virtual_router_id is ${one.virtualRouterId ?? 'missing'} here and ${other.virtualRouterId ?? 'missing'} there`,
    one.virtualRouterId,
    other.virtualRouterId,
  );
  same('advert', `advert_int is ${one.advertS} here and ${other.advertS} there`, one.advertS, other.advertS);
  same('version', 'the version of VRRP is not the same', one.version, other.version);
  same('password', 'the passwords differ', one.authPass, other.authPass);
  same('addresses', 'the virtual addresses differ', addressesOf(one), addressesOf(other));
  return [
    ...findings,
    ...priorities(one, other),
    ...moves(one, other, configs),
    ...moves(other, one, [configs[1], configs[0]]),
  ];
}

function addressesOf({ addresses }: ConfiguredInstance): string {
  return addresses
    .map(({ ip, prefixLength }) => `${ip.text}/${prefixLength}`)
    .sort()
    .join(' ');
}

function priorities(one: ConfiguredInstance, other: ConfiguredInstance): readonly Finding[] {
  const [a = 100, b = 100] = [one.priority, other.priority];
  if (a === b) {
    return [
      lintFinding('priority', 'error', {
        what: `${one.name}: both have the priority ${a}`,
        why: 'Who becomes master is then decided by addresses, after both were.',
        todo: 'Give one of them more, such as 100 and 90.',
      }),
    ];
  }
  if (one.advertS >= 1 || Math.abs(a - b) >= subSecondPriorityGap) return [];
  return [
    lintFinding('priority', 'error', {
      what: `${one.name}: the priorities ${a} and ${b} are too near for advertisements every ${one.advertS} s`,
      why: 'The head start of the higher one is then a few milliseconds: the lower one wins, and may keep the address.',
      todo: `Keep them ${subSecondPriorityGap} or more apart.`,
    }),
  ];
}

/** Whether the address leaves `one` when a check of weight fails there. */
function moves(
  one: ConfiguredInstance,
  other: ConfiguredInstance,
  [config]: readonly [VrrpConfig, VrrpConfig],
): readonly Finding[] {
  const [own = 100, peer = 100] = [one.priority, other.priority];
  return one.trackedScripts.flatMap((tracked) => {
    const weight = weightOf(
      tracked,
      config.scripts.find(({ name }) => name === tracked.name),
    );
    // A positive weight is what both have while all is well.
    const failed = own + Math.min(weight, 0);
    const healthyPeer = peer + Math.max(weight, 0);
    if (weight === 0 || own < peer || failed < healthyPeer) return [];
    return [
      lintFinding('weight', 'error', {
        what: `${one.name}: with weight ${weight} a failed ${tracked.name} leaves the priority ${failed}, and the peer has ${healthyPeer}`,
        why: 'The address never moves, however dead haproxy is.',
        todo: 'Remove the weight, or make it more than the difference of the priorities.',
      }),
    ];
  });
}
