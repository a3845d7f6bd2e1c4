// What can be scripted to go wrong with a fake haproxy: for the next time or for good, for one load balancer or all.

import type { Fault, HowOften, PlannedFault } from '../fake-load-balancer';

export type FaultKind = Fault['kind'];

export const faultKinds: readonly FaultKind[] = [
  'check-fails',
  'dies-on-start',
  'reload-fails',
  'start-is-slow',
  'reload-is-slow',
  'hangs',
];

export interface Faults {
  /** Plans a fault; of one kind the one planned first comes first. */
  plan(id: string | undefined, fault: Fault, howOften: HowOften): void;
  /** What is to go wrong now with this load balancer; one that was planned for the next time is used up. */
  take<K extends FaultKind>(id: string, kind: K): Extract<Fault, { readonly kind: K }> | undefined;
  /** Forgets all that is planned for one load balancer, or (undefined) for all of them. */
  heal(id: string | undefined): void;
  /** What is planned for one load balancer (undefined: for all of them). */
  planned(id: string | undefined): readonly PlannedFault[];
}

/** Makes a script in which nothing goes wrong yet. */
export function createFaults(): Faults {
  const byId = new Map<string | undefined, PlannedFault[]>();
  const planned = (id: string | undefined): PlannedFault[] => byId.get(id) ?? [];
  return {
    plan: (id, fault, howOften) => void byId.set(id, [...planned(id), { fault, howOften }]),
    take(id, kind) {
      for (const scope of [id, undefined]) {
        const found = planned(scope).find(({ fault }) => fault.kind === kind);
        if (found === undefined) continue;
        if (found.howOften === 'next')
          byId.set(
            scope,
            planned(scope).filter((one) => one !== found),
          );
        return found.fault as Extract<Fault, { readonly kind: typeof kind }>;
      }
      return undefined;
    },
    heal(id) {
      if (id === undefined) byId.clear();
      else byId.delete(id);
    },
    planned,
  };
}
