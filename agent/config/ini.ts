// oslo.config's INI dialect, as its iniparser.py reads it: `=` or `:`, whichever comes first; comments only at
// the start of a line; a line that starts with a blank continues the value; a blank line ends it.

export interface IniEntry {
  readonly section: string;
  readonly key: string;
  /** Without its quotes; continuation lines joined by newlines, as oslo does. */
  readonly value: string;
  /** The line of the key, from 1. */
  readonly line: number;
}

export interface IniError {
  readonly line: number;
  /** Never holds text of the line: it may be a secret. */
  readonly message: string;
}

interface Assignment {
  readonly key: string;
  readonly lines: string[];
  readonly line: number;
}

/** Reads a whole file; every bad line is reported and skipped, so that all can be shown at once. */
export function parseIni(text: string): {
  readonly entries: readonly IniEntry[];
  /** Every section header, those without a key too. */
  readonly sections: readonly { readonly section: string; readonly line: number }[];
  readonly errors: readonly IniError[];
} {
  const entries: IniEntry[] = [];
  const sections: { section: string; line: number }[] = [];
  const errors: IniError[] = [];
  let section: string | undefined;
  let open: Assignment | undefined;

  const flush = (): void => {
    if (open === undefined) return;
    const { key, lines, line } = open;
    open = undefined;
    if (section === undefined) errors.push({ line, message: 'a key before the first [section]' });
    else entries.push({ section, key, value: lines.join('\n'), line });
  };

  for (const [index, raw] of splitLines(text).entries()) {
    const line = index + 1;
    const content = raw.trimEnd();
    if (/^[ \t]/.test(content)) {
      if (open === undefined) errors.push({ line, message: 'an indented line that continues no value' });
      else open.lines.push(content.trimStart());
      continue;
    }
    flush();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const read = content.startsWith('[') ? readSection(content) : readAssignment(content);
    if (typeof read === 'string') errors.push({ line, message: read });
    else if ('section' in read) {
      section = read.section;
      sections.push({ section, line });
    } else open = { key: read.key, lines: [read.value], line };
  }
  flush();
  return { entries, sections, errors };
}

// Python opens text files with universal newlines. A byte order mark is what a Windows editor leaves.
function splitLines(text: string): readonly string[] {
  return (text.startsWith('\ufeff') ? text.slice(1) : text).split(/\r\n|\r|\n/);
}

function readSection(content: string): { readonly section: string } | string {
  if (!content.endsWith(']')) return 'a [section] without its closing bracket';
  return content.length <= 2 ? 'a [section] without a name' : { section: content.slice(1, -1) };
}

function readAssignment(content: string): { readonly key: string; readonly value: string } | string {
  const at = content.search(/[=:]/);
  if (at < 0) return 'neither a [section], a comment nor key = value';
  const key = content.slice(0, at).trim();
  return key === '' ? 'a value without a key' : { key, value: unquote(content.slice(at + 1).trim()) };
}

function unquote(value: string): string {
  const isQuoted = /^["']/.test(value) && value.startsWith(value.slice(-1));
  return isQuoted ? value.slice(1, -1) : value;
}
