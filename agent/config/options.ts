// The whole option table and what it reads as. Section names follow oslo.config: any letter case, but DEFAULT
// is spelled exactly so (its _normalize_group_name).

import type { Option, OptionTable, ValuesOf } from './option';
import { controllerOptions } from './options-controller';
import { localOptions } from './options-local';

/** The configuration as the rest of the agent sees it: every key spelled as in the file. */
export type Config = ValuesOf<typeof controllerOptions & typeof localOptions>;

export const options: readonly Option[] = [
  ...flatten(controllerOptions, false),
  ...flatten(localOptions, true),
];

export const sections: readonly string[] = [...new Set(options.map((option) => option.section))];

const byName: ReadonlyMap<string, Option> = new Map(options.map((option) => [nameOf(option), option]));
const localSections: ReadonlySet<string> = new Set(Object.keys(localOptions));

/** Finds an option by its normal section name and key; undefined when there is none. */
export function findOption(section: string, key: string): Option | undefined {
  return byName.get(nameOf({ section, key }));
}

/** Names an option for maps: `section.key`. */
export function nameOf(option: { readonly section: string; readonly key: string }): string {
  return `${option.section}.${option.key}`;
}

/** Names the environment variable that sets an option, e.g. `AMPHORAD_HEALTH_MANAGER_HEARTBEAT_KEY`. */
export function variableOf(option: { readonly section: string; readonly key: string }): string {
  return `AMPHORAD_${option.section}_${option.key}`.toUpperCase();
}

/** Spells a section name as the table does. */
export function normalSection(section: string): string {
  return section === 'DEFAULT' ? section : section.toLowerCase();
}

/** Picks the entries that only the box may set, known keys or not: what a controller's file must not hold. */
export function localOnlyEntries<Entry extends { readonly section: string }>(
  entries: readonly Entry[],
): readonly Entry[] {
  return entries.filter((entry) => localSections.has(normalSection(entry.section)));
}

function flatten(table: OptionTable, localOnly: boolean): readonly Option[] {
  return Object.entries(table).flatMap(([section, rows]) =>
    Object.entries(rows).map(([key, facts]) => ({ ...facts, section, key, localOnly })),
  );
}
