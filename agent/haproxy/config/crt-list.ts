// Reads crt-lists: a certificate a line, options in brackets, then SNI filters. No quotes and no escapes; `#` begins a
// comment in the first column only. Source: haproxy v2.6.0 src/ssl_crtlist.c; HAProxy 2.6 manual 5.1 "crt-list".

import { quote } from '../../model/ids';
import type { NamedFile } from './files';
import type { PolicyContext, PolicyFault } from './policy-fault';
import { readWord } from './policy-grammar';
import { crtListOptions } from './policy-options';
import { faultOfPath } from './policy-places';
import type { FileKind } from './policy-report';

/** One certificate of a crt-list. */
export interface CrtListEntry {
  /** Counted from 1. */
  readonly line: number;
  readonly path: string;
  /** The words between the brackets. */
  readonly options: readonly string[];
  /** The words after them: names to present the certificate for. */
  readonly filters: readonly string[];
}

/** Reads the entries of a crt-list, in order. */
export function readCrtList(text: string): readonly CrtListEntry[] {
  return text.split('\n').flatMap((line, index) => {
    if (/^[#\r]/.test(line)) return [];
    const [outside = '', inside = '', ...others] = line.split(/[[\]]/);
    const [path, ...filters] = wordsOf(outside);
    if (path === undefined) return wordsOf(inside).length > 0 ? [strayEntry(line, index + 1)] : [];
    return [
      {
        line: index + 1,
        path,
        options: wordsOf(inside),
        filters: [...filters, ...others.flatMap(wordsOf)],
      },
    ];
  });
}

// A line that begins with its options has no certificate, and haproxy refuses it.
function strayEntry(line: string, number: number): CrtListEntry {
  return { line: number, path: line, options: [], filters: [] };
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[ \t\v\f\r]+/).filter((word) => word !== '');
}

/** Lists the files that a crt-list names, the certificates and those in their options. */
export function crtListFiles(text: string): readonly NamedFile[] {
  return readCrtList(text).flatMap((entry) => {
    const files: NamedFile[] = [];
    listen(
      entry,
      (kind, path) =>
        files.push({ line: entry.line, path, kind: kind as NamedFile['kind'], hasContent: true }),
      () => undefined,
    );
    return files;
  });
}

/** Lists what the policy refuses in a crt-list, by line; empty when it may be used, and always in permissive mode. */
export function checkCrtList(text: string, context: PolicyContext): readonly PolicyFault[] {
  if (context.mode === 'permissive') return [];
  return readCrtList(text).flatMap((entry) => {
    const faults: PolicyFault[] = [];
    const refuse = (word: string, reason: string): void => {
      faults.push({ line: entry.line, word: quote(word), reason });
    };
    listen(
      entry,
      (kind, path) => {
        const fault = faultOfPath(kind, path, context);
        if (fault !== undefined) refuse(path, fault);
      },
      refuse,
    );
    return faults;
  });
}

function listen(
  entry: CrtListEntry,
  file: (kind: FileKind, path: string) => void,
  refuse: (word: string, reason: string) => void,
): void {
  const report = { file, refuse, address: () => undefined, fork: () => undefined };
  file('certificate', entry.path);
  let at = 0;
  while (at < entry.options.length) {
    const keyword = entry.options[at] ?? '';
    const kinds = crtListOptions.get(keyword);
    if (kinds === undefined) {
      refuse(keyword, 'is no option of a crt-list that is allowed');
      return;
    }
    for (const [index, kind] of kinds.entries()) {
      const word = entry.options[at + 1 + index];
      if (word !== undefined) readWord(kind, word, report);
    }
    at += 1 + kinds.length;
  }
}
