// Judges a text that shall become the first configuration file, the one which a controller may replace: as a whole,
// with all other sources as they are. Source: DESIGN "Configuration file", contract/agent-conf.md.

import { parseIni } from './ini';
import { loadConfig } from './load';
import { localOnlyEntries, nameOf, normalSection } from './options';
import type { Config } from './options';
import { formatProblem, placeOf, problemAt } from './problem';
import type { Problem } from './problem';
import { isReplaceable } from './sources';
import type { ConfigFiles, ConfigSources } from './sources';
import { meddledWith, showValue } from './take-over';

export type Judgement =
  | { readonly verdict: 'good'; readonly config: Config; readonly warnings: readonly Problem[] }
  /** The text is at fault. */
  | { readonly verdict: 'refused'; readonly problems: readonly Problem[] }
  /** The other sources are at fault, as they are without the text. */
  | { readonly verdict: 'blocked'; readonly problems: readonly Problem[] };

/** Judges `text`, which would replace the file at `path` under an agent that runs with `running`. */
export async function judgeReplacement(
  text: string,
  path: string,
  running: Config,
  sources: ConfigSources,
  files: ConfigFiles,
): Promise<Judgement> {
  const forbidden = reservedSections(text, path);
  if (forbidden.length > 0) return { verdict: 'refused', problems: forbidden };
  const [before, after] = await Promise.all([
    loadConfig(sources, files),
    loadConfig(sources, withText(text, sources, files)),
  ]);
  if (!after.ok) {
    const old = new Set(before.ok ? [] : before.problems.map(formatProblem));
    const isOfText = (problem: Problem): boolean => problem.file === path || !old.has(formatProblem(problem));
    const problems = after.problems.filter(isOfText);
    return problems.length > 0
      ? { verdict: 'refused', problems }
      : { verdict: 'blocked', problems: after.problems };
  }
  // What an operator has written to disk and not yet started is as much the box's decision as what runs.
  const allowed = before.ok ? [running, before.config] : [running];
  const problems = meddledWith(after.config, allowed).map((option) => {
    const expected = showValue(running, option);
    const message = `only this machine decides it, expected ${expected}`;
    const origin = after.origins.get(nameOf(option)) ?? { from: 'default' };
    return { ...problemAt(origin, option, showValue(after.config, option), message), expected };
  });
  if (problems.length > 0) return { verdict: 'refused', problems };
  return { verdict: 'good', config: after.config, warnings: after.warnings };
}

/** What a controller must not even name: the sections that are honoured only in other files. */
function reservedSections(text: string, path: string): readonly Problem[] {
  const { sections } = parseIni(text);
  return localOnlyEntries(sections).map(({ section, line }) => ({
    ...placeOf({ from: 'file', file: path, line }),
    section: normalSection(section),
    message: 'only this machine decides what is in this section',
  }));
}

function withText(text: string, sources: ConfigSources, files: ConfigFiles): ConfigFiles {
  const isText = (path: string): boolean => isReplaceable(path, sources);
  return {
    list: (path) => files.list(path),
    stat: (path) => (isText(path) ? Promise.resolve(undefined) : files.stat(path)),
    readHostText: (path) => (isText(path) ? Promise.resolve(text) : files.readHostText(path)),
  };
}
