// Groups a configuration's lines into sections and answers what the agent needs of them: frontends with their
// mode and TLS, and whether `global` names a user. Source: HAProxy 2.6 configuration manual, chapters 2 and 4.

import { lexConfig, type ConfigLine } from './lex';

export interface Section {
  /** `global`, `defaults`, `frontend`, `backend`, `listen`, `peers` … */
  readonly keyword: string;
  /** The section's name, '' when it has none. */
  readonly name: string;
  /** The name after `from` in the section's own line. */
  readonly from: string | undefined;
  readonly lines: readonly ConfigLine[];
}

/** A `frontend` or `listen` section as the outside sees it. */
export interface Frontend {
  readonly name: string;
  readonly mode: string;
  /** True when a `bind` line has `ssl`. */
  readonly terminatesTls: boolean;
}

const sectionKeywords: ReadonlySet<string> = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'resolvers',
  'mailers',
  'userlist',
  'cache',
  'program',
  'ring',
  'http-errors',
  'fcgi-app',
  'log-forward',
  'namespace_list',
]);

/** Tells whether a line that begins with `word` begins a section, in haproxy 2.6. */
export function beginsSection(word: string): boolean {
  return sectionKeywords.has(word);
}

/** Splits a configuration into its sections, in order. Lines before the first section belong to none and are left out. */
export function readSections(text: string): readonly Section[] {
  const sections: (Section & { lines: ConfigLine[] })[] = [];
  for (const line of lexConfig(text)) {
    const [keyword = '', name = ''] = line.words;
    if (!beginsSection(keyword)) {
      sections.at(-1)?.lines.push(line);
      continue;
    }
    const fromAt = line.words.indexOf('from');
    sections.push({
      keyword,
      name: name === 'from' ? '' : name,
      from: fromAt > 0 ? line.words[fromAt + 1] : undefined,
      lines: [],
    });
  }
  return sections;
}

/** Lists the frontends of a configuration with the mode they inherit from `defaults`. */
export function readFrontends(text: string): readonly Frontend[] {
  const frontends: Frontend[] = [];
  const modeOfDefaults = new Map<string, string>();
  let inherited = 'tcp';
  for (const section of readSections(text)) {
    const base = section.from === undefined ? undefined : modeOfDefaults.get(section.from);
    if (section.keyword === 'defaults') {
      inherited = modeOf(section) ?? base ?? 'tcp';
      modeOfDefaults.set(section.name, inherited);
    } else if (section.keyword === 'frontend' || section.keyword === 'listen') {
      frontends.push({
        name: section.name,
        mode: modeOf(section) ?? base ?? inherited,
        terminatesTls: section.lines.some((line) => line.words[0] === 'bind' && line.words.includes('ssl')),
      });
    }
  }
  return frontends;
}

function modeOf(section: Section): string | undefined {
  return section.lines.findLast((line) => line.words[0] === 'mode')?.words[1];
}

/** Lists the `global` lines of a configuration that begin with one of `keywords`. */
export function globalLines(text: string, keywords: ReadonlySet<string>): readonly ConfigLine[] {
  return readSections(text)
    .filter((section) => section.keyword === 'global')
    .flatMap((section) => section.lines)
    .filter((line) => keywords.has(line.words[0] ?? ''));
}
