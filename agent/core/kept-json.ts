// What the agent keeps for its next start, as JSON with a schema number: read back without trust. Source: DESIGN "On
// disk".

import type { Files } from '../host/files';
import { AgentError } from '../model/errors';

/**
 * Reads a kept file; undefined when there is none. Its `value` is for a validator to judge, and undefined for what is no
 * JSON. Throws `version-mismatch` for a file of a newer agent.
 */
export async function readKeptJson(
  files: Pick<Files, 'readText'>,
  path: string,
  schemaNumber: number,
): Promise<{ readonly value: unknown } | undefined> {
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  const value = parsed(text);
  const schema = schemaOf(value);
  if (schema !== undefined && schema > schemaNumber) {
    throw new AgentError('version-mismatch', `${path} was written by a newer agent`, {
      detail: `schema ${schema}, this agent knows ${schemaNumber}`,
    });
  }
  return { value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function schemaOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return undefined;
  return typeof value.schema === 'number' ? value.schema : undefined;
}
