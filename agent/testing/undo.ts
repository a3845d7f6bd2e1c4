// What was begun and is to be undone, at the end or when a start fails half-way.

import { AgentError } from '../model/errors';

/** In the order in which it was begun. */
export type Undo = (() => void | Promise<void>)[];

/** Undoes in reverse order, all of it, and throws what failed first. */
export async function undoAll(undo: Undo): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw readable(failures[0]);
}

/** The agent's own errors keep half of what they say beside the message. */
export function readable(thrown: unknown): Error {
  if (thrown instanceof AgentError && thrown.detail !== undefined) {
    return new Error(`${thrown.message}: ${thrown.detail}`, { cause: thrown });
  }
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
