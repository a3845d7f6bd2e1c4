// Schemas that descriptions of the runtime API are made of.

import type { Schema } from '../../../http/operation';

export const text: Schema = { type: 'string' };
export const integer: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
export const figure: Schema = { type: ['integer', 'null'] };

/** Makes the schema of an object with these members, all but `optional` required; others may come. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties };
}

export const saying = (schema: Schema, description: string): Schema => ({ ...schema, description });

/** Of which server. */
export const named = { instance: text, backend: text, server: text };

/** A row of the statistics by haproxy's own names: figures as figures, null where haproxy has none. */
export const statRow: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'null'] },
};
