// The text in force of every option: what is set or the default, with its references followed. References go to
// the same section first, then to DEFAULT, as oslo.config's do. INVARIANTS: a secret's text never ends up in an
// option that is shown; no chain of references loops or grows without bound.

import type { Option } from './option';
import { findOption, nameOf, normalSection } from './options';
import type { Origin } from './problem';
import type { Setting } from './sources';
import { substitute } from './substitute';
import type { Referred } from './substitute';

export interface Resolved {
  readonly text: string;
  readonly origin: Origin;
  /** Why references could not be followed; they stand in `text` as written. */
  readonly refusals: readonly string[];
}

const fromDefault: Origin = { from: 'default' };

/** Makes a function that gives an option's text; each option is worked out once. */
export function createResolver(inForce: ReadonlyMap<string, Setting>): (option: Option) => Resolved {
  const done = new Map<string, Resolved>();
  const underWay = new Set<string>();

  const resolve = (option: Option): Resolved => {
    const name = nameOf(option);
    const known = done.get(name);
    if (known !== undefined) return known;
    const setting = inForce.get(name);
    underWay.add(name);
    const { text, refusals } = substitute(setting?.text ?? option.default, (reference) =>
      refer(option, reference),
    );
    underWay.delete(name);
    const resolved: Resolved = { text, origin: setting?.origin ?? fromDefault, refusals };
    done.set(name, resolved);
    return resolved;
  };

  const refer = (from: Option, reference: string): Referred => {
    // What follows a "$" in a secret is part of the secret.
    const shown = from.secret === true ? 'a "$"' : `$${reference}`;
    const target = referredTo(from, reference);
    if (target === undefined)
      return { refusal: `${shown} names no option (a plain dollar sign is written $$)` };
    if (underWay.has(nameOf(target))) return { refusal: `${shown} refers back to this option` };
    if (target.secret === true && from.secret !== true) return { refusal: `${shown} is a secret` };
    const { text, refusals } = resolve(target);
    return refusals.length > 0 ? { refusal: `${shown} cannot be worked out itself` } : { text };
  };

  return resolve;
}

function referredTo(from: Option, reference: string): Option | undefined {
  const dot = reference.indexOf('.');
  if (dot < 0) return findOption(from.section, reference) ?? findOption('DEFAULT', reference);
  return findOption(normalSection(reference.slice(0, dot)), reference.slice(dot + 1));
}
