// Whether two configurations differ in server lines of backends alone. Comments, blanks and quotes do not count.
// Source: HAProxy 2.6 configuration manual, 2.2, 2.3, 2.4 (conditional blocks).

import { lexConfig, type ConfigLine } from '../config/lex';
import { beginsSection, readSections, type Section } from '../config/sections';
import { isServerLine } from './backends';
import { reload, type Reload } from './reload';

/** Splits both into sections, once all but the server lines of backends is known to be the same. */
export function comparable(
  running: string,
  wanted: string,
): { readonly before: readonly Section[]; readonly after: readonly Section[] } | Reload {
  const doubt = doubtOf(running) ?? doubtOf(wanted);
  if (doubt !== undefined) return reload(doubt);
  const before = readSections(running);
  const after = readSections(wanted);
  if (headings(running) !== headings(wanted)) return reload('sections come, go or move');
  const at = after.findIndex((section, index) => otherLines(before[index]) !== otherLines(section));
  const changed = after[at];
  if (changed !== undefined) return reload(`lines of ${`${changed.keyword} ${changed.name}`.trim()} change`);
  return { before, after };
}

/** Why the sections do not tell what haproxy reads. */
function doubtOf(text: string): string | undefined {
  const lines = lexConfig(text);
  if (lines.some(({ faults }) => faults.length > 0)) return 'a line cannot be read';
  if (lines.some(({ words }) => words[0]?.startsWith('.') === true)) return 'it has conditional blocks';
  if (lines.length > 0 && !beginsSection(lines[0]?.words[0] ?? '')) return 'lines stand before all sections';
  return undefined;
}

function headings(text: string): string {
  return JSON.stringify(
    lexConfig(text)
      .filter(({ words }) => beginsSection(words[0] ?? ''))
      .map(meaning),
  );
}

function otherLines(section: Section | undefined): string {
  if (section === undefined) return '';
  const { keyword, lines } = section;
  return JSON.stringify(lines.filter((line) => keyword !== 'backend' || !isServerLine(line)).map(meaning));
}

function meaning({ words, usesEnvironment }: ConfigLine): unknown {
  return [words, usesEnvironment];
}
