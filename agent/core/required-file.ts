// Files that the configuration names and that must be there: what is wrong with one is told with its option and path.

import type { Files } from '../host/files';
import { AgentError } from '../model/errors';

/** Reads a file that an option names. Throws `invalid-input` naming both when it is not there. */
export async function requiredText(files: Files, path: string, key: string): Promise<string> {
  const text = await files.readHostText(path);
  if (text === undefined) throw new AgentError('invalid-input', `${key}: there is no file ${path}`);
  return text;
}

/** Runs a check and names the file and its option in what it refuses. */
export function namingFile<T>(path: string, key: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause;
    throw new AgentError(cause.kind, `${key}: ${path}: ${cause.message}`, {
      cause,
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  }
}
