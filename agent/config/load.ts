// From files, directories and environment to one checked configuration, or to everything that is wrong with it
// at once. Nothing uses a part of a configuration before the whole has passed (DESIGN.md, Configuration file).

import { findContradictions } from './contradictions';
import type { Readable } from './contradictions';
import { expectationOf } from './expectation';
import type { Option } from './option';
import { findOption, nameOf, options, sections } from './options';
import type { Config } from './options';
import { problemAt, showName } from './problem';
import type { Origin, Problem } from './problem';
import { createResolver } from './resolve';
import type { Resolved } from './resolve';
import { readSources } from './sources';
import type { ConfigFiles, ConfigSources } from './sources';
import { nearMiss, triage } from './triage';
import type { Triage } from './triage';
import { readValue } from './value';
import type { Value } from './value';

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly Problem[];
      /** Where each value comes from, by `section.key`. */
      readonly origins: ReadonlyMap<string, Origin>;
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

interface Outcome {
  readonly values: ReadonlyMap<string, Value>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Loads and checks the configuration; never throws for what an operator or controller wrote. A file that is not
 * on disk yet is checked by giving `files` that answer with its text under the first file's path.
 */
export async function loadConfig(input: ConfigSources, files: ConfigFiles): Promise<LoadedConfig> {
  const gathered = await readSources(input, files);
  const sorted = triage(gathered.settings);
  const resolve = createResolver(sorted.inForce);
  const place = input.configFiles[0] ?? input.localFiles[0]?.path ?? 'configuration';
  const read = readAll(resolve, sorted, place);
  const config = assemble(read.values);
  const contradictions = findContradictions(config).map((found) => {
    const option = optionNamed(found.section, found.key);
    const { origin, text } = resolve(option);
    return text === ''
      ? missing(option, sorted, place, found.message)
      : problemAt(origin, option, text, found.message);
  });
  const problems = [...gathered.problems, ...read.problems, ...contradictions];
  const warnings = [...gathered.warnings, ...sorted.warnings, ...read.warnings];
  if (problems.length > 0) return { ok: false, problems, warnings };
  const origins = new Map(options.map((option) => [nameOf(option), resolve(option).origin]));
  // Every option was read, or there would be a problem.
  return { ok: true, config: config as Config, warnings, origins };
}

function readAll(resolve: (option: Option) => Resolved, sorted: Triage, place: string): Outcome {
  const values = new Map<string, Value>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const option of options.filter((candidate) => candidate.ignored !== true)) {
    const { text, origin, refusals } = resolve(option);
    if (option.required === true && text.trim() === '') {
      problems.push(missing(option, sorted, place, 'required'));
      continue;
    }
    // A key may hold any character: a dollar sign that names nothing stands for itself there.
    const remarks = refusals.map((refusal) => problemAt(origin, option, text, refusal));
    if (option.secret === true) warnings.push(...remarks);
    // A default is wrong only through what it refers to, which is a problem of its own.
    else if (origin.from !== 'default') problems.push(...remarks);
    if (refusals.length > 0 && option.secret !== true) continue;
    const reading = readValue(text, option);
    if (reading !== undefined) {
      values.set(nameOf(option), reading.value);
      if (reading.warning !== undefined) warnings.push(problemAt(origin, option, text, reading.warning));
    } else if (origin.from !== 'default') {
      const expected = expectationOf(option);
      problems.push({ ...problemAt(origin, option, text, `expected ${expected}`), expected });
    }
  }
  return { values, problems, warnings };
}

function missing(option: Option, { inForce, strays }: Triage, place: string, reason: string): Problem {
  const { section, key } = option;
  const expected = expectationOf(option);
  const setting = inForce.get(nameOf(option));
  if (setting !== undefined) return { ...problemAt(setting.origin, option, '', reason), expected };
  const near = nearMiss(option, strays);
  const hint =
    near?.origin.from === 'file'
      ? `; did you mean it by [${showName(near.section)}] ${showName(near.key)} in ${near.origin.file}:${near.origin.line}?`
      : '';
  return { file: place, section, key, expected, message: `${reason}, and not set${hint}` };
}

function assemble(values: ReadonlyMap<string, Value>): Readable {
  const bySection = sections.map((section) => {
    const own = options.filter((option) => option.section === section && values.has(nameOf(option)));
    return [section, Object.fromEntries(own.map((option) => [option.key, values.get(nameOf(option))]))];
  });
  // The table gives both the names and the kinds that `readValue` obeys.
  return Object.fromEntries(bySection) as Readable;
}

function optionNamed(section: string, key: string): Option {
  const option = findOption(section, key);
  if (option === undefined) throw new TypeError(`no option [${section}] ${key} in the table`);
  return option;
}
