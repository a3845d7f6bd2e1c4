// Sorts settings into those in force and those that say nothing: unknown names, and what only the box decides
// when it stands in the file that a controller may replace. The latter two warn; they never stop the agent.

import { nearest } from './nearest';
import type { Option } from './option';
import { findOption, localOnlyEntries, nameOf, options, sections } from './options';
import { placeOf } from './problem';
import type { Problem } from './problem';
import { defaultLocalFile } from './sources';
import type { Setting } from './sources';

export interface Triage {
  /** The setting in force of each option that is set, by `nameOf`. */
  readonly inForce: ReadonlyMap<string, Setting>;
  /** Settings that name no option. */
  readonly strays: readonly Setting[];
  readonly warnings: readonly Problem[];
}

/** Picks the setting in force for each option: the last one that may set it. */
export function triage(settings: readonly Setting[]): Triage {
  const inForce = new Map<string, Setting>();
  const strays: Setting[] = [];
  const warnings: Problem[] = [];
  const foreign = new Set<string>();
  const misplaced = new Set(localOnlyEntries(settings.filter((setting) => !setting.isLocal)));
  for (const setting of settings) {
    if (misplaced.has(setting)) {
      warnings.push(warningAt(setting, `ignored here, set it in a local file such as ${defaultLocalFile}`));
    } else if (findOption(setting.section, setting.key) !== undefined) {
      inForce.set(nameOf(setting), setting);
    } else {
      strays.push(setting);
      const isForeign = !sections.includes(setting.section);
      if (!isForeign) warnings.push(warningAt(setting, `unknown option, ignored${suggestion(setting)}`));
      else if (!foreign.has(setting.section)) warnings.push(foreignSection(setting));
      if (isForeign) foreign.add(setting.section);
    }
  }
  return { inForce, strays, warnings };
}

/** Finds a stray that may have been meant for an option: a slip in the key, or another section. */
export function nearMiss(option: Option, strays: readonly Setting[]): Setting | undefined {
  return strays.find(
    (stray) =>
      stray.key === option.key || (stray.section === option.section && meant(stray)?.key === option.key),
  );
}

function meant({ section, key }: Setting): Option | undefined {
  const keys = options.filter((option) => option.section === section).map((option) => option.key);
  const near = nearest(key, keys);
  return near === undefined ? options.find((option) => option.key === key) : findOption(section, near);
}

function suggestion(stray: Setting): string {
  const option = meant(stray);
  if (option === undefined) return '';
  return `; did you mean ${option.section === stray.section ? '' : `[${option.section}] `}${option.key}?`;
}

function foreignSection(setting: Setting): Problem {
  const near = nearest(setting.section, sections);
  const hint = near === undefined ? '' : `; did you mean [${near}]?`;
  return { ...placeOf(setting.origin), section: setting.section, message: `unknown section, ignored${hint}` };
}

function warningAt({ origin, section, key }: Setting, message: string): Problem {
  return { ...placeOf(origin), section, key, message };
}
