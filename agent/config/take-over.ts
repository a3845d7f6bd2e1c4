// What a configuration that is read while the agent runs changes at once, what waits for a restart, and what a
// controller's must leave as the box has it. The option table says which is which.

import type { Option } from './option';
import { nameOf, options } from './options';
import type { Config } from './options';
import { formatValue } from './report';
import type { Value } from './value';

export interface TakenOver {
  /** What is in force from now on: values that need a restart are still the running ones. */
  readonly config: Config;
  /** The options that have other values now than before, as `section.key`. */
  readonly changed: readonly string[];
  /** The options whose wanted values wait for a restart, as `[section] key`. */
  readonly waiting: readonly string[];
}

/** Joins what runs and what is wanted. */
export function takeOver(running: Config, wanted: Config): TakenOver {
  const differing = options.filter((option) => !isSame(valueOf(running, option), valueOf(wanted, option)));
  const atOnce = differing.filter((option) => !option.restart);
  return {
    config: withValues(running, wanted, atOnce),
    changed: atOnce.map(nameOf),
    waiting: differing.filter((option) => option.restart).map(showOption),
  };
}

/** Finds the options that only the box decides and to which `wanted` gives a value that none of `allowed` has. */
export function meddledWith(wanted: Config, allowed: readonly Config[]): readonly Option[] {
  return options.filter(
    (option) =>
      option.boxDecides === true &&
      !allowed.some((config) => isSame(effective(config, option), effective(wanted, option))),
  );
}

/** Writes the value that a configuration gives to an option; masked when it is a secret. */
export function showValue(config: Config, option: Option): string {
  return formatValue(option, valueOf(config, option));
}

/** Writes an option as people know it: `[haproxy_amphora] base_path`. */
export function showOption({ section, key }: Pick<Option, 'section' | 'key'>): string {
  return `[${section}] ${key}`;
}

function valueOf(config: Config, { section, key }: Option): Value {
  const values: Readonly<Record<string, Readonly<Record<string, Value>>>> = config;
  return values[section]?.[key];
}

// Nothing where something is optional means what the default says.
function effective(config: Config, option: Option): Value {
  return valueOf(config, option) ?? option.default;
}

// Values are plain data, and their makers write members in one order.
function isSame(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function withValues(base: Config, from: Config, taken: readonly Option[]): Config {
  const joined: Record<string, Record<string, Value>> = {};
  for (const [section, values] of Object.entries(base)) joined[section] = { ...values };
  for (const option of taken) {
    const section = joined[option.section];
    if (section !== undefined) section[option.key] = valueOf(from, option);
  }
  // Both have the names and kinds of the table.
  return joined as Config;
}
