// How the planner says that a reload is needed: the first reason met ends the planning. Any doubt is such a reason.

/** A reload is needed, because of this. */
export interface Reload {
  readonly reload: string;
}

/** Says that a reload is needed, and why. */
export function reload(reason: string): Reload {
  return { reload: reason };
}

/** Tells whether that was said instead of what was asked for. */
export function isReload(value: object | undefined): value is Reload {
  return value !== undefined && 'reload' in value;
}

/** Does a step for each of a list and gathers what comes out; the first reason for a reload ends it. */
export function gather<T, R extends object>(
  list: Iterable<T>,
  step: (item: T) => readonly R[] | Reload,
): readonly R[] | Reload {
  const all: R[] = [];
  for (const item of list) {
    const found = step(item);
    if (isReload(found)) return found;
    all.push(...found);
  }
  return all;
}
