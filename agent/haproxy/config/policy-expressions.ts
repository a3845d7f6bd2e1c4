// Finds what names a file inside sample expressions, log formats and ACLs: map converters, jwt_verify, -f. Sources:
// haproxy v2.6.0 src/sample.c (sample_parse_expr), src/acl.c, src/arg.c; manual 7.1 to 7.3, 8.2.4.

import type { Report } from './policy-report';

// A converter stands at a word's begin or after a comma, the first name of a `%[…]` after its bracket. The argument is
// taken as written: a path with quotes or backslashes in it lies nowhere.
const mapPattern = /(?:^|[,[])map(?:_[a-z]+)*\(([^,)]*)/g;
const tokenPattern = /(?:^|[,[])jwt_verify\(([^,)]*),?([^,)]*)/g;
const environmentPattern = /(?:^|[,[])env\(/;
const variablePattern = /^(?:proc|sess|txn|req|res|check)\.[A-Za-z0-9_.]+$/;

/** Reports what an expression in one word names. */
export function readExpression(word: string, report: Report): void {
  if (environmentPattern.test(word)) report.refuse(word, 'reads the environment');
  for (const [, path = ''] of word.matchAll(mapPattern)) report.file('map', path);
  for (const [, algorithm = '', key = ''] of word.matchAll(tokenPattern)) {
    const isSecret = /^HS\d+$/.test(algorithm) && /^[^/"'\\]+$/.test(key);
    if (!isSecret && !variablePattern.test(key)) report.file('public-key', key);
  }
}

/** Reports what a format in one word names: its expressions stand in `%[…]`. */
export function readFormat(word: string, report: Report): void {
  if (word.includes('%')) readExpression(word, report);
}

// What could be the name of a converter: haproxy takes such words after a fetch for more of the expression.
const converterPattern = /^[a-z][a-z0-9_.+-]*(?:[(,]|$)/;
const fetchPattern = /^[A-Za-z0-9_.+-]+(?:[(,]|$)/;

/** Reads an ACL's criterion, flags and values, the name left out. */
export function readAcl(words: readonly string[], report: Report): void {
  const [criterion = '', ...rest] = words;
  if (!fetchPattern.test(criterion)) report.refuse(criterion, 'is no criterion of an ACL');
  readExpression(criterion, report);
  for (const word of rest) {
    if (!converterPattern.test(word)) break;
    readExpression(word, report);
  }
  // Flags end at the first word that is none or at `--`; looking for -f everywhere is simpler and refuses no real value.
  const kind = rest.includes('-M') ? 'map' : 'acl';
  for (const [index, word] of rest.entries()) {
    if (word === '-f') report.file(kind, rest[index + 1] ?? '');
  }
}

const aclName = /^[A-Za-z0-9_.:-]+$/;

/** Reads a condition, the words after `if` or `unless`: names of ACLs and ACLs in braces. */
export function readCondition(words: readonly string[], report: Report): void {
  let at = 0;
  while (at < words.length) {
    const word = (words[at] ?? '').replace(/^!+/, '');
    at += 1;
    if (word === '{') {
      const end = words.indexOf('}', at);
      if (end < 0) report.refuse('{', 'is not closed');
      const last = end < 0 ? words.length : end;
      readAcl(words.slice(at, last), report);
      at = last + 1;
    } else if (word !== '' && word !== '||' && !aclName.test(word)) {
      report.refuse(word, 'is no name of an ACL');
    }
  }
}

/** Tells whether a word begins a condition. */
export function beginsCondition(word: string | undefined): boolean {
  return word === 'if' || word === 'unless';
}
