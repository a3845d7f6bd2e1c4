// Reads imports off source text and holds them against the plan. Every violation names its reason.

import { exceptions, forbiddenNames, lazyPackages, longestFile, rooms } from './plan';

interface Import {
  readonly from: string;
  readonly isType: boolean;
  readonly isLazy: boolean;
}

/** Lists what is wrong with one source file; `path` is relative to agent/. */
export function violationsOf(path: string, source: string): readonly string[] {
  const room = roomOf(path);
  const found = [...shapeViolations(path, source)];
  if (room === undefined)
    return [...found, `${path}: there is no such room in the plan (tests/architecture/plan.ts)`];
  for (const imported of importsOf(source)) {
    const fault = imported.from.startsWith('.')
      ? wrongRoom(path, room, imported.from)
      : wrongPackage(path, room, imported);
    if (fault !== undefined) found.push(`${path}: ${fault}`);
  }
  return found;
}

function shapeViolations(path: string, source: string): readonly string[] {
  const found: string[] = [];
  const name = (path.split('/').at(-1) ?? '').replace(/(\.d)?\.ts$/, '');
  const lines = source.split('\n').length - 1;
  if (lines > longestFile) found.push(`${path}: ${lines} lines, at most ${longestFile}: split it by fact`);
  if (forbiddenNames.includes(name))
    found.push(`${path}: a file is named after the one thing it knows, not "${name}"`);
  if (/^export default /m.test(source))
    found.push(`${path}: no default exports: one name for one thing everywhere`);
  if (/^export \* from/m.test(source)) found.push(`${path}: no barrels: an import names the file that knows`);
  return found;
}

function importsOf(source: string): readonly Import[] {
  const code = source.replace(/^\s*\/\/.*$/gm, '').replace(/\/\*[\s\S]*?\*\//g, '');
  const statics = [...code.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)];
  const dynamics = [...code.matchAll(/\b(typeof\s+)?(?:import|require)\(\s*'([^']+)'/g)];
  return [
    ...statics.map((match) => ({ from: match[2] ?? '', isType: match[1] !== undefined, isLazy: false })),
    ...dynamics.map((match) => ({ from: match[2] ?? '', isType: match[1] !== undefined, isLazy: true })),
  ];
}

/** The room of a file: the longest one of the plan that its path begins with. */
function roomOf(path: string): string | undefined {
  const names = Object.keys(rooms).filter((name) => path.startsWith(`${name}/`));
  return names.sort((a, b) => b.length - a.length)[0];
}

function wrongRoom(path: string, room: string, from: string): string | undefined {
  const target = resolve(path, from);
  const other = roomOf(target);
  if (other === undefined) return `imports ${from}, which is in no room of the plan`;
  const allowed = [...(rooms[room]?.rooms ?? []), ...exceptionsFor(path)];
  if (
    other === room ||
    allowed.some((name) => other === name || (name === 'surfaces' && other.startsWith('surfaces/')))
  ) {
    return undefined;
  }
  const above =
    (rooms[other]?.floor ?? 0) > (rooms[room]?.floor ?? 0)
      ? `, up to floor ${rooms[other]?.floor ?? '?'}`
      : '';
  return `imports ${other}/${above}: ${rooms[room]?.reason ?? ''}`;
}

function wrongPackage(path: string, room: string, { from, isType, isLazy }: Import): string | undefined {
  if (lazyPackages.includes(from) && !isType && !isLazy) {
    return `imports ${from} at once: it is loaded on first use, by await import()`;
  }
  const outside = rooms[room]?.outside ?? [];
  if (outside === '*' || [...outside, ...exceptionsFor(path)].includes(from)) return undefined;
  return `imports ${from}: ${rooms[room]?.reason ?? ''}`;
}

function exceptionsFor(path: string): readonly string[] {
  return exceptions.filter(({ file }) => file.test(path)).flatMap(({ allows }) => allows);
}

function resolve(path: string, from: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of from.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/') + '/';
}
