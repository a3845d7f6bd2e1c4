// The schemas that requests are validated with, as JSON Schema 2020-12 has them. Ours say `nullable`, a word of
// OpenAPI 3.0 that ajv knows and 2020-12 does not. Pure.

import type { Schema } from '../../http/operation';

// Keywords whose members are names, not keywords.
const named = new Set(['properties', 'patternProperties', '$defs']);
// Keywords whose values are data.
const literal = new Set(['const', 'enum', 'example', 'examples', 'default', 'required']);

/** Rewrites a schema: `nullable` becomes a type, `$id` goes. */
export function asSchema2020(schema: Schema): Schema {
  const { nullable, ...rest } = schema;
  const kept = Object.entries(rest).filter(([keyword]) => keyword !== '$id');
  const members = kept.map(([keyword, value]) => [keyword, valueOf(keyword, value)] as const);
  const rewritten = Object.fromEntries(members);
  if (nullable !== true) return rewritten;
  return { ...rewritten, type: [rewritten['type'], 'null'].flat() };
}

function valueOf(keyword: string, value: unknown): unknown {
  if (literal.has(keyword)) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => (isSchema(each) ? asSchema2020(each) : each));
  if (!isSchema(value)) return value;
  if (!named.has(keyword)) return asSchema2020(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, isSchema(each) ? asSchema2020(each) : each]),
  );
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
